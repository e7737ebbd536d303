import type { Popularity } from './popularity.ts';
import { REFUSED_KINDS } from './refusedKeys.ts';
import type { Traffic } from './simulateTraffic.ts';

/** Traffic to simulate, by the name that the page has for it. */
export interface Scenario {
  readonly name: string;
  readonly traffic: Traffic;
  /** Whether all settings are the construct's defaults. */
  readonly isDefault?: boolean;
}

const MILLION_A_DAY = 1_000_000 / 86_400;

/** A million requests a day to 100 keys, 2 environments. */
const MEASURE = {
  environments: 2,
  keys: 100,
  popularity: 'uniform',
  requestsPerSecond: MILLION_A_DAY,
  hours: 24,
  recordCacheSeconds: 60,
  resultCacheSeconds: 0,
} as const satisfies Traffic;

/** The same requests behind different caches. */
export const CACHES: readonly Scenario[] = [
  { name: 'no cache', traffic: { ...MEASURE, recordCacheSeconds: 0 } },
  { name: 'record cache 60 s (default)', traffic: MEASURE, isDefault: true },
  { name: 'record cache 60 s, Zipf', traffic: { ...MEASURE, popularity: 'zipf' } },
  { name: 'record cache 300 s', traffic: { ...MEASURE, recordCacheSeconds: 300 } },
  { name: "gateway's cache 300 s", traffic: { ...MEASURE, resultCacheSeconds: 300 } },
  { name: "gateway's cache 300 s, Zipf", traffic: { ...MEASURE, resultCacheSeconds: 300, popularity: 'zipf' } },
  { name: "gateway's cache 3600 s", traffic: { ...MEASURE, resultCacheSeconds: 3600 } },
];

/** The default settings with other numbers of environments and keys. */
export const GRID: readonly Scenario[] = [10, 1000].flatMap((keys) =>
  [1, 10, 100, 1000].flatMap((environments) =>
    (['uniform', 'zipf'] satisfies readonly Popularity[]).map((popularity) => ({
      name: `${environments} × ${keys}, ${popularity}`,
      traffic: { ...MEASURE, environments, keys, popularity, hours: 6, requestsPerSecond: 10 },
    })),
  ),
);

const FLEET = {
  ...MEASURE,
  environments: 1000,
  keys: 10,
  popularity: 'zipf',
  requestsPerSecond: 200,
  hours: 3,
} as const;

/** A thousand environments that share keys: how often they try to write for each other. */
export const FLEETS: readonly Scenario[] = [
  { name: 'each trusts its cached record', traffic: { ...FLEET, trustsCachedRecords: true } },
  { name: 'as it is', traffic: FLEET },
  { name: 'as it is, all keys alike', traffic: { ...FLEET, popularity: 'uniform', requestsPerSecond: 400, hours: 2 } },
];

/** A million requests that are refused, of each kind, within a quarter of an hour or so: 1,000 a second. */
export const REFUSED: readonly Scenario[] = REFUSED_KINDS.map((refused) => ({
  name: refused,
  traffic: { ...MEASURE, environments: 10, keys: 1, requestsPerSecond: 1000, hours: 1000 / 3600, refused },
}));
