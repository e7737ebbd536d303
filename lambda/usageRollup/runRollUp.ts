import { getStoreErrorName } from '../../keys/dynamodb.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import { parseUsageHour, toHourMs, toUsageHour, type UsageHour } from '../../keys/usage.ts';
import type { UsageStore } from '../../keys/usageStore.ts';
import { type LineOrigin, UsageRollUp } from './rollUp.ts';
import type { UsageRollupSettings } from './settings.ts';

/** A part of a log to read. */
export interface LogRange {
  readonly logGroup: string;
  /** CloudWatch's filter pattern of the lines that may count. */
  readonly filterPattern: string;
  /** The first millisecond. */
  readonly startMs: number;
  /** The last millisecond. */
  readonly endMs: number;
}

export interface RollUpDeps {
  readonly settings: UsageRollupSettings;
  /** Reads the lines of a part of a log. It rejects if it can't read all of them. */
  readonly readLog: (range: LogRange) => AsyncIterable<string>;
  readonly store: Pick<UsageStore, 'put'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Writes one line of the log. The line doesn't end with a line break. */
  readonly writeLog: (line: string) => void;
}

/** The hours that a run counts. */
interface Hours {
  readonly first: UsageHour;
  readonly last: UsageHour;
}

const HOUR_MS = 3_600_000;
/** The number of past hours that each run counts again, so that a later run catches up on a failed one. */
const PAST_HOURS = 3;
/** FilterLogEvents allows 10 calls a second for an account and Region (CloudWatch Logs quotas). */
const CONCURRENT_READS = 4;

const USAGE_LINES = '{ $.message = "usage" }';
/** Matches lines of requests with a known key. CloudWatch then doesn't return the lines of a flood without keys. */
const LINES_WITH_KEY = '{ ($.keyId != "-") || (($.principalId != "-") && ($.principalId != "anonymous")) }';

/**
 * Returns the Lambda function. It counts the last hours and the current one, and writes their usage. It writes only
 * after it has read every log, and an item with more requests stays. A second run writes the same items. Pass `{"since": "2026-11-30T00"}` as the event, and optionally `until`, to count other hours.
 */
export function createRollUpHandler(deps: RollUpDeps): (event: unknown) => Promise<void> {
  const { now, writeLog } = deps;
  const log = (line: object) => writeLog(JSON.stringify({ timestamp: new Date(now()).toISOString(), ...line }));
  return async (event) => {
    const startedMs = now();
    try {
      const hours = readHours(event, startedMs);
      const counted = await rollUpHours(hours, startedMs, deps);
      log({ level: 'INFO', message: 'usage rolled up', ...hours, ...counted, durationMs: now() - startedMs });
    } catch (error) {
      const detail = error instanceof LatchkeyError ? { code: error.code, detail: error.message } : {};
      log({ level: 'ERROR', message: 'usage not rolled up', cause: getStoreErrorName(error), ...detail });
      // The SDK's error may contain the request. Lambda logs the thrown error.
      if (error instanceof LatchkeyError) throw new LatchkeyError(error.code, error.message);
      throw new LatchkeyError('INTERNAL_ERROR', 'the usage could not be rolled up');
    }
  };
}

async function rollUpHours(hours: Hours, nowMs: number, { settings, readLog, store }: RollUpDeps) {
  const accessLogApis = new Set(settings.accessLogs.map(({ apiId }) => apiId));
  const usage = new UsageRollUp({ accessLogApis, ...hours });
  const reads = [...logsOf(settings)].flatMap(({ origin, ...part }) =>
    rangesOf(hours, nowMs).map((range) => async () => {
      for await (const text of readLog({ ...part, ...range })) usage.add(text, origin);
    }),
  );
  await Promise.all(Array.from({ length: CONCURRENT_READS }, () => runEach(reads)));
  const items = await store.put(usage.items(), settings.retentionDays);
  return { items, lines: usage.lines };
}

/** Takes and runs the work until none is left. */
async function runEach(work: (() => Promise<void>)[]): Promise<void> {
  for (let next = work.shift(); next !== undefined; next = work.shift()) await next();
}

function* logsOf({ logGroup, accessLogs }: UsageRollupSettings) {
  const origin: LineOrigin = { source: 'minute-lines', apiIds: new Set() };
  yield { logGroup, filterPattern: USAGE_LINES, origin };
  for (const group of new Set(accessLogs.map((each) => each.logGroup))) {
    const apiIds = new Set(accessLogs.filter((each) => each.logGroup === group).map(({ apiId }) => apiId));
    const accessOrigin: LineOrigin = { source: 'access-log', apiIds };
    yield { logGroup: group, filterPattern: LINES_WITH_KEY, origin: accessOrigin };
  }
}

/**
 * Returns one range for each hour and for each of the three hours after the last, up to now. A line may be written after
 * the hour of its requests, but never before. Scheduled runs find lines that are this late.
 */
function rangesOf({ first, last }: Hours, nowMs: number): readonly Pick<LogRange, 'startMs' | 'endMs'>[] {
  const ranges: Pick<LogRange, 'startMs' | 'endMs'>[] = [];
  const endMs = Math.min(toHourMs(last) + PAST_HOURS * HOUR_MS, nowMs);
  for (let startMs = toHourMs(first); startMs <= endMs; startMs += HOUR_MS) {
    ranges.push({ startMs, endMs: startMs + HOUR_MS - 1 });
  }
  return ranges;
}

/** Reads the hours from the event. An event of the schedule doesn't have any. */
function readHours(event: unknown, nowMs: number): Hours {
  const { since, until } = Object(event);
  const first = readHour('since', since ?? toUsageHour(nowMs - PAST_HOURS * HOUR_MS));
  const last = readHour('until', until ?? toUsageHour(nowMs));
  if (first <= last) return { first, last };
  throw new LatchkeyError('INPUT_INVALID', `since: expected an hour up to ${last}, got ${first}`);
}

function readHour(name: string, value: unknown): UsageHour {
  const hour = parseUsageHour(value);
  if (hour !== undefined) return hour;
  throw new LatchkeyError('INPUT_INVALID', `${name}: expected an hour in UTC such as 2026-11-30T21`);
}
