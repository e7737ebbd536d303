import fc from 'fast-check';
import { mutateBytes, parseEvent, type ByteMutation } from '../test/support/byteMutations.ts';
import { SETTINGS } from '../test/support/fuzzSettings.ts';
import { FuzzTarget, SECRETS } from '../test/support/fuzzTarget.ts';
import { EVENT_MAKERS, hostileEvent, shapelessEvent, type ApiTypeName } from '../test/support/hostileEvents.ts';
import { Coverage } from './coverage.ts';
import { pickOne } from './keyPool.ts';

/** The result of a fuzzing run. */
export interface FuzzResult {
  /** The number of events by outcome. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly cases: number;
  /** The number of cases whose mutated bytes are still JSON. */
  readonly byteCases: number;
  /** The number of inputs that were kept because they ran new blocks. */
  readonly kept: number;
  /** The number of blocks that ran. */
  readonly blocks: number;
  /** One line for each problem. */
  readonly problems: readonly string[];
}

const BYTE_SHARE = 0.3;
const BATCH = 60;
const MOST_MUTATIONS = 6;
const MOST_PROBLEMS = 20;

/**
 * Sends hostile events to the handler. Most events are generated. The others are mutations of bytes, guided by
 * coverage.
 */
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
  const apiTypes = Object.keys(EVENT_MAKERS) as ApiTypeName[];
  const generators = [...apiTypes.map((apiType) => hostileEvent(apiType, SECRETS)), shapelessEvent];
  const problems: string[] = [];
  for (const events of generators) {
    const property = fc.asyncProperty(events, fc.constantFrom(...targets), async (event, target) => {
      const found = await target.findProblems(event);
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

/** Mutates the bytes of events, and of earlier mutations that ran new blocks. */
async function fuzzBytes(cases: number, targets: readonly FuzzTarget[]): Promise<ByteResult> {
  const coverage = await Coverage.start();
  const corpus: Buffer[] = Object.values(EVENT_MAKERS).flatMap((makeEvent) =>
    SECRETS.map((key) => Buffer.from(JSON.stringify(makeEvent({ key, path: '/orders/7' })))),
  );
  const seeds = corpus.length;
  const problems: string[] = [];
  const run = async ({ bytes, event, target }: ByteCase) => {
    const found = await target.findProblems(event);
    if (found.length > 0 && problems.length < MOST_PROBLEMS)
      problems.push(`with ${target.settings}: ${found.join('; ')}: ${bytes.toString()}`);
  };
  for (const bytes of corpus) for (const one of toCases(bytes, targets)) await run(one);
  const seen = new Set(await coverage.take());
  for (let done = 0; done < cases; done += BATCH) {
    const batch = mutateCases(Math.min(BATCH, cases - done), corpus, targets);
    for (const one of batch) await run(one);
    // Reading the coverage after each case would take longer than running the cases.
    const newBlocks = [...(await coverage.take())].filter((block) => !seen.has(block));
    for (const one of newBlocks.length > 0 ? batch : []) {
      await run(one);
      const ran = await coverage.take();
      if (newBlocks.some((block) => ran.has(block))) corpus.push(one.bytes);
    }
    for (const block of newBlocks) seen.add(block);
  }
  await coverage.stop();
  return { kept: corpus.length - seeds, blocks: seen.size, problems };
}

/** Bytes that are JSON, their event, and the target that receives it. */
interface ByteCase {
  readonly bytes: Buffer;
  readonly event: unknown;
  readonly target: FuzzTarget;
}

/** Returns this many cases. It skips mutations that aren't JSON, because Lambda doesn't pass them to a function. */
function mutateCases(count: number, corpus: readonly Buffer[], targets: readonly FuzzTarget[]): readonly ByteCase[] {
  const cases: ByteCase[] = [];
  while (cases.length < count) cases.push(...toCases(mutateOne(corpus), targets));
  return cases;
}

/** Returns a case with a random target, or an empty list if the bytes aren't JSON. */
function toCases(bytes: Buffer, targets: readonly FuzzTarget[]): readonly ByteCase[] {
  const parsed = parseEvent(bytes);
  const target = pickOne(targets);
  return parsed === undefined || target === undefined ? [] : [{ bytes, event: parsed.event, target }];
}

function mutateOne(corpus: readonly Buffer[]): Buffer {
  const any = () => Math.floor(Math.random() * 2 ** 16);
  const mutations = Array.from({ length: 1 + (any() % MOST_MUTATIONS) }, (): ByteMutation => ({
    way: any(),
    at: any(),
    value: any(),
  }));
  return mutateBytes(pickOne(corpus) ?? Buffer.alloc(0), mutations);
}
