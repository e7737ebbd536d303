import { isAbsent, type Change } from './change.ts';
import { purgeAfter } from './purgeAfter.ts';
import type { KeyRecord } from './record.ts';
import { toEpochMs } from './timestamp.ts';

/** The fields of a record that get the key refused, now or from some time on. */
export type Restriction = Partial<
  Pick<KeyRecord, 'expiresAt' | 'disabledAt' | 'disabledBy' | 'revokedAt' | 'revokedBy' | 'revokedReason'>
>;

/**
 * Returns the restrictions that `other` has and `record` lacks: a revocation, a disabling, an earlier expiry. Both are records
 * of one key. With them, `record` is as restrictive as both together.
 */
export function addedRestriction(record: Restriction, other: Restriction): Restriction {
  const { expiresAt, disabledAt, disabledBy, revokedAt, revokedBy, revokedReason } = other;
  const isRevoked = revokedAt !== undefined && record.revokedAt === undefined;
  const isDisabled = disabledAt !== undefined && record.disabledAt === undefined;
  const isEarlier = expiresAt !== undefined && (record.expiresAt === undefined || expiresAt < record.expiresAt);
  const added = {
    ...(isEarlier ? { expiresAt } : {}),
    ...(isDisabled ? { disabledAt, disabledBy } : {}),
    ...(isRevoked ? { revokedAt, revokedBy, revokedReason } : {}),
  };
  return Object.fromEntries(Object.entries(added).filter(([, value]) => value !== undefined));
}

/** Creates the change that adds restrictions to a stored record. It's refused if the record's state has changed since the read. */
export function restricting(record: KeyRecord, added: Restriction, nowMs: number): Change {
  const end = added.revokedAt ?? (record.revokedAt === undefined ? added.expiresAt : undefined);
  return {
    operation: 'write',
    done: 'restricted',
    set: { ...added, ...(end === undefined ? {} : { purgeAfter: purgeAfter(Math.max(toEpochMs(end), nowMs)) }) },
    conditions: [
      ...(record.revokedAt === undefined ? [isAbsent('revokedAt')] : []),
      ...(added.disabledAt === undefined ? [] : [isAbsent('disabledAt')]),
      ...(added.expiresAt === undefined
        ? []
        : [record.expiresAt === undefined ? isAbsent('expiresAt') : '#expiresAt = :was']),
    ],
    ...(record.expiresAt === undefined ? {} : { values: { was: record.expiresAt } }),
    isIn: (stored) => Object.keys(addedRestriction(stored, added)).length === 0,
    refusal: () => undefined,
  };
}
