/** One thing that is timed, in batches so small that what a batch is made of is still in the processor's cache. */
export interface TimedCase {
  readonly name: string;
  /** Makes what so many operations are done on, outside the time; what it returns does them. */
  readonly prepare: (count: number) => () => void | Promise<void>;
  /** Throws unless the case does what its name says. Not timed. */
  readonly prove: () => void | Promise<void>;
}

/** By the name of the case, nanoseconds of one operation: one number a round, in the order of the rounds. */
export type RoundsByCase = Readonly<Record<string, readonly number[]>>;

const BATCH_SIZE = 200;

/** Proves each case, then times all of them in each round, in an order drawn anew. The first round, of cold code, is dropped. */
export async function timeRounds(
  cases: readonly TimedCase[],
  { rounds, batches = 50 }: { readonly rounds: number; readonly batches?: number },
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

async function timeOne({ prepare }: TimedCase, batches: number): Promise<number> {
  let taken = 0n;
  for (let batch = 0; batch < batches; batch++) {
    const run = prepare(BATCH_SIZE);
    const startedAt = process.hrtime.bigint();
    await run();
    taken += process.hrtime.bigint() - startedAt;
  }
  return Number(taken) / (batches * BATCH_SIZE);
}

function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values];
  return values.flatMap(() => left.splice(Math.floor(Math.random() * left.length), 1));
}
