interface Definition {
  readonly Name: string;
  readonly Unit: string;
}

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly Definition[];
}

interface Metadata {
  readonly Timestamp: number;
  readonly CloudWatchMetrics: readonly Directive[];
}

/** The members of a document, including `_aws`. */
type Document = Readonly<Record<string, unknown>>;

/** A rule, and `true` if the line follows it. */
type Rule = readonly [rule: string, isKept: boolean];

const HOUR_MS = 3_600_000;

/**
 * Returns the rules that a line violates. Some are CloudWatch's ("Specification: Embedded metric format"). The others
 * are Latchkey's own: it uses only two units and omits zeros. `nowMs` is the time of the line in epoch milliseconds.
 */
export function problemsOf(line: string, nowMs: number): readonly string[] {
  const document: Document = JSON.parse(line);
  const rules = [...rulesOfEvent(line, metadataOf(document), nowMs), ...rulesOfDocument(document)];
  return rules.filter(([, isKept]) => !isKept).map(([rule]) => rule);
}

/**
 * Returns the totals in CloudWatch by metric and dimensions, such as `Denied rest-token INVALID_KEY`. The total of a
 * count is its sum. The total of any other metric is the number of its values.
 */
export function sumsOf(documents: readonly Document[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const document of documents) {
    for (const { Dimensions, Metrics } of metadataOf(document).CloudWatchMetrics) {
      for (const set of Dimensions) {
        const values = set.filter((name) => name !== 'FunctionName').map((name) => String(document[name]));
        for (const { Name } of Metrics) {
          const metric = [Name, ...values].join(' ');
          const value = document[Name];
          sums[metric] = (sums[metric] ?? 0) + (Array.isArray(value) ? value.length : Number(value));
        }
      }
    }
  }
  return sums;
}

function metadataOf({ _aws }: Document): Metadata {
  return _aws as Metadata;
}

function* rulesOfEvent(line: string, metadata: Metadata, nowMs: number): Generator<Rule> {
  const { Timestamp } = metadata;
  yield ['a log event has at most 256 KB', Buffer.byteLength(line) <= 256 * 1024];
  yield ['an event is one line', !line.includes('\n')];
  yield ['_aws has these members', hasMembers(metadata, ['Timestamp', 'CloudWatchMetrics'])];
  yield ['Timestamp is whole milliseconds', Number.isInteger(Timestamp)];
  yield ['Timestamp is at most two weeks old', Timestamp >= nowMs - 14 * 24 * HOUR_MS];
  yield ['Timestamp is at most two hours ahead', Timestamp <= nowMs + 2 * HOUR_MS];
}

function* rulesOfDocument(document: Document): Generator<Rule> {
  const directives = metadataOf(document).CloudWatchMetrics;
  yield ['there is a directive', directives.length > 0];
  for (const directive of directives) {
    const { Namespace, Dimensions, Metrics } = directive;
    yield ['a directive has these members', hasMembers(directive, ['Namespace', 'Dimensions', 'Metrics'])];
    yield ['Namespace has 1 to 1024 characters, and is none of AWS', /^(?!AWS\/)[\w.#:/-]{1,1024}$/.test(Namespace)];
    yield ['there is a set of dimensions', Dimensions.length > 0];
    yield ['there are 1 to 100 metrics', Metrics.length > 0 && Metrics.length <= 100];
    for (const set of Dimensions) {
      yield ['a set has at least one dimension and at most 30', set.length > 0 && set.length <= 30];
      for (const name of set) yield [`${name} is a text of 1 to 1024 characters`, isDimensionValue(document[name])];
    }
    for (const metric of Metrics) yield* rulesOfMetric(metric, document[metric.Name]);
  }
  const named = directives.flatMap(({ Dimensions, Metrics }) => [...Dimensions.flat(), ...Metrics.map((m) => m.Name)]);
  yield ['all that is in it is a dimension or a metric', hasMembers(document, ['_aws', ...new Set(named)])];
}

function* rulesOfMetric(metric: Definition, target: unknown): Generator<Rule> {
  const { Name, Unit } = metric;
  const values: readonly unknown[] = Array.isArray(target) ? target : [target];
  const least = Unit === 'Count' ? 1 : 0;
  yield [`${Name} has these members`, hasMembers(metric, ['Name', 'Unit'])];
  yield [`${Name} has a unit of Latchkey`, ['Count', 'Milliseconds'].includes(Unit)];
  yield [`${Name} has 1 to 100 values`, values.length > 0 && values.length <= 100];
  yield [
    `${Name} has numbers from ${least}`,
    values.every((value) => Number.isFinite(value) && Number(value) >= least),
  ];
}

function hasMembers(object: object, names: readonly string[]): boolean {
  return Object.keys(object).toSorted().join() === names.toSorted().join();
}

function isDimensionValue(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= 1024;
}
