import type { PreparedRotation, IssuedKey } from '../keys/registry.ts';
import { type Timestamp, toEpochMs } from '../keys/timestamp.ts';

/** When a change to a key takes effect, for people; `undefined` where the deployment's delay is not known. */
export function delayNotice(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === 0) return 'It is refused from now on: no cache holds it.';
  return `It may still be accepted ${span(revocationDelaySeconds)}.`;
}

/** The same for a key that was disabled and now is not. */
export function enableNotice(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === 0) return 'It is accepted from now on: no cache holds it.';
  return `It may still be refused ${span(revocationDelaySeconds)}.`;
}

/** The same for a key that ends at a time. */
export function endNotice(endsAt: Timestamp, nowMs: number, revocationDelaySeconds: number | undefined): string {
  if (toEpochMs(endsAt) <= nowMs) return delayNotice(revocationDelaySeconds);
  const until = `It works until ${endsAt} (${relativeTime(endsAt, nowMs)})`;
  if (revocationDelaySeconds === 0) return `${until}.`;
  return revocationDelaySeconds === undefined
    ? `${until}, and as much longer as caches hold it: the stack states that as its output RevocationDelaySeconds.`
    : `${until}, and may be accepted ${span(revocationDelaySeconds)} more.`;
}

function span(revocationDelaySeconds: number | undefined): string {
  if (revocationDelaySeconds === undefined) {
    return "for as long as caches hold it: the deployment's recordCacheTtl plus resultsCacheTtl, which the stack states as its output RevocationDelaySeconds";
  }
  const unit = revocationDelaySeconds === 1 ? 'second' : 'seconds';
  return `for up to ${revocationDelaySeconds} ${unit} (recordCacheTtl plus resultsCacheTtl)`;
}

/** What to do where the write of a new key failed and may have been made, and nobody has been shown the key. */
export function lostKeyNotice({ record: { id } }: Pick<IssuedKey, 'record'>): string {
  return `whether the key was issued is not known: if the list has the id ${id}, revoke it, for nobody has the key`;
}

/** The same of a rotation: the old key may have an end already, and nobody has the new one. */
export function lostRotationNotice({ record, previous }: Pick<PreparedRotation, 'record' | 'previous'>): string {
  return `whether key ${previous.id} was rotated is not known: if its record tells that it was, rotate its successor ${record.id} in turn, for nobody has that key; if not, but the list has ${record.id}, revoke that and rotate again`;
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const FORMAT = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** A time as people say it: `3 days ago`, `in 2 months`, in the largest unit that fits, rounded. */
export function relativeTime(timestamp: Timestamp, nowMs: number): string {
  const distanceMs = toEpochMs(timestamp) - nowMs;
  const [unit, unitMs] = UNITS.find(([, unitMs]) => Math.abs(distanceMs) >= unitMs) ?? [];
  if (unit === undefined || unitMs === undefined) return distanceMs > 0 ? 'in less than a minute' : 'just now';
  return FORMAT.format(Math.round(distanceMs / unitMs), unit);
}
