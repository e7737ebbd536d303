import { printable } from '../keys/printable.ts';
import type { KeyRecord } from '../keys/record.ts';
import { toEpochMs } from '../keys/timestamp.ts';
import { relativeTime } from '../operator/notices.ts';
import type { Colors } from '../operator/colors.ts';

/** The maximum time in seconds for which caches may delay a change. `undefined` if it's unknown. */
type Delay = number | undefined;

/** Returns the start of the output after a change, such as `✓ Revoked “build server”.` */
export function done(change: string, { label }: Pick<KeyRecord, 'label'>, { green }: Colors): string {
  return `${green('✓')} ${change} “${printable(label)}”.`;
}

/** Returns when the deployment refuses revoked or disabled keys, as a local time of day. */
export function refusedNotice(delaySeconds: Delay, nowMs: number): string {
  return delayed('Refused', delaySeconds, nowMs);
}

/** Returns when the deployment accepts enabled keys, as a local time of day. */
export function acceptedNotice(delaySeconds: Delay, nowMs: number): string {
  return delayed('Accepted', delaySeconds, nowMs);
}

/** Returns when the deployment uses the new fields of a key, as a local time of day. */
export function inEffectNotice(delaySeconds: Delay, nowMs: number): string {
  return delayed('In effect', delaySeconds, nowMs);
}

/** Returns until when a rotated key works, and when the deployment refuses it. */
export function previousNotice({ id, expiresAt }: KeyRecord, delaySeconds: Delay, nowMs: number): string {
  const key = `The old key, ${printable(id)},`;
  if (expiresAt === undefined || toEpochMs(expiresAt) <= nowMs) {
    return `${key} has ended. ${refusedNotice(delaySeconds, nowMs)}`;
  }
  const until = `${key} works until ${expiresAt} (${relativeTime(expiresAt, nowMs)}).`;
  if (delaySeconds === undefined) return `${until} Caches may accept it a little longer.`;
  return `${until} Refused everywhere ${delaySeconds === 0 ? 'from then on' : `within ${delaySeconds} s after that`}.`;
}

function delayed(effect: string, delaySeconds: Delay, nowMs: number): string {
  if (delaySeconds === undefined) return `${effect} once caches expire. The delay is unknown: pass --stack to see it.`;
  if (delaySeconds === 0) return `${effect} everywhere from now on.`;
  return `${effect} everywhere by ${timeOfDay(nowMs + delaySeconds * 1000)} (within ${delaySeconds} s).`;
}

/** Returns the local time of day, such as `04:07:42`. */
function timeOfDay(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}
