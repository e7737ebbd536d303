import { LatchkeyError } from './errors.ts';
import { isPlainObject } from './json.ts';
import { type LatencyHistogram, parseLatencyHistogram } from './latencyHistogram.ts';
import { printable } from './printable.ts';

/** The attribute names of the usage table. Its partition key is `keyId`, its sort key `hour`. */
export const USAGE_ATTRIBUTE = {
  keyId: 'keyId',
  hour: 'hour',
  apis: 'apis',
  busiest: 'busiest',
  requests: 'requests',
  purgeAfter: 'purgeAfter',
} as const;

/** The `keyId` of the items that have the totals of all keys. */
export const ALL_KEYS = '*';
/** Maximum number of keys in `busiest`. */
export const MAX_BUSIEST = 50;
/** The default duration for which the table keeps an hour. */
export const USAGE_RETENTION_DAYS = 400;

/** An hour in UTC, such as `2026-11-30T21`. Hours sort like strings. */
export type UsageHour = string & { readonly __brand: 'UsageHour' };

/**
 * The source of a count: the API's access log, or the lines that each execution environment of the authorizer logs once
 * a minute.
 */
export type UsageSource = 'access-log' | 'minute-lines';

/** Counts of requests. Each request counts once. */
export interface UsageCounts {
  /** The requests that the authorizer allowed and no limit refused. */
  readonly allowed: number;
  /** The requests over a limit of the key's plan. */
  readonly limited: number;
  /** The requests that the authorizer refused for another reason. */
  readonly refused: number;
}

/** The requests of one key to one API in one hour. */
export interface ApiUsage extends UsageCounts {
  readonly source: UsageSource;
  /** The counts by status code, such as `{ '200': 12 }`. Absent if the source is the minute lines. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** The counts by latency. Absent if the source is the minute lines. */
  readonly latency?: LatencyHistogram;
}

/** The counts of one of the busiest keys. */
export interface BusyKey extends UsageCounts {
  /** The id of the key. */
  readonly keyId: string;
}

/** An item of the table: the requests of one key, or of all keys, in one hour. */
export interface HourUsage {
  /** The id of the key, or `ALL_KEYS`. */
  readonly keyId: string;
  readonly hour: UsageHour;
  /** The usage by API id. */
  readonly apis: Readonly<Record<string, ApiUsage>>;
  /** The keys with the most requests of the hour, busiest first. Only the item of all keys has it. */
  readonly busiest?: readonly BusyKey[];
}

/** Returns the hour of a time in epoch milliseconds. */
export function toUsageHour(epochMs: number): UsageHour {
  return new Date(epochMs).toISOString().slice(0, 13) as UsageHour;
}

/** Returns the string if it's an hour that exists. Otherwise, returns `undefined`. */
export function parseUsageHour(text: unknown): UsageHour | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d$/.test(text)) return undefined;
  const startMs = Date.parse(`${text}:00:00.000Z`);
  return !Number.isNaN(startMs) && toUsageHour(startMs) === text ? (text as UsageHour) : undefined;
}

/** Returns the first millisecond of an hour. */
export function toHourMs(hour: UsageHour): number {
  return Date.parse(`${hour}:00:00.000Z`);
}

/** A sum of usage over APIs, hours or keys. */
export class UsageSum {
  allowed = 0;
  limited = 0;
  refused = 0;
  /** The sources of the counts. */
  readonly sources = new Set<UsageSource>();
  // V8 reserves kilobytes for an object whose keys look like large array indices. A map needs a tenth.
  readonly #statuses = new Map<string, number>();
  readonly #latency = new Map<string, number>();

