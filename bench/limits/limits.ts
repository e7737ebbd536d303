import assert from 'node:assert/strict';
import type { PlanLimits } from '../../keys/limits.ts';
import { latchkey, simulateLimits, type LimitCounts, type LimitedTraffic } from '../../test/support/simulateLimits.ts';
import { durationPrice, PRICES } from '../cost/prices.ts';
import type { Measured } from '../report.ts';
import { memoryOnly, tellEveryTenSeconds, writeForEachRequest } from './otherWays.ts';

interface Scenario {
  readonly name: string;
  readonly limits: PlanLimits;
  /** Requests per second that the limit allows on average. */
  readonly ratePerSecond: number;
  readonly seconds: number;
}

/** The burst of a throttle in seconds of its rate. */
const BURST_SECONDS = 2;
const MINUTE = 60;
const DAY = 86_400;
/** The runs: 20 windows of a minute, a whole day, and 5 minutes or 1 minute of a throttle. */
const SCENARIOS: readonly Scenario[] = [
  quotaOf('60/min', 60, 'minute', MINUTE, 20 * MINUTE),
  quotaOf('1,000/min', 1000, 'minute', MINUTE, 20 * MINUTE),
  quotaOf('100,000/day', 100_000, 'day', DAY, DAY),
  throttleOf(5),
  throttleOf(50),
  throttleOf(500),
];
/** Requests per second as a multiple of what the limit allows. */
const DEMANDS = [0.5, 3];
const ENVIRONMENTS = [1, 3, 30];
const WAYS = { latchkey, writeForEachRequest, tellEveryTenSeconds, memoryOnly };

/** Simulates limits with the real limiter and with other ways, and prices the calls. */
export async function limits(): Promise<Measured> {
  const rows: string[][] = [];
  for (const { name, limits, ratePerSecond, seconds } of SCENARIOS) {
    for (const demand of DEMANDS) {
      for (const environments of ENVIRONMENTS) {
        const traffic = { limits, environments, requestsPerSecond: demand * ratePerSecond, seconds };
        rows.push([name, `${demand} ×`, String(environments), ...(await row(traffic))]);
      }
    }
  }
  return { tables: [{ title: 'Limits', heads: HEADS, rows }] };
}

const HEADS = [
  'limit|>demand|>environments',
  '>Latchkey $|>waited|>over|>early',
  '>a write each $',
  '>every 10 s $|>waited|>over|>early',
  '>memory only, over',
].join('|');

async function row(traffic: LimitedTraffic): Promise<readonly string[]> {
  const own = await simulateLimits(traffic, WAYS.latchkey);
  const each = await simulateLimits(traffic, WAYS.writeForEachRequest);
  const told = await simulateLimits(traffic, WAYS.tellEveryTenSeconds);
  const memory = await simulateLimits(traffic, WAYS.memoryOnly);
  assert.equal(own.over, 0);
  assert.deepEqual([each.writes, each.over], [each.requests, 0]);
  assert.deepEqual([memory.writes, memory.waited], [0, 0]);
  return [...measures(own), dollars(each), ...measures(told), percent(memory.over)];
}

function measures(counts: LimitCounts): readonly string[] {
  const { requests, waited, over, refusedEarly } = counts;
  return [dollars(counts), percent(waited / requests), percent(over), percent(refusedEarly / requests)];
}

/** The writes, and the duration in which the function waits for them, in dollars per million requests. */
function dollars({ writes, waitedMs, requests }: LimitCounts): string {
  return (((writes * PRICES.writeUnit + durationPrice(waitedMs)) * 1_000_000) / requests).toFixed(4);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function quotaOf(
  name: string,
  limit: number,
  period: 'minute' | 'day',
  windowSeconds: number,
  seconds: number,
): Scenario {
  return { name, limits: { quota: { limit, period }, per: 'key' }, ratePerSecond: limit / windowSeconds, seconds };
}

function throttleOf(rateLimit: number): Scenario {
  const limits = { throttle: { rateLimit, burstLimit: BURST_SECONDS * rateLimit }, per: 'key' } as const;
  return { name: `${rateLimit}/s`, limits, ratePerSecond: rateLimit, seconds: rateLimit === 500 ? MINUTE : 5 * MINUTE };
}
