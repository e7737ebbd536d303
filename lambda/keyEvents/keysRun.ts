import { createHash } from 'node:crypto';
import type { KeyEvent, KeyEventDetail } from '../../keys/keyEvent.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { keyState, lastUsedMs } from '../../keys/state.ts';
import { toEpochMs, toTimestamp } from '../../keys/timestamp.ts';

/** The days before its expiry at which a key gives an event. */
export const EXPIRY_DAYS: readonly number[] = [30, 14, 7, 1];

const DAY_MS = 86_400_000;

export interface KeysRunOptions {
  /** The scheduled time of the run in epoch milliseconds. */
  readonly timeMs: number;
  /** The number of days after which a key counts as unused. Without it, no key does. */
  readonly unusedDays?: number | undefined;
}

/**
 * Returns the events of a key in one daily run. A key gives one event in the first run within 30, 14, 7 and 1 days of
 * its expiry, and one event in the first run after it was unused for long enough. The ids depend on the key and the
 * threshold, so a repeat of the run gives the same ones.
 */
export function dailyEvents(record: KeyRecord, { timeMs, unusedDays }: KeysRunOptions): readonly KeyEvent[] {
  if (keyState(record, timeMs) !== 'active') return [];
  return [...expiring(record, timeMs), ...(unusedDays === undefined ? [] : unused(record, timeMs, unusedDays))];
}

function expiring(record: KeyRecord, timeMs: number): readonly KeyEvent[] {
  const { id, expiresAt, rotatedTo } = record;
  if (expiresAt === undefined) return [];
  const leftMs = toEpochMs(expiresAt) - timeMs;
  return EXPIRY_DAYS.filter((days) => isFirstRun(days * DAY_MS - leftMs)).map((withinDays) => {
    const eventId = eventIdOf('KeyExpiring', id, expiresAt, withinDays);
    const detail = { ...basis(record, eventId, timeMs), expiresAt, withinDays, ...(rotatedTo && { rotatedTo }) };
    return { type: 'KeyExpiring', detail };
  });
}

/** A key that was never used is unused since its issue. */
function unused(record: KeyRecord, timeMs: number, unusedDays: number): readonly KeyEvent[] {
  const { id, createdAt } = record;
  const usedMs = lastUsedMs(record, timeMs);
  const sinceMs = usedMs === -Infinity ? toEpochMs(createdAt) : usedMs;
  if (!isFirstRun(timeMs - sinceMs - unusedDays * DAY_MS)) return [];
  const eventId = eventIdOf('KeyUnused', id, sinceMs, unusedDays);
  const lastUsedAt = usedMs === -Infinity ? {} : { lastUsedAt: toTimestamp(usedMs) };
  return [{ type: 'KeyUnused', detail: { ...basis(record, eventId, timeMs), ...lastUsedAt, unusedDays } }];
}

/** Returns whether a threshold was crossed since the run of the day before. */
function isFirstRun(pastMs: number): boolean {
  return pastMs >= 0 && pastMs < DAY_MS;
}

function basis(record: KeyRecord, eventId: string, timeMs: number): KeyEventDetail {
  const { id, label, owner, plan, keyPrefix, version = 0 } = record;
  return {
    eventId,
    time: toTimestamp(timeMs),
    id,
    label,
    ...(owner !== undefined && { owner }),
    ...(plan !== undefined && { plan }),
    ...(keyPrefix !== undefined && { keyPrefix }),
    version,
  };
}

/** Returns an id in the format of the stream's ids that depends only on the parts. */
export function eventIdOf(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
