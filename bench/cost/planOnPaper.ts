import { billedMs } from './costPerMillion.ts';
import type { FunctionCpu } from './measureCpu.ts';
import { renewals } from './renewals.ts';
import { READ_MS, WRITE_MS } from './simulateTraffic.ts';

/** A million requests a second, by the number of keys that share them alike and the caches in front of the table. */
export interface PlanRow {
  readonly keys: number;
  readonly resultCacheSeconds: number;
  readonly recordCacheSeconds: number;
  readonly invocationsPerSecond: number;
  /** By Little's law, the invocations that are under way at once. */
  readonly environments: number;
  readonly readsPerSecond: number;
  readonly readsPerSecondOfKey: number;
  readonly shareOfReadLimit: number;
  /** Last-used writes that are tried, for each that is made. */
  readonly writesTried: number;
}

const REQUESTS_PER_SECOND = 1_000_000;
/** "Best practices for designing and using partition keys effectively": 3,000 read units, of which a read here takes half. */
const KEY_READS_PER_SECOND = 6_000;
/** As many records as an environment keeps. */
const RECORD_CACHE_CAPACITY = 10_000;

const CASES = [1, 1_000, 100_000].flatMap((keys) => [
  { keys, resultCacheSeconds: 0, recordCacheSeconds: 0 },
  { keys, resultCacheSeconds: 0, recordCacheSeconds: 60 },
  { keys, resultCacheSeconds: 300, recordCacheSeconds: 60 },
]);

/** The plan, computed and not simulated. */
export function planOnPaper(cpu: FunctionCpu, memoryMb: number): readonly PlanRow[] {
  return CASES.map((caches) => planRow(caches, (reads) => billedMs({ reads, writes: 0 }, cpu, memoryMb)));
}

function planRow(caches: (typeof CASES)[number], msOf: (reads: number) => number): PlanRow {
  const { keys, resultCacheSeconds, recordCacheSeconds } = caches;
  const ratePerKey = renewals(1, 1, resultCacheSeconds, [REQUESTS_PER_SECOND / keys]);
  const invocationsPerSecond = keys * ratePerKey;
  let environments = 1;
  let readsPerSecond = 0;
  // More environments read more, and reading takes more environments: a few rounds settle it.
  for (let round = 0; round < 50; round++) {
    const kept = recordCacheSeconds === 0 ? 0 : Math.min(1, RECORD_CACHE_CAPACITY / keys);
    const expired = keys * renewals(environments, 1, recordCacheSeconds, [ratePerKey]);
    readsPerSecond = Math.max(expired, invocationsPerSecond * (1 - kept));
    const busyMs = invocationsPerSecond * msOf(0) + readsPerSecond * (msOf(1) - msOf(0));
    environments = Math.max(1, busyMs / 1000);
  }
  const readsPerSecondOfKey = readsPerSecond / keys;
  return {
    ...caches,
    invocationsPerSecond,
    environments,
    readsPerSecond,
    readsPerSecondOfKey,
    shareOfReadLimit: readsPerSecondOfKey / KEY_READS_PER_SECOND,
    writesTried: 1 + Math.min(environments, (readsPerSecondOfKey * (READ_MS + WRITE_MS)) / 2 / 1000),
  };
}
