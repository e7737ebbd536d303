import type { QuotaNearlySpentDetail } from '../../keys/keyEvent.ts';
import { LIMIT_ATTRIBUTE, LIMIT_PERIODS, type LimitPeriod, QUOTA_WARNED, windowAt } from '../../keys/limits.ts';
import type { Item } from '../../keys/tableCalls.ts';
import { toTimestamp } from '../../keys/timestamp.ts';
import { eventIdOf } from './keysRun.ts';

/** The shares of a quota that give an event, in percent, highest first. */
const THRESHOLDS: readonly number[] = [100, 80];

/** The periods whose quotas give events. A window of an hour or a minute ends before anybody reads its event. */
const PERIODS: ReadonlySet<LimitPeriod> = new Set(['day', 'week', 'month']);

export interface QuotaRunOptions {
  /** The scheduled time of the run in epoch milliseconds. */
  readonly timeMs: number;
  /** The name of the table of limits. Two tables may have the same subjects, and their events have different ids. */
  readonly tableName: string;
}

/** A quota that has reached a threshold. */
export interface SpentQuota {
  /** The partition key of its item. */
  readonly subject: string;
  /** The event, except for the label and the owner of a key. */
  readonly detail: QuotaNearlySpentDetail;
}

/**
 * Returns the quota of an item if it has reached a threshold in its current window, and its item isn't marked with that
 * threshold. Returns `undefined` for every other item, also for one of another format.
 */
export function spentQuota(item: Item, { timeMs, tableName }: QuotaRunOptions): SpentQuota | undefined {
  const read = readQuota(item);
  const quota = read && parseSubject(read, timeMs);
  if (read === undefined || quota === undefined) return undefined;
  const { subject, used, limit, plan, warned } = read;
  const percent = THRESHOLDS.find((each) => used * 100 >= limit * each);
  if (percent === undefined || warned >= percent) return undefined;
  const { period, window, ...who } = quota;
  const eventId = eventIdOf('QuotaNearlySpent', tableName, subject, percent);
  const resetsAt = toTimestamp(windowAt(period, timeMs).endsAtMs);
  const detail = { eventId, time: toTimestamp(timeMs), ...who, plan, percent, used, limit, period, window, resetsAt };
  return { subject, detail };
}

interface ReadQuota {
  readonly subject: string;
  readonly used: number;
  readonly limit: number;
  readonly plan: string;
  readonly warned: number;
}

function readQuota(item: Item): ReadQuota | undefined {
  const [subject, plan] = [item[LIMIT_ATTRIBUTE.subject], item[LIMIT_ATTRIBUTE.plan]];
  const [used, limit] = [item[LIMIT_ATTRIBUTE.granted], item[LIMIT_ATTRIBUTE.limit]];
  const warned = item[QUOTA_WARNED];
  const isQuota = typeof subject === 'string' && typeof plan === 'string';
  if (!isQuota || typeof used !== 'number' || typeof limit !== 'number') return undefined;
  return { subject, used, limit, plan, warned: typeof warned === 'number' ? warned : 0 };
}

/** Parses `quota/PERIOD/WINDOW/WHO` (keys/limits.ts). Returns `undefined` unless the window is the current one. */
function parseSubject({ subject, plan }: ReadQuota, timeMs: number) {
  const [, name, window, kind, ...rest] = subject.split('/');
  const period = LIMIT_PERIODS.find((each) => each === name);
  if (!subject.startsWith('quota/') || period === undefined || !PERIODS.has(period)) return undefined;
  if (window === undefined || windowAt(period, timeMs).start !== window) return undefined;
  const who = parseWho(kind, rest, plan);
  return who && { ...who, period, window };
}

/** An owner may have slashes, but the name of a plan doesn't. */
function parseWho(kind: string | undefined, [name, ...rest]: readonly string[], plan: string) {
  if (name === undefined) return undefined;
  if (kind === 'key') return { per: 'key' as const, id: name };
  if (kind === 'owner' && name === plan) return { per: 'owner' as const, owner: rest.join('/') };
  return kind === 'plan' ? { per: 'plan' as const } : undefined;
}
