import { DAY_MS, EXPIRING_DAYS } from '../../components/urgency.ts';
import { sortRecords } from '../../keys/recordOrder.ts';
import { isExpiringWithin, isNeverUsed, isUnusedFor, keyState } from '../../keys/state.ts';
import type { ConsoleKey } from './consoleKey.ts';

/** Number of days without a use after which a key needs attention. */
const UNUSED_DAYS = 90;
const LATER_DAYS = 30;

/** A reason why an active key may need attention. `expiring30` looks further ahead. `any` is any of the others. */
export type Attention = 'any' | 'expiring' | 'expiring30' | 'unused' | 'never';

/** Returns whether a key is active and needs attention for this reason. */
export function needsAttention(attention: Attention, key: ConsoleKey, nowMs: number): boolean {
  return keyState(key, nowMs) === 'active' && CHECKS[attention](key, nowMs);
}

const CHECKS: Readonly<Record<Attention, (key: ConsoleKey, nowMs: number) => boolean>> = {
  any: (key, nowMs) => CHECKS.expiring(key, nowMs) || CHECKS.unused(key, nowMs) || CHECKS.never(key, nowMs),
  expiring: (key, nowMs) => isExpiringWithin(key, EXPIRING_DAYS * DAY_MS, nowMs),
  expiring30: (key, nowMs) => isExpiringWithin(key, LATER_DAYS * DAY_MS, nowMs),
  unused: (key, nowMs) => isUnusedFor(key, UNUSED_DAYS * DAY_MS, nowMs),
  never: isNeverUsed,
};

/**
 * Returns the keys that need attention. Keys that expire soonest come first. Then come the keys with the oldest last
 * use, and then the keys without a use, oldest first.
 */
export function listAttention(keys: readonly ConsoleKey[], nowMs: number): readonly ConsoleKey[] {
  const active = keys.filter((key) => keyState(key, nowMs) === 'active');
  const select = (attention: Attention) => active.filter((key) => CHECKS[attention](key, nowMs));
  const ascending = { isDescending: false } as const;
  return [
    ...new Set([
      ...sortRecords(select('expiring'), { field: 'expiresAt', ...ascending }, nowMs),
      ...sortRecords(select('unused'), { field: 'lastUsedAt', ...ascending }, nowMs),
      ...sortRecords(select('never'), { field: 'createdAt', ...ascending }, nowMs),
    ]),
  ];
}
