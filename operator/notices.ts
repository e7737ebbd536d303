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

/** Returns a sentence that states when an enabled key starts to work. */
export function enableNotice(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === 0) return 'It is accepted from now on: no cache contains it.';
  return `It may still be rejected ${getDelay(revocationDelaySeconds)}.`;
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

interface Unit {
  readonly name: 'year' | 'month' | 'day' | 'hour' | 'minute';
  /** The short form, such as `mo` in `3mo`. */
  readonly short: string;
  readonly ms: number;
}

const UNITS: readonly Unit[] = [
  { name: 'year', short: 'y', ms: 365 * 86_400_000 },
  { name: 'month', short: 'mo', ms: 30 * 86_400_000 },
  { name: 'day', short: 'd', ms: 86_400_000 },
  { name: 'hour', short: 'h', ms: 3_600_000 },
  { name: 'minute', short: 'm', ms: 60_000 },
];

/** A distance from now in its largest unit. The count is negative in the past. */
export interface RelativeParts {
  readonly count: number;
  /** `undefined` if the distance is less than a minute. The count is then 1 in the future, and otherwise 0. */
  readonly unit: Unit['name'] | undefined;
}

/** Returns the distance of a time from now, rounded to its largest unit. */
export function relativeParts(timestamp: Timestamp, nowMs: number): RelativeParts {
  const distanceMs = toEpochMs(timestamp) - nowMs;
  const unit = findUnit(distanceMs);
  if (unit === undefined) return { count: distanceMs > 0 ? 1 : 0, unit };
  return { count: Math.sign(distanceMs) * Math.round(Math.abs(distanceMs) / unit.ms), unit: unit.name };
}

/** Returns a time relative to now, rounded to its largest unit: `3 days ago`, `in 2 months`. */
export function relativeTime(timestamp: Timestamp, nowMs: number): string {
  const { count, unit } = relativeParts(timestamp, nowMs);
  if (unit === undefined) return count > 0 ? 'in less than a minute' : 'just now';
  // Intl.RelativeTimeFormat would add a quarter to the start of the CLI.
  const distance = `${Math.abs(count)} ${unit}${Math.abs(count) === 1 ? '' : 's'}`;
  return count > 0 ? `in ${distance}` : `${distance} ago`;
}

/** Returns the distance of a time from now in its largest unit, such as `3d` or `2mo`. It omits the direction. */
export function shortDistance(timestamp: Timestamp, nowMs: number): string {
  const distanceMs = Math.abs(toEpochMs(timestamp) - nowMs);
  const unit = findUnit(distanceMs);
  return unit === undefined ? '<1m' : `${Math.round(distanceMs / unit.ms)}${unit.short}`;
}

function findUnit(distanceMs: number): Unit | undefined {
  return UNITS.find(({ ms }) => Math.abs(distanceMs) >= ms);
}
