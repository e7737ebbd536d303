/** One measured operation. */
export interface BenchCase {
  readonly name: string;
  /**
   * Throws unless the case gives the right result. The harness runs it before the first round and after the last one.
   */
  readonly check: () => unknown;
  /** Measures one round. Returns the value in the unit of its group. */
  readonly measure: () => number | Promise<number>;
}

/** Values by case. Values at the same index are from the same round, so you can compare them. */
export type Rounds = Readonly<Record<string, readonly number[]>>;

/**
 * Checks every case, then measures all cases in each round. The order is random, because other load on the machine
 * should affect all cases equally.
 */
export async function interleave(cases: readonly BenchCase[], rounds: number): Promise<Rounds> {
  const values = new Map(cases.map(({ name }) => [name, [] as number[]]));
  for (const { check } of cases) await check();
  for (let round = 0; round < rounds; round++) {
    for (const { name, measure } of shuffled(cases)) {
      // A minor collection, because a full one would discard compiled code.
      globalThis.gc?.(true);
      values.get(name)?.push(await measure());
    }
  }
  for (const { check } of cases) await check();
  return Object.fromEntries(values);
}

/** Returns the items in random order. */
export function shuffled<T>(items: readonly T[]): readonly T[] {
  const order = items.map((item) => ({ item, key: Math.random() }));
  return order.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

export interface TimedOptions {
  readonly name: string;
  /** Prepares the input of `count` operations, outside the measured time. Returns a function that runs them. */
  readonly prepare: (count: number) => () => void | Promise<void>;
  readonly check: () => unknown;
  /** Nanoseconds per unit of the group. */
  readonly unitNs: number;
  /** Operations in a batch. Keep it small, because the input must still be in the processor's cache. */
  readonly batchSize?: number;
}

const ROUND_NS = 100_000_000;
const MOST_BATCHES = 500;

/**
 * Creates a case that times batches of an operation. A round's result is the median batch, because a batch that waits
 * for the processor is an outlier.
 */
export function timed({ name, prepare, check, unitNs, batchSize = 20 }: TimedOptions): BenchCase {
  const timeBatch = async () => {
    const run = prepare(batchSize);
    const startedAt = process.hrtime.bigint();
    await run();
    return Number(process.hrtime.bigint() - startedAt);
  };
  const timeBatches = async (durationNs: number) => {
    const batches: number[] = [];
    for (let totalNs = 0; totalNs < durationNs && batches.length < MOST_BATCHES; totalNs += batches.at(-1) ?? 0) {
      batches.push(await timeBatch());
    }
    return batches;
  };
  return {
    name,
    check,
    measure: async () => {
      // Warms up again, because other cases may have evicted this case's compiled code or cache lines.
      await timeBatches(ROUND_NS / 5);
      return spread(await timeBatches(ROUND_NS)).median / batchSize / unitNs;
    },
  };
}

/** Runs an action and returns the CPU time that this process used, user and system, in microseconds. */
export async function cpuMicroseconds(act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Median, minimum and maximum. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Returns the median, minimum and maximum of the values.
 *
 * @throws Error if the list is empty or a value isn't a finite number
 */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined || !values.every(Number.isFinite)) throw new Error('expected numbers');
  const middle = (sorted.length - 1) / 2;
  const [low = min, high = max] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, min, max };
}

/** Returns the median of the ratios within each round. A slowdown of a whole round cancels out. */
export function pairedRatio(values: readonly number[], base: readonly number[]): number {
  return spread(values.map((value, round) => value / (base[round] ?? Number.NaN))).median;
}
