import fc from 'fast-check';
import { mutateBytes, parseEvent, type ByteMutation } from '../test/support/byteMutations.ts';
import { SETTINGS } from '../test/support/fuzzSettings.ts';
import { FuzzTarget, SECRETS } from '../test/support/fuzzTarget.ts';
import { EVENT_MAKERS, hostileEvent, shapelessEvent, type ApiTypeName } from '../test/support/hostileEvents.ts';
import { Coverage } from './coverage.ts';
import { anyOf } from './keyPool.ts';

export interface FuzzResult {
  /** Events that were made whole, by what they came to. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly cases: number;
  /** Of those, events of which the bytes were changed, and which are JSON all the same. */
  readonly byteCases: number;
  /** Inputs that were kept because they ran what none before them ran. */
  readonly kept: number;
  readonly blocks: number;
  /** In words. */
  readonly problems: readonly string[];
}

const BYTE_SHARE = 0.3;
const BATCH = 60;
const MOST_MUTATIONS = 6;
const MOST_PROBLEMS = 20;

/** So many hostile events straight into the handler, most of them made whole, and some by changes of bytes that coverage guides. */
export async function fuzz(cases: number): Promise<FuzzResult> {
  const targets = Object.keys(SETTINGS).map((name) => new FuzzTarget(name));
  const byteCases = Math.round(cases * BYTE_SHARE);
  const problems = await fuzzEvents(cases - byteCases, targets);
  const bytes = await fuzzBytes(byteCases, targets);
  const outcomes = new Map<string, number>();
  for (const [outcome, count] of targets.flatMap((target) => [...target.outcomes]))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
  return { ...bytes, outcomes, cases, byteCases, problems: [...problems, ...bytes.problems] };
}

async function fuzzEvents(cases: number, targets: readonly FuzzTarget[]): Promise<readonly string[]> {
  const surfaces = Object.keys(EVENT_MAKERS) as ApiTypeName[];
  const generators = [...surfaces.map((apiType) => hostileEvent(apiType, SECRETS)), shapelessEvent];
  const problems: string[] = [];
  for (const events of generators) {
    const property = fc.asyncProperty(events, fc.constantFrom(...targets), async (event, target) => {
      const found = await target.problemsOf(event);
      if (found.length > 0) throw new Error(`with ${target.settings}: ${found.join('; ')}`);
    });
    const details = await fc.check(property, { numRuns: Math.ceil(cases / generators.length) });
    if (details.failed) problems.push(fc.defaultReportMessage(details) ?? 'failed');
  }
  return problems;
}

interface ByteResult {
  readonly kept: number;
  readonly blocks: number;
  readonly problems: readonly string[];
}

/** Changes the bytes of events, and of what such changes made of them that ran something new. */
async function fuzzBytes(cases: number, targets: readonly FuzzTarget[]): Promise<ByteResult> {
  const coverage = await Coverage.start();
  const corpus: Buffer[] = Object.values(EVENT_MAKERS).flatMap((makeEvent) =>
    SECRETS.map((key) => Buffer.from(JSON.stringify(makeEvent({ key, path: '/orders/7' })))),
  );
  const seeds = corpus.length;
  const problems: string[] = [];
  const run = async ({ bytes, event, target }: ByteCase) => {
    const found = await target.problemsOf(event);
    if (found.length > 0 && problems.length < MOST_PROBLEMS)
      problems.push(`with ${target.settings}: ${found.join('; ')}: ${bytes.toString()}`);
  };
  for (const bytes of corpus) for (const one of caseOf(bytes, targets)) await run(one);
  const seen = new Set(await coverage.take());
  for (let done = 0; done < cases; done += BATCH) {
    const batch = changedCases(Math.min(BATCH, cases - done), corpus, targets);
    for (const one of batch) await run(one);
    // To ask after each one would take longer than all of them.
    const news = [...(await coverage.take())].filter((block) => !seen.has(block));
    for (const one of news.length > 0 ? batch : []) {
      await run(one);
      const ran = await coverage.take();
      if (news.some((block) => ran.has(block))) corpus.push(one.bytes);
    }
    for (const block of news) seen.add(block);
  }
  await coverage.stop();
  return { kept: corpus.length - seeds, blocks: seen.size, problems };
}

/** Bytes that are JSON, and the settings that their event meets with. */
interface ByteCase {
  readonly bytes: Buffer;
  readonly event: unknown;
  readonly target: FuzzTarget;
}

/** So many, however many changes of bytes are none that a function is ever handed. */
function changedCases(count: number, corpus: readonly Buffer[], targets: readonly FuzzTarget[]): readonly ByteCase[] {
  const cases: ByteCase[] = [];
  while (cases.length < count) cases.push(...caseOf(changed(corpus), targets));
  return cases;
}

/** On one of the targets; none of bytes that are no JSON. */
function caseOf(bytes: Buffer, targets: readonly FuzzTarget[]): readonly ByteCase[] {
  const parsed = parseEvent(bytes);
  const target = anyOf(targets);
  return parsed === undefined || target === undefined ? [] : [{ bytes, event: parsed.event, target }];
}

function changed(corpus: readonly Buffer[]): Buffer {
  const any = () => Math.floor(Math.random() * 2 ** 16);
  const mutations = Array.from({ length: 1 + (any() % MOST_MUTATIONS) }, (): ByteMutation => ({
    way: any(),
    at: any(),
    value: any(),
  }));
  return mutateBytes(anyOf(corpus) ?? Buffer.alloc(0), mutations);
}
