import { shuffled } from './shuffled.ts';

/** One thing that is measured. */
export interface BenchCase {
  readonly name: string;
  /** Throws unless what is about to be measured gives the answer that it should. */
  readonly check: () => unknown;
  /** Measures one round, in the unit of its part. */
  readonly measure: () => number | Promise<number>;
}

/** What each case measured, by its name: the values at one index are of one round, and may be compared. */
export type Rounds = Readonly<Record<string, readonly number[]>>;

export interface InterleaveOptions {
  readonly rounds: number;
  /** From 0 to 1, and never 1. */
  readonly random?: () => number;
}

/**
 * Checks every case, then measures all of them in each round, in an order drawn anew: what the machine does meanwhile hits each
 * alike. What a case throws ends the run.
 */
export async function interleave(
  cases: readonly BenchCase[],
  { rounds, random = Math.random }: InterleaveOptions,
): Promise<Rounds> {
  const measured = new Map<string, number[]>();
  for (const { name, check } of cases) {
    if (measured.has(name)) throw new Error(`two cases are called ${name}`);
    measured.set(name, []);
    await check();
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, measure } of shuffled(cases, random)) {
      // With --expose-gc each case collects its own garbage and none of the case before. A whole collection would take compiled
      // code and the shapes of objects with it, and so many of them come between two rounds of a case as no function sees.
      globalThis.gc?.(true);
      measured.get(name)?.push(await measure());
    }
  }
  return Object.fromEntries(measured);
}

export interface TimedOptions<Answer> {
  readonly name: string;
  readonly run: () => Answer | Promise<Answer>;
  /** Throws unless the answer is the one that is wanted. */
  readonly check: (answer: Answer) => void;
  /** How many nanoseconds the unit has. */
  readonly unitNs: number;
  /** How long a round takes at the least. */
  readonly roundMs?: number;
}

/**
 * A case that runs often enough to be timed, and takes the mean of a round. Before each as many runs warm it up, untimed. The time
 * is this process's on the processor, in all of its threads: what else the machine does is not in it.
 */
export function timed<Answer>({ name, run, check, unitNs, roundMs = 50 }: TimedOptions<Answer>): BenchCase {
  let batch = 1;
  let isAsync = false;
  const batchNs = async () => {
    const before = process.cpuUsage();
    // An await that nobody needs would cost more than some of the cases.
    if (isAsync) for (let at = 0; at < batch; at++) await run();
    else for (let at = 0; at < batch; at++) void run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) * 1000;
  };
  return {
    name,
    check: async () => {
      const answer = run();
      isAsync = answer instanceof Promise;
      check(await answer);
      while ((await batchNs()) < roundMs * 1e6) batch *= 2;
    },
    measure: async () => {
      // What other cases did since may have cost this one its compiled code and its place in the processor's cache.
      await batchNs();
      return (await batchNs()) / batch / unitNs;
    },
  };
}
