import assert from 'node:assert/strict';
import {
  REFUSED_KINDS,
  requestShares,
  simulateTraffic,
  type RefusedKind,
  type Traffic,
  type TrafficCounts,
  type Work,
} from '../../test/support/simulateTraffic.ts';
import { restTokenEvent } from '../../testing/authorizerEvents.ts';
import { BUNDLE, functionEnvironment, usedKey } from '../deployedFunction.ts';
import { spread, type Spread } from '../harness.ts';
import { figure, type Measured, type PartOptions, type Table } from '../report.ts';
import { startFunction } from '../startFunction.ts';
import { startStore } from '../store.ts';
import { managementTable } from './managementCost.ts';
import { usageTable } from './usageCost.ts';
import {
  billedMs,
  billedStartMs,
  costPerMillion,
  MB_OF_ONE_VCPU,
  type CostPerMillion,
  type FunctionCpu,
} from './prices.ts';

/** A million requests a day to 100 keys in 2 environments, with the default settings. */
const DEFAULT: Traffic = {
  environments: 2,
  keys: 100,
  popularity: 'uniform',
  requestsPerSecond: 1_000_000 / 86_400,
  hours: 24,
  recordCacheSeconds: 60,
  resultsCacheSeconds: 0,
};

const CACHES: Readonly<Record<string, Partial<Traffic>>> = {
  'no cache': { recordCacheSeconds: 0 },
  'record cache 60 s (default)': {},
  'record cache 60 s, Zipf': { popularity: 'zipf' },
  'record cache 300 s': { recordCacheSeconds: 300 },
  "gateway's cache 300 s": { resultsCacheSeconds: 300 },
  "gateway's cache 300 s, Zipf": { resultsCacheSeconds: 300, popularity: 'zipf' },
  "gateway's cache 3600 s": { resultsCacheSeconds: 3600 },
};

const FLEET: Traffic = {
  ...DEFAULT,
  environments: 1000,
  keys: 10,
  popularity: 'zipf',
  requestsPerSecond: 200,
  hours: 3,
};

const FLEETS: Readonly<Record<string, Partial<Traffic>>> = {
  'each trusts its cached record': { trustsCachedRecords: true },
  Latchkey: {},
  'Latchkey, all keys alike': { popularity: 'uniform', requestsPerSecond: 400, hours: 2 },
};

/** 1,000 requests a second, a million in total. */
const FLOOD: Traffic = { ...DEFAULT, environments: 10, keys: 1, requestsPerSecond: 1000, hours: 1000 / 3600 };

const GRID = [10, 1000].flatMap((keys) =>
  [1, 10, 100, 1000].flatMap((environments) =>
    (['uniform', 'zipf'] as const).map((popularity) => ({ keys, environments, popularity })),
  ),
);

/**
 * Simulates traffic, measures the CPU time of the deployed file and prices both. Each simulation runs once, because it
 * depends only on a seed.
 */
