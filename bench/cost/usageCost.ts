import { ApiKeyAccessLogFormat } from '../../infra/accessLogFormat.ts';
import { serialiseUsage, type UsageHour } from '../../keys/usage.ts';
import { toCachedKey, type CachedKey } from '../../lambda/cachedKey.ts';
import { Scopes } from '../../lambda/scopes.ts';
import { UsageCounter } from '../../lambda/usageCounter.ts';
import { type LineOrigin, UsageRollUp } from '../../lambda/usageRollup/rollUp.ts';
import { formatAccessLine } from '../../local/usage/accessLog.ts';
import { LOG_EVENT_BYTES, requestShares, seededRandom, type Popularity } from '../../test/support/simulateTraffic.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import type { Table } from '../report.ts';
import { durationPrice, PRICES } from './prices.ts';

interface UsageTraffic {
  readonly environments: number;
  readonly keys: number;
  readonly popularity: Popularity;
  readonly requestsPerDay: number;
}

const MILLION = 1_000_000;
/** The simulated part of a day. */
const HOURS = 1;
const START_MS = Date.UTC(2030, 0, 1);
const API_ID = 'a1b2c3d4e5';
/** The number of runs that write the same hour: the run in the hour and the three after it. */
const RUNS_PER_HOUR = 4;
/** The roll-up's memory, and assumed times: a page of 1 MB takes 300 ms, and 4 pages are read at once. */
const ROLLUP = { memoryMb: 512, pageMs: 300, concurrentReads: 4, startMs: 1000 };

const SCENARIOS: readonly UsageTraffic[] = [
  { environments: 2, keys: 100, popularity: 'uniform', requestsPerDay: MILLION },
  { environments: 2, keys: 100, popularity: 'zipf', requestsPerDay: MILLION },
  { environments: 2, keys: 1000, popularity: 'zipf', requestsPerDay: MILLION },
  { environments: 20, keys: 100, popularity: 'uniform', requestsPerDay: MILLION },
];

/** The ways to count, by name. Each returns the line of a request, or `undefined` if the environment writes the lines. */
const WAYS: Readonly<Record<string, string | undefined>> = {
  'minute lines': undefined,
  'access log, usage format': ApiKeyAccessLogFormat.usage().toString(),
  'access log, REST format': ApiKeyAccessLogFormat.rest().toString(),
};

/** Simulates traffic with the real counter, formats and roll-up. Returns the price per million requests. */
export function usageTable(): Table {
  const rows = SCENARIOS.flatMap((traffic) =>
    Object.entries(WAYS).map(([way, format]) => {
      const { environments, keys, popularity, requestsPerDay } = traffic;
      const cost = usageCost(traffic, format);
      const scenario = `${requestsPerDay / MILLION} M a day, ${environments} environments, ${keys} keys, ${popularity}`;
      const withoutLines = cost.writes + cost.rollUp;
      return [
        scenario,
        way,
        ...[cost.lines, cost.writes, cost.rollUp, withoutLines, withoutLines + cost.lines].map(toDollars),
      ];
    }),
  );
  const heads = 'scenario|way|>lines $|>writes $|>roll-up $|>without lines $|>total $';
  return { title: 'Usage', heads, rows };
}

function usageCost(traffic: UsageTraffic, format: string | undefined) {
  const keys = Array.from({ length: traffic.keys }, () => toCachedKey(createTestKey().record, SETTINGS));
  const apiIds = new Set(format === undefined ? [] : [API_ID]);
  const origin: LineOrigin = { source: format === undefined ? 'minute-lines' : 'access-log', apiIds };
  const usage = new UsageRollUp({
    accessLogApis: apiIds,
    first: '2030-01-01T00' as UsageHour,
    last: '2030-01-02T00' as UsageHour,
  });
  let bytes = 0;
  const write = (line: string) => {
    bytes += Buffer.byteLength(line) + LOG_EVENT_BYTES;
    usage.add(line, origin);
  };
  if (format === undefined) countInLines(traffic, keys, write);
  else logAccesses(traffic, keys, (context) => write(formatAccessLine(format, context)));
  const units = [...usage.items()].reduce((sum, item) => sum + unitsOf(serialiseUsage(item, 400)), 0);
  const pages = (bytes / MILLION) * RUNS_PER_HOUR;
  const rollUpMs = HOURS * ROLLUP.startMs + (pages * ROLLUP.pageMs) / ROLLUP.concurrentReads;
  const perMillion = (price: number) => (price * MILLION) / requestsOf(traffic);
  return {
    lines: perMillion(bytes * PRICES.logByte),
    writes: perMillion(units * RUNS_PER_HOUR * PRICES.writeUnit),
    rollUp: perMillion(HOURS * PRICES.lambdaRequest + durationPrice(rollUpMs, ROLLUP.memoryMb)),
  };
}

const SETTINGS = { scopes: new Scopes(), plans: undefined };

/** DynamoDB bills a write per kilobyte. */
function unitsOf(item: object): number {
  return Math.ceil(JSON.stringify(item).length / 1024);
}

function countInLines(traffic: UsageTraffic, keys: readonly CachedKey[], write: (line: string) => void): void {
  const counters = Array.from({ length: traffic.environments }, () => new UsageCounter({ write }));
  const event = { requestContext: { apiId: API_ID } };
  forEachRequest(traffic, keys, (key, nowMs, random) => {
    counters[Math.floor(random * counters.length)]?.count({ effect: 'allow', key }, event, nowMs);
  });
  for (const counter of counters) counter.flush();
}

function logAccesses(traffic: UsageTraffic, keys: readonly CachedKey[], log: (context: object) => void): void {
  forEachRequest(traffic, keys, ({ record: { id } }, nowMs, random) => {
    const [, day, month, year, time] = new Date(nowMs).toUTCString().split(' ');
    const latency = Math.ceil(20 + 200 * random);
    log({
      requestId: id,
      requestTime: `${day}/${month}/${year}:${time} +0000`,
      apiId: API_ID,
      httpMethod: 'GET',
      resourcePath: '/orders/{id}',
      identity: { sourceIp: '203.0.113.10' },
      status: 200,
      authorizer: { keyId: id, principalId: id, status: 200, latency: 5, requestId: id },
      integrationLatency: latency,
      responseLatency: latency + 10,
    });
  });
}

function requestsOf({ requestsPerDay }: UsageTraffic): number {
  return Math.round((requestsPerDay * HOURS) / 24);
}

/** Calls `handle` for each simulated request, with a key and a random number. */
function forEachRequest(
  traffic: UsageTraffic,
  keys: readonly CachedKey[],
  handle: (key: CachedKey, nowMs: number, random: number) => void,
): void {
  const random = seededRandom(1);
  const requests = requestsOf(traffic);
  let sum = 0;
  const upTo = requestShares(traffic.popularity, keys.length).map((share) => (sum += share));
  for (let at = 0; at < requests; at++) {
    const drawn = random() * sum;
    const key = keys[upTo.findIndex((limit) => drawn <= limit)];
    if (key !== undefined) handle(key, START_MS + Math.floor((at / requests) * HOURS * 3_600_000), random());
  }
}

function toDollars(dollars: number): string {
  return dollars.toFixed(4);
}
