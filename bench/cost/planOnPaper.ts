import { billedMs } from './costPerMillion.ts';
import type { FunctionCpu } from './measureCpu.ts';
import type { PriceList } from './prices.ts';
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
  /** US dollars for Lambda, reads and writes, without logs. */
  readonly dollarsPerHour: number;
  /** Billed milliseconds of an invocation from the record cache, and of one that reads. */
  readonly cachedMs: number;
  readonly readingMs: number;
}

const REQUESTS_PER_SECOND = 1_000_000;
/** "Best practices for designing and using partition keys effectively": 3,000 read units, of which a read here takes half. */
const KEY_READS_PER_SECOND = 6_000;
const USAGE_WRITE_SECONDS = 900;
/** As many records as an environment keeps. */
const RECORD_CACHE_CAPACITY = 10_000;

const CASES = [1, 1_000, 100_000].flatMap((keys) => [
  { keys, resultCacheSeconds: 0, recordCacheSeconds: 0 },
  { keys, resultCacheSeconds: 0, recordCacheSeconds: 60 },
  { keys, resultCacheSeconds: 300, recordCacheSeconds: 60 },
]);

/** What an invocation takes, and what is paid for it. */
interface Rates {
  readonly cachedMs: number;
  readonly readingMs: number;
  readonly memoryMb: number;
  readonly prices: PriceList;
}

/** The plan, computed and not simulated. */
export function planOnPaper(cpu: FunctionCpu, memoryMb: number, prices: PriceList): readonly PlanRow[] {
  const msOf = (reads: number) => billedMs({ reads, writes: 0 }, cpu, memoryMb);
  const rates = { cachedMs: msOf(0), readingMs: msOf(1), memoryMb, prices };
  return CASES.map((caches) => planRow(caches, rates));
}

function planRow(caches: (typeof CASES)[number], rates: Rates): PlanRow {
  const { keys, resultCacheSeconds, recordCacheSeconds } = caches;
  const { cachedMs, readingMs } = rates;
  const ratePerKey = renewals(1, 1, resultCacheSeconds, [REQUESTS_PER_SECOND / keys]);
  const invocationsPerSecond = keys * ratePerKey;
  let environments = 1;
  let readsPerSecond = 0;
  // More environments read more, and reading takes more environments: a few rounds settle it.
  for (let round = 0; round < 50; round++) {
    const kept = recordCacheSeconds === 0 ? 0 : Math.min(1, RECORD_CACHE_CAPACITY / keys);
    const expired = keys * renewals(environments, 1, recordCacheSeconds, [ratePerKey]);
    readsPerSecond = Math.max(expired, invocationsPerSecond * (1 - kept));
    const busyMs = invocationsPerSecond * cachedMs + readsPerSecond * (readingMs - cachedMs);
    environments = Math.max(1, busyMs / 1000);
  }
  const readsPerSecondOfKey = readsPerSecond / keys;
  const writesTried = 1 + Math.min(environments, (readsPerSecondOfKey * (READ_MS + WRITE_MS)) / 2 / 1000);
  const row = { ...caches, invocationsPerSecond, environments, readsPerSecond, readsPerSecondOfKey, writesTried };
  return {
    ...row,
    shareOfReadLimit: readsPerSecondOfKey / KEY_READS_PER_SECOND,
    dollarsPerHour: 3600 * dollarsPerSecond(row, rates),
    cachedMs,
    readingMs,
  };
}

type Load = Pick<PlanRow, 'keys' | 'invocationsPerSecond' | 'readsPerSecond' | 'writesTried'>;

/** A key in use is written once in an interval. What writes take of the function's time is left out: it is next to nothing. */
function dollarsPerSecond(load: Load, { cachedMs, readingMs, memoryMb, prices }: Rates): number {
  const { keys, invocationsPerSecond, readsPerSecond, writesTried } = load;
  const busyMs = invocationsPerSecond * cachedMs + readsPerSecond * (readingMs - cachedMs);
  return (
    invocationsPerSecond * prices.lambdaRequest +
    (busyMs / 1000) * (memoryMb / 1024) * prices.lambdaGbSecond +
    readsPerSecond * 0.5 * prices.readUnit +
    (keys / USAGE_WRITE_SECONDS) * writesTried * prices.writeUnit
  );
}