export async function cost({ rounds }: PartOptions): Promise<Measured> {
  const cpu = await measureCpu(rounds);
  const simulate = async (title: string, scenarios: readonly Scenario[], heads: readonly ColumnName[]) => {
    const rows: string[][] = [];
    for (const [name, traffic] of scenarios) {
      const counts = await countTraffic(traffic);
      const simulated = { traffic, counts, cost: costPerMillion(counts, cpu) };
      rows.push([name, ...heads.map((head) => COLUMNS[head](simulated))]);
    }
    return { title, heads: ['scenario', ...heads.map((head) => `>${head}`)].join('|'), rows };
  };
  const variations = (base: Traffic, settings: Readonly<Record<string, Partial<Traffic>>>) =>
    Object.entries(settings).map(([name, own]): Scenario => [name, { ...base, ...own }]);
  const refused = (Object.keys(REFUSED_KINDS) as RefusedKind[]).map((kind): Scenario => [
    kind,
    { ...FLOOD, refused: kind },
  ]);
  const grid = GRID.map((own): Scenario => {
    const name = `${own.environments} environments, ${own.keys} keys, ${own.popularity}`;
    return [name, { ...DEFAULT, ...own, hours: 6, requestsPerSecond: 10 }];
  });
  return {
    tables: [
      await simulate('A million requests', variations(DEFAULT, CACHES), [
        'invocations',
        'reads',
        'writes',
        'refused',
        ...DOLLARS,
      ]),
      await simulate('A million refused requests', refused, ['invocations', 'reads', 'log bytes each', ...DOLLARS]),
      await simulate('Reads and writes', grid, [
        'reads',
        'by the formula',
        'off by',
        'writes',
        'refused',
        'reads $',
        'writes $',
      ]),
      await simulate('A thousand environments', variations(FLEET, FLEETS), [
        'requests/s',
        'committed',
        'attempts per write',
        'committed per key and interval',
        'least seconds between two',
      ]),
      usageTable(),
      await managementTable(),
      cpuTable(cpu, rounds),
      await memoryTable(cpu),
    ],
  };
}

type Scenario = readonly [name: string, traffic: Traffic];

interface Simulated {
  readonly traffic: Traffic;
  readonly counts: TrafficCounts;
  readonly cost: CostPerMillion;
}

type ColumnName = keyof typeof COLUMNS;

const DOLLARS = ['requests $', 'duration $', 'reads $', 'writes $', 'logs $', 'total $'] as const;

/** The columns of the tables. Counts and dollars are per million requests unless a column's head names another unit. */
const COLUMNS = {
  invocations: ({ counts }) => perMillion(counts.invocations, counts),
  reads: ({ counts }) => perMillion(counts.reads, counts),
  writes: ({ counts }) => perMillion(counts.committedWrites, counts),
  refused: ({ counts }) => perMillion(counts.refusedWrites, counts),
  'log bytes each': ({ counts }) => String(Math.round(counts.logBytes / counts.requests)),
  'requests $': ({ cost }) => toDollars(cost.requests),
  'duration $': ({ cost }) => toDollars(cost.duration),
  'reads $': ({ cost }) => toDollars(cost.reads),
  'writes $': ({ cost }) => toDollars(cost.writes),
  'logs $': ({ cost }) => toDollars(cost.logs),
  'total $': ({ cost }) => toDollars(cost.total),
  'by the formula': ({ traffic, counts }) => perMillion(readsByFormula(traffic), counts),
  'off by': ({ traffic, counts }) => `${(100 * (counts.reads / readsByFormula(traffic) - 1)).toFixed(1)} %`,
  'requests/s': ({ traffic }) => String(traffic.requestsPerSecond),
  committed: ({ counts }) => String(counts.committedWrites),
  'attempts per write': ({ counts }) => (1 + counts.refusedWrites / counts.committedWrites).toFixed(3),
  'committed per key and interval': ({ traffic: { keys, hours }, counts }) =>
    (counts.committedWrites / (keys * Math.ceil((hours * 3600) / 900))).toFixed(3),
  'least seconds between two': ({ counts }) => (counts.leastSecondsBetweenWrites ?? Number.NaN).toFixed(3),
} as const satisfies Readonly<Record<string, (simulated: Simulated) => string>>;

/**
 * Returns the reads that the formula predicts. Each of E caches reads a key `T / (L + E/r)` times. A cached result is
 * stale after L seconds. The key's next request reaches the same cache E/r seconds later.
 */
function readsByFormula({ keys, popularity, hours, recordCacheSeconds: life, ...traffic }: Traffic): number {
  const { environments, requestsPerSecond } = traffic;
  const rates = requestShares(popularity, keys).map((share) => share * requestsPerSecond);
  return rates.reduce((sum, rate) => sum + (environments * hours * 3600) / (life + environments / rate), 0);
}

