import { LatchkeyError } from './errors.ts';
import { purgeAfter } from './purgeAfter.ts';
import type { KeyRecord } from './record.ts';
import { isText, TEXT_WANTED } from './text.ts';
import { toTimestamp } from './timestamp.ts';

/** What a revocation writes into a record. */
export type Revocation = Required<Pick<KeyRecord, 'revokedAt' | 'revokedBy' | 'purgeAfter'>> &
  Pick<KeyRecord, 'revokedReason'>;

export interface RevokeOptions {
  /** 1 to 256 characters. */
  readonly reason?: string | undefined;
}

/**
 * A revocation at a time in epoch milliseconds. The record goes 90 days later, also where the key's expiry had it go at
 * another time.
 *
 * @throws LatchkeyError `INPUT_INVALID`
 */
export function makeRevocation({ reason }: RevokeOptions, actor: string, nowMs: number): Revocation {
  // The text is not told: what an operator pastes beside a leaked key may be the key.
  if (reason !== undefined && !isText(reason))
    throw new LatchkeyError('INPUT_INVALID', `reason: wanted ${TEXT_WANTED}`);
  return {
    revokedAt: toTimestamp(nowMs),
    revokedBy: actor,
    purgeAfter: purgeAfter(nowMs),
    ...(reason === undefined ? {} : { revokedReason: reason }),
  };
}

/** The expressions of DynamoDB's UpdateItem that revoke the key of this id, once. */
export function revocationUpdate(id: string, { revokedAt, revokedBy, purgeAfter, revokedReason }: Revocation) {
  const isThatKey = 'attribute_exists(keyHash) AND id = :id';
  const isNotRevoked = '(attribute_not_exists(revokedAt) OR attribute_type(revokedAt, :null))';
  const revoke = 'SET revokedAt = :revokedAt, revokedBy = :revokedBy, purgeAfter = :purgeAfter';
  // A reason without a revocation is somebody's leftover, and not the reason of this one.
  const explain = revokedReason === undefined ? ' REMOVE revokedReason' : ', revokedReason = :revokedReason';
  return {
    UpdateExpression: `${revoke}${explain}`,
    ConditionExpression: `${isThatKey} AND ${isNotRevoked}`,
    ExpressionAttributeValues: {
      ':id': id,
      ':null': 'NULL',
      ':revokedAt': revokedAt,
      ':revokedBy': revokedBy,
      ':purgeAfter': purgeAfter,
      ...(revokedReason === undefined ? {} : { ':revokedReason': revokedReason }),
    },
  };
}

/** Whether the record holds just this revocation. */
export function isRevokedAs(record: KeyRecord, revocation: Revocation): boolean {
  const names = ['revokedAt', 'revokedBy', 'revokedReason'] as const;
  return names.every((name) => record[name] === revocation[name]);
}