  /** Adds the requests of one key to one API. */
  add({ allowed, limited, refused, source, statuses = {}, latency = {} }: ApiUsage): void {
    this.allowed += allowed;
    this.limited += limited;
    this.refused += refused;
    this.sources.add(source);
    addCounts(this.#statuses, statuses);
    addCounts(this.#latency, latency);
  }

  /** Adds the requests of an hour to all its APIs. */
  addHour({ apis }: HourUsage): void {
    for (const usage of Object.values(apis)) this.add(usage);
  }

  /** The counts by status code. Only access logs have status codes. */
  get statuses(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#statuses);
  }

  /** The counts by latency. Only access logs have latencies. */
  get latency(): LatencyHistogram {
    return Object.fromEntries(this.#latency);
  }

  /** The number of all requests. */
  get total(): number {
    return this.allowed + this.limited + this.refused;
  }
}

function addCounts(counts: Map<string, number>, added: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(added)) counts.set(name, (counts.get(name) ?? 0) + count);
}

/** Returns the item of an hour. It depends only on its parameters, so a second write doesn't change the table. */
export function serialiseUsage(usage: HourUsage, retentionDays: number): Record<string, unknown> {
  const { keyId, hour, apis, busiest } = usage;
  const sum = new UsageSum();
  sum.addHour(usage);
  return {
    keyId,
    hour,
    apis,
    // The store compares it, so a run that finds fewer lines doesn't replace the item.
    requests: sum.total,
    ...(busiest === undefined ? {} : { busiest: busiest.slice(0, MAX_BUSIEST) }),
    purgeAfter: toHourMs(hour) / 1000 + 3600 + Math.round(retentionDays * 86_400),
  };
}

/**
 * Parses an item that lib-dynamodb read from the usage table. It ignores unknown attributes.
 *
 * @throws LatchkeyError `RECORD_CORRUPT`, with the attribute's name, the key's id and the hour, but without other values
 */
export function parseUsage(item: unknown): HourUsage {
  const attributes: Record<string, unknown> = isPlainObject(item) ? item : {};
  const { keyId, hour } = attributes;
  const required = <T>(name: 'keyId' | 'hour' | 'apis' | 'busiest', read: (value: unknown) => T | undefined): T => {
    const value = read(attributes[name]);
    if (value !== undefined) return value;
    const whose = `key ${typeof keyId === 'string' ? printable(keyId) : '(no id)'}`;
    const when = typeof hour === 'string' ? printable(hour) : '(no hour)';
    throw new LatchkeyError('RECORD_CORRUPT', `the usage of ${whose} in hour ${when} has an unreadable ${name}`, {
      keyId: typeof keyId === 'string' ? keyId : undefined,
    });
  };
  return {
    keyId: required('keyId', readName),
    hour: required('hour', parseUsageHour),
    apis: required('apis', readApis),
    ...(attributes['busiest'] === undefined ? {} : { busiest: required('busiest', readBusiest) }),
  };
}

function readName(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readApis(value: unknown): HourUsage['apis'] | undefined {
  if (!isPlainObject(value)) return undefined;
  const apis = Object.entries(value).map(([api, usage]) => [api, readApi(usage)] as const);
  // fromEntries defines its properties, so an API that is named __proto__ doesn't change the object.
  return apis.every(([, usage]) => usage !== undefined) ? (Object.fromEntries(apis) as HourUsage['apis']) : undefined;
}

function readApi(value: unknown): ApiUsage | undefined {
  const counts = readCounts(value);
  if (counts === undefined) return undefined;
  const { source, statuses = {}, latency = {} } = value as Record<string, unknown>;
  const histogram = parseLatencyHistogram(latency);
  if ((source !== 'access-log' && source !== 'minute-lines') || !isStatuses(statuses) || histogram === undefined) {
    return undefined;
  }
  return {
    ...counts,
    source,
    ...(Object.keys(statuses).length === 0 ? {} : { statuses }),
    ...(Object.keys(histogram).length === 0 ? {} : { latency: histogram }),
  };
}

function readCounts(value: unknown): UsageCounts | undefined {
  if (!isPlainObject(value)) return undefined;
  const { allowed, limited, refused } = value;
  return isCount(allowed) && isCount(limited) && isCount(refused) ? { allowed, limited, refused } : undefined;
}

function isStatuses(value: unknown): value is Readonly<Record<string, number>> {
  return isPlainObject(value) && Object.entries(value).every(([status, n]) => /^\d{3}$/.test(status) && isCount(n));
}

function readBusiest(value: unknown): readonly BusyKey[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const keys = value.map((entry): BusyKey | undefined => {
    const [counts, keyId] = [readCounts(entry), readName(entry?.keyId)];
    return counts === undefined || keyId === undefined ? undefined : { keyId, ...counts };
  });
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Returns the CreateTable input of the usage table for DynamoDB engines without CloudFormation. */
export function createUsageTableInput(tableName: string) {
  const { keyId, hour } = USAGE_ATTRIBUTE;
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [keyId, hour].map((name) => ({ AttributeName: name, AttributeType: 'S' as const })),
    KeySchema: [
      { AttributeName: keyId, KeyType: 'HASH' as const },
      { AttributeName: hour, KeyType: 'RANGE' as const },
    ],
  };
}
