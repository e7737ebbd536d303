import type { IssuedKey, PreparedRotation } from '../keys/registry.ts';
import { type Timestamp, toEpochMs } from '../keys/timestamp.ts';

/**
 * Returns a sentence that states when a revoked or disabled key stops working. Pass `undefined` if the deployment's
 * delay is unknown.
 */
export function delayNotice(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === 0) return 'It is rejected from now on: no cache contains it.';
  return `It may still be accepted ${getDelay(revocationDelaySeconds)}.`;
}

/** Returns `delayNotice` for several keys. */
export function severalDelayNotice(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === 0) return 'They are rejected from now on: no cache contains them.';
  return `They may still be accepted ${getDelay(revocationDelaySeconds)}.`;
}

/** Returns a sentence that states when an enabled key starts to work. */
export function enableNotice(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === 0) return 'It is accepted from now on: no cache contains it.';
  return `It may still be rejected ${getDelay(revocationDelaySeconds)}.`;
}

/** Returns `enableNotice` for several keys. */
export function severalEnableNotice(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === 0) return 'They are accepted from now on: no cache contains them.';
  return `They may still be rejected ${getDelay(revocationDelaySeconds)}.`;
}

/** Returns a sentence that states when a key with an expiry stops working. */
export function endNotice(endsAt: Timestamp, nowMs: number, revocationDelaySeconds: number | undefined): string {
  if (toEpochMs(endsAt) <= nowMs) return delayNotice(revocationDelaySeconds);
  const until = `It works until ${endsAt} (${relativeTime(endsAt, nowMs)})`;
  if (revocationDelaySeconds === 0) return `${until}.`;
  return revocationDelaySeconds === undefined
    ? `${until}, and may then be accepted ${getDelay(undefined)}.`
    : `${until}, and may be accepted ${getDelay(revocationDelaySeconds)} after that.`;
}

function getDelay(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === undefined) {
    return 'until caches drop it, after recordCacheTtl plus resultsCacheTtl; the stack shows the sum as its output RevocationDelaySeconds';
  }
  const unit = revocationDelaySeconds === 1 ? 'second' : 'seconds';
  return `for up to ${revocationDelaySeconds} ${unit} (recordCacheTtl plus resultsCacheTtl)`;
}

/**
 * Returns the advice for a failed write of a new key. The write may still have reached the table. The key wasn't shown.
 */
export function lostKeyNotice({ record: { id } }: Pick<IssuedKey, 'record'>): string {
  return `the key may have been issued: if the list has the id ${id}, revoke it, because nobody has the key`;
}

/** Returns the advice for a failed rotation, which may still have been stored. The new key wasn't shown. */
export function lostRotationNotice({ record, previous }: Pick<PreparedRotation, 'record' | 'previous'>): string {
  return `key ${previous.id} may have been rotated. If its record shows a successor, rotate the successor ${record.id} in turn, because nobody has that key. If not, but the list has ${record.id}, revoke that key and rotate again`;
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const FORMAT = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** Returns a time relative to now, rounded to its largest unit: `3 days ago`, `in 2 months`. */
export function relativeTime(timestamp: Timestamp, nowMs: number): string {
  const distanceMs = toEpochMs(timestamp) - nowMs;
  const [unit, unitMs] = UNITS.find(([, unitMs]) => Math.abs(distanceMs) >= unitMs) ?? [];
  if (unit === undefined || unitMs === undefined) return distanceMs > 0 ? 'in less than a minute' : 'just now';
  return FORMAT.format(Math.round(distanceMs / unitMs), unit);
}
