import { METRIC_NAMESPACE, METRIC_UNITS, type MetricName } from './metricNames.ts';

/** By metric, its value or values. */
export type MetricValues = Readonly<Record<MetricName, number | readonly number[]>>;

/** What is counted under more dimensions than the total is. */
export interface CountApart {
  readonly name: MetricName;
  readonly count: number;
  /** Beside `FunctionName`. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A metric and the sets of dimensions that it is to be had by. */
type Definition = readonly [name: MetricName, sets: readonly (readonly string[])[]];

const METRIC_NAMES = Object.keys(METRIC_UNITS) as readonly MetricName[];
const OF_TOTALS = ['FunctionName'];

/**
 * Documents of CloudWatch's embedded metric format: of the totals, by `FunctionName` alone, and of what was counted apart. A
 * document holds one value of a metric, for all sets of dimensions that it names. So a count apart that is all of its total
 * shares the total's document, as long as no dimension there has another value: mostly there is one line. What is zero is left
 * out: CloudWatch bills a metric for the hours it has.
 */
export function metricLines(
  functionName: string,
  totals: MetricValues,
  countsApart: readonly CountApart[],
  timestampMs: number,
): readonly string[] {
  const shared: Record<string, string> = { FunctionName: functionName };
  const setsOf = new Map<MetricName, readonly (readonly string[])[]>();
  const lines: string[] = [];
  for (const { name, count, dimensions } of countsApart) {
    const set = [...OF_TOTALS, ...Object.keys(dimensions)];
    if (count === totals[name] && agree(shared, dimensions)) {
      Object.assign(shared, dimensions);
      setsOf.set(name, [OF_TOTALS, set]);
    } else {
      const members = { FunctionName: functionName, ...dimensions };
      lines.push(documentOf([[name, [set]]], members, { [name]: count }, timestampMs));
    }
  }
  const some = METRIC_NAMES.filter((name) => !isNothing(totals[name]));
  const definitions = some.map((name): Definition => [name, setsOf.get(name) ?? [OF_TOTALS]]);
  return [documentOf(definitions, shared, totals, timestampMs), ...lines];
}

/** Whether no dimension has one value here and another there. */
function agree(shared: Readonly<Record<string, string>>, dimensions: CountApart['dimensions']): boolean {
  return Object.entries(dimensions).every(([name, value]) => (shared[name] ?? value) === value);
}

function isNothing(value: MetricValues[MetricName]): boolean {
  return typeof value === 'number' ? value === 0 : value.length === 0;
}

function documentOf(
  definitions: readonly Definition[],
  dimensions: Readonly<Record<string, string>>,
  values: Partial<MetricValues>,
  Timestamp: number,
): string {
  const members = Object.fromEntries(definitions.map(([name]) => [name, values[name]]));
  const CloudWatchMetrics = [...directivesOf(definitions)];
  return JSON.stringify({ _aws: { Timestamp, CloudWatchMetrics }, ...dimensions, ...members });
}

/** One for the metrics that are by one set of dimensions each, and one for each that is by two. */
function* directivesOf(definitions: readonly Definition[]) {
  const directive = ([, Dimensions]: Definition, some: readonly Definition[]) => ({
    Namespace: METRIC_NAMESPACE,
    Dimensions,
    Metrics: some.map(([Name]) => ({ Name, Unit: METRIC_UNITS[Name] })),
  });
  const byOne = definitions.filter(([, sets]) => sets.length === 1);
  const [first] = byOne;
  if (first !== undefined) yield directive(first, byOne);
  for (const definition of definitions) if (definition[1].length > 1) yield directive(definition, [definition]);
}