function cpuTable(cpu: FunctionCpu, rounds: number): Table {
  const row = (name: string, { median, min, max }: Spread) => [name, ...[median, min, max].map(figure)];
  return {
    title: `CPU time of the deployed file (${rounds} rounds)`,
    heads: 'measurement|>median|>min|>max',
    rows: [
      row('start of the process to the first answer, ms', cpu.start),
      row('a request from the record cache, ms', cpu.cached),
      row('more for a read, ms', cpu.read),
      row('resident memory, MB', cpu.residentMb),
    ],
  };
}

async function memoryTable(cpu: FunctionCpu): Promise<Table> {
  const counts = await countTraffic(DEFAULT);
  const rows = [128, 192, 256, 384, 512, 768, 1024].map((memoryMb) => {
    const { duration, total } = costPerMillion(counts, cpu, memoryMb);
    const billed = [0, 1].map((reads) => billedMs({ reads, writes: 0 }, cpu, memoryMb));
    const share = `${((100 * memoryMb) / MB_OF_ONE_VCPU).toFixed(0)} %`;
    const times = [billedStartMs(cpu, memoryMb), ...billed].map(String);
    return [`${memoryMb} MB`, share, ...times, toDollars(duration), toDollars(total)];
  });
  const heads = '>memory|>vCPU|>start, ms|>from the cache, ms|>with a read, ms|>duration $|>total $';
  return { title: 'Memory', heads, rows };
}

/** Throws if the counts of a simulation contradict each other. */
async function countTraffic(traffic: Traffic): Promise<TrafficCounts> {
  const counts = await simulateTraffic(traffic);
  const {
    requests,
    invocations,
    reads,
    work,
    committedWrites,
    refusedWrites,
    leastSecondsBetweenWrites = 900,
  } = counts;
  const sum = (value: (kind: Work) => number) => work.reduce((sum, kind) => sum + value(kind), 0);
  assert.ok(invocations <= requests && leastSecondsBetweenWrites >= 900);
  assert.equal(committedWrites > 0, traffic.refused === undefined);
  assert.equal(
    sum((kind) => kind.invocations),
    invocations,
  );
  assert.equal(
    sum((kind) => kind.invocations * kind.reads),
    reads,
  );
  assert.equal(
    sum((kind) => kind.invocations * kind.writes),
    committedWrites + refusedWrites,
  );
  return counts;
}

/** Measures the deployed file in separate processes, alternately with and without the record cache. */
async function measureCpu(rounds: number): Promise<FunctionCpu> {
  const { secret, record } = usedKey();
  const store = await startStore([record]);
  const event = restTokenEvent({ headers: [['authorization', `Bearer ${secret}`]] });
  const start = (recordCacheSeconds: number, warmRequests: number) => {
    const environment = {
      ...functionEnvironment(store.endpoint),
      LATCHKEY_RECORD_CACHE_SECONDS: String(recordCacheSeconds),
    };
    return startFunction({ file: BUNDLE, environment, request: { event, principalId: record.id }, warmRequests });
  };
  try {
    const pairs = [];
    for (let round = 0; round < rounds; round++) {
      const cached = await start(60, 20_000);
      pairs.push({ cached, reading: await start(0, 400) });
    }
    const all = pairs.flatMap(({ cached, reading }) => [cached, reading]);
    return {
      start: spread(all.map(({ startCpuMs }) => startCpuMs)),
      cached: spread(pairs.map(({ cached }) => cached.requestCpuMs)),
      read: spread(pairs.map(({ cached, reading }) => reading.requestCpuMs - cached.requestCpuMs)),
      residentMb: spread(all.map(({ residentMb }) => residentMb)),
    };
  } finally {
    store.stop();
  }
}

function perMillion(count: number, { requests }: TrafficCounts): string {
  return Math.round((count / requests) * 1_000_000).toLocaleString('en-US');
}

function toDollars(value: number): string {
  return value.toFixed(4);
}
