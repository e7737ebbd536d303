import type { KeyRecord } from './record.ts';
import { timesOf } from './recordTimes.ts';

/** Whether a key is accepted, and if not, why. */
export type KeyState = 'active' | 'revoked' | 'expired' | 'disabled';

/** The key's state at a time in epoch milliseconds. Of several, revoked is told before expired before disabled. */
export function keyState(record: Pick<KeyRecord, 'revokedAt' | 'expiresAt' | 'disabledAt'>, nowMs: number): KeyState {
  if (record.revokedAt !== undefined) return 'revoked';
  if (record.expiresAt !== undefined && timesOf(record).expiresAtMs <= nowMs) return 'expired';
  if (record.disabledAt !== undefined) return 'disabled';
  return 'active';
}
