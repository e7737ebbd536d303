import { type Timestamp, toEpochMs, toTimestamp } from '../../keys/timestamp.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { exactTime, timeOfDay } from './exactTime.ts';

/** The words for changes to a key in notices. */
export type Change = 'Saved' | 'Enabled' | 'Disabled' | 'Revoked' | 'Reset';

/**
 * Returns a sentence that states when a change reaches every authorizer. Pass `null` for an unknown delay.
 *
 * @param verb - what happens then: `Accepted`, `Refused` or `In effect`
 */
export function effectSentence(
  verb: 'Accepted' | 'Refused' | 'In effect',
  delaySeconds: number | null,
  nowMs: number,
): string {
  if (delaySeconds === null) return `${verb} everywhere once the authorizers' caches expire.`;
  if (delaySeconds === 0) return `${verb} everywhere now.`;
  return `${verb} everywhere by ${timeOfDay(nowMs + delaySeconds * 1000)} (within ${delaySeconds} s).`;
}

/** Returns when the old key of a rotation stops working: after the grace period, or sooner at its own expiry. */
export function oldKeyEnd({ expiresAt }: ConsoleKey, graceSeconds: number, nowMs: number): Timestamp {
  const afterGrace = toTimestamp(nowMs + graceSeconds * 1000);
  return expiresAt !== undefined && expiresAt < afterGrace ? expiresAt : afterGrace;
}

/**
 * Returns the expiry of a successor that lives as long as the old key. `null` means never. `undefined` means that the
 * operator must choose an expiry, because the old key's lifetime can't be repeated.
 */
export function successorExpiry({ createdAt, expiresAt }: ConsoleKey, nowMs: number): Timestamp | null | undefined {
  if (expiresAt === undefined) return null;
  const lifeMs = toEpochMs(expiresAt) - toEpochMs(createdAt);
  return lifeMs > 0 && nowMs + lifeMs < Date.UTC(10_000, 0) ? toTimestamp(nowMs + lifeMs) : undefined;
}

/** Returns the preview of an expiry. `undefined` means that the time isn't complete yet. */
export function expiryPreview(expiresAt: Timestamp | null | undefined): string {
  if (expiresAt === undefined) return 'Choose a date and a time.';
  return expiresAt === null ? 'The key never expires.' : `The key expires on ${exactTime(expiresAt)}.`;
}
