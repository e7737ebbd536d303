import { shuffled } from '../shuffled.ts';
import { spreadOf } from '../statistics.ts';

/** One thing that is timed, in batches. */
export interface TimedCase {
  readonly name: string;
  /** Makes what so many operations are done on, outside the time; what it returns does them. */
  readonly prepare: (count: number) => () => void | Promise<void>;
  /** Throws unless the case does what its name says. Not timed. */
  readonly prove: () => void | Promise<void>;
}

/** By the name of the case, nanoseconds of one operation: one number a round, in the order of the rounds. */
export type RoundsByCase = Readonly<Record<string, readonly number[]>>;

/** So few that what a batch is made of is still in the processor's cache, as an event is that was just parsed. */
const BATCH_SIZE = 20;

/** Proves each case, then times all of them in each round, in an order drawn anew. The first round, of cold code, is dropped. */
export async function timeRounds(
  cases: readonly TimedCase[],
  { rounds, batches = 500 }: { readonly rounds: number; readonly batches?: number },
): Promise<RoundsByCase> {
  const nanoseconds: Record<string, number[]> = Object.fromEntries(cases.map(({ name }) => [name, []]));
  for (const { prove } of cases) await prove();
  for (let round = -1; round < rounds; round++) {
    for (const one of shuffled(cases)) {
      const taken = await timeOne(one, batches);
      if (round >= 0) nanoseconds[one.name]?.push(taken);
    }
  }
  for (const { prove } of cases) await prove();
  return nanoseconds;
}

/** Of the batches the median: on a machine that others use, a batch that had to wait says nothing of the case. */
async function timeOne({ prepare }: TimedCase, batches: number): Promise<number> {
  const taken: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const run = prepare(BATCH_SIZE);
    const startedAt = process.hrtime.bigint();
    await run();
    taken.push(Number(process.hrtime.bigint() - startedAt) / BATCH_SIZE);
  }
  return spreadOf(taken).median;
}
