import { isAbsent, revokedRefusal, type Change } from './change.ts';
import { LatchkeyError } from './errors.ts';
import { purgeAfter } from './purgeAfter.ts';
import { isText, TEXT_WANTED } from './text.ts';
import { toTimestamp } from './timestamp.ts';

/** What is said of a revocation. */
export interface RevokeOptions {
  /**
   * Why, in 1 to 256 characters.
   *
   * @default - none is told
   */
  readonly reason?: string | undefined;
}

/**
 * Ends a key at a time in epoch milliseconds, once. The record goes 90 days later, also where the key's expiry had it go
 * at another time.
 *
 * @throws LatchkeyError `INPUT_INVALID`
 */
export function revocation({ reason }: RevokeOptions, actor: string, nowMs: number): Change {
  // The text is not told: what an operator pastes beside a leaked key may be the key.
  if (reason !== undefined && !isText(reason))
    throw new LatchkeyError('INPUT_INVALID', `reason: wanted ${TEXT_WANTED}`);
  const revokedAt = toTimestamp(nowMs);
  return {
    operation: 'revocation',
    done: 'revoked',
    set: {
      revokedAt,
      revokedBy: actor,
      purgeAfter: purgeAfter(nowMs),
      ...(reason === undefined ? {} : { revokedReason: reason }),
    },
    // A reason without a revocation is somebody's leftover, and not the reason of this one.
    remove: reason === undefined ? ['revokedReason'] : [],
    conditions: [isAbsent('revokedAt')],
    isIn: (record) => record.revokedAt === revokedAt && record.revokedBy === actor && record.revokedReason === reason,
    refusal: revokedRefusal,
  };
}
