import { toEpochMs, type Timestamp } from '../keys/timestamp.ts';
import { relativeTime } from './relativeTime.ts';

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
    return "for as long as caches hold it: the deployment's recordCacheTtl plus resultCacheTtl, which the stack states as its output RevocationDelaySeconds";
  }
  const unit = revocationDelaySeconds === 1 ? 'second' : 'seconds';
  return `for up to ${revocationDelaySeconds} ${unit} (recordCacheTtl plus resultCacheTtl)`;
}
