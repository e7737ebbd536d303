import { isPlainObject } from '../../keys/json.ts';
import { isKeyId } from '../../keys/keyId.ts';
import { addLatency } from '../../keys/latencyHistogram.ts';
import { type ApiUsage, parseUsageHour, type UsageHour } from '../../keys/usage.ts';
import { isApiId } from './settings.ts';

/** The requests of one key to one API within an hour. */
export interface CountedRequests {
  /** The key's id, or `undefined` for the keys that a full line sums as `other`. */
  readonly keyId: string | undefined;
  readonly hour: UsageHour;
  readonly apiId: string;
  readonly usage: Omit<ApiUsage, 'source'>;
}

/** The codes of requests that a limit of a plan refused. */
const LIMIT_CODES: ReadonlySet<unknown> = new Set(['THROTTLED', 'QUOTA_EXCEEDED']);
/**
 * The codes of a refusal. `INSUFFICIENT_SCOPE` and `IP_FORBIDDEN` are missing, because allowed requests may have them
 * too.
 */
const REFUSAL_CODES: ReadonlySet<unknown> = new Set(['INVALID_KEY', 'KEY_EXPIRED', 'KEY_DISABLED', 'KEY_REVOKED']);
/** What API Gateway writes for an absent value. */
const ABSENT = '-';

/**
 * Parses a line of an access log in the format of `ApiKeyAccessLogFormat`. A line of the format before `apiId` belongs
 * to the log's only API. Returns an empty list for a request without a known key and for the end of a WebSocket
 * connection. Returns `undefined` for any other line, and for a line of an API that isn't in `apiIds`.
 */
export function parseAccessLine(text: string, apiIds: ReadonlySet<string>): readonly CountedRequests[] | undefined {
  const fields = parseObject(text) ?? {};
  const hour = parseRequestTime(fields['requestTime']);
  const { status } = fields;
  if (hour === undefined || typeof status !== 'string' || !/^([1-5]\d\d|-)$/.test(status)) return undefined;
  const [onlyApi] = apiIds.size === 1 ? apiIds : [];
  const apiId = valueOf(fields['apiId']) ?? onlyApi;
  if (apiId === undefined || !apiIds.has(apiId)) return undefined;
  const keyId = keyIdOf(fields);
  if (keyId === undefined) return [];
  return isKeyId(keyId) ? [{ keyId, hour, apiId, usage: toUsage(fields, status) }] : undefined;
}

/** Returns the id of the key whose request the line counts. */
function keyIdOf({ keyId, principalId, eventType }: Fields): string | undefined {
  const id = valueOf(keyId) ?? valueOf(principalId);
  return id === 'anonymous' || eventType === 'DISCONNECT' ? undefined : id;
}

function toUsage(fields: Fields, status: string): CountedRequests['usage'] {
  const outcome = outcomeOf(fields, status);
  const latency: Record<string, number> = {};
  const ms = valueOf(fields['responseLatency']);
  if (ms !== undefined && /^\d{1,9}$/.test(ms)) addLatency(latency, Number(ms));
  return {
    ...countOf(outcome, 1),
    ...(status === ABSENT ? {} : { statuses: { [status]: 1 } }),
    latency,
  };
}

/** A refused request doesn't reach the integration. A limited one does with `onLimit: 'tell'`. */
function outcomeOf({ errorCode, responseType, integrationLatency }: Fields, status: string): Outcome {
  if (LIMIT_CODES.has(errorCode) || LIMIT_CODES.has(responseType)) return 'limited';
  const isRefused = REFUSAL_CODES.has(errorCode) || (status === '403' && valueOf(integrationLatency) === undefined);
  return isRefused ? 'refused' : 'allowed';
}

type Fields = Readonly<Record<string, unknown>>;
type Outcome = 'allowed' | 'limited' | 'refused';

function countOf(outcome: Outcome, count: number) {
  return { allowed: 0, limited: 0, refused: 0, [outcome]: count };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Returns the hour of `$context.requestTime`, such as `30/Nov/2026:21:05:09 +0000`. */
function parseRequestTime(text: unknown): UsageHour | undefined {
  const [, day = '', month = '', year = '', hour = ''] =
    (typeof text === 'string' && /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d):\d\d:\d\d \+0000$/.exec(text)) || [];
  const number = MONTHS.indexOf(month) + 1;
  return parseUsageHour(`${year}-${String(number).padStart(2, '0')}-${day}T${hour}`);
}

/**
 * Parses a usage line of the authorizer's log. Returns an empty list for the authorizer's other lines, and `undefined`
 * for any other text.
 */
export function parseUsageLine(text: string): readonly CountedRequests[] | undefined {
  const line = parseObject(text);
  if (line === undefined) return undefined;
  if (line['message'] !== 'usage') return [];
  const hour = parseUsageHour(line['hour']);
  const { keys, other = {} } = line;
  if (hour === undefined || !isPlainObject(keys)) return undefined;
  const requests = Object.entries(keys).flatMap(([keyId, apis]) =>
    isKeyId(keyId) ? parseApis(apis, { keyId, hour }) : [undefined],
  );
  const all = [...requests, ...parseApis(other, { keyId: undefined, hour })];
  return all.every((each) => each !== undefined) ? all : undefined;
}

function parseApis(apis: unknown, { keyId, hour }: Pick<CountedRequests, 'keyId' | 'hour'>) {
  if (!isPlainObject(apis)) return [undefined];
  return Object.entries(apis).flatMap(([apiId, outcomes]): readonly (CountedRequests | undefined)[] => {
    if (!isApiId(apiId) || !isPlainObject(outcomes)) return [undefined];
    return Object.entries(outcomes).map(([code, count]) => {
      const isValid = /^[A-Za-z_]{1,40}$/.test(code) && Number.isSafeInteger(count) && Number(count) > 0;
      const usage = countOf(toOutcome(code), Number(count));
      return isValid ? { keyId, hour, apiId, usage } : undefined;
    });
  });
}

function toOutcome(code: string): Outcome {
  if (code === 'allowed') return 'allowed';
  return LIMIT_CODES.has(code) ? 'limited' : 'refused';
}

function valueOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== ABSENT && value !== '' ? value : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
