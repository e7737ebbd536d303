import { conflict, isAbsent, isPresent, revokedRefusal, type Change } from './change.ts';
import { toTimestamp } from './timestamp.ts';

/** Has a key refused until it is enabled, from a time in epoch milliseconds. Who disabled it first stays on record. */
export function disabling(actor: string, nowMs: number): Change {
  const disabledAt = toTimestamp(nowMs);
  return {
    operation: 'write',
    done: 'disabled',
    set: { disabledAt, disabledBy: actor },
    conditions: [isAbsent('revokedAt'), isAbsent('disabledAt')],
    isIn: (record) => record.disabledAt === disabledAt && record.disabledBy === actor,
    refusal: (record) => {
      const { id, disabledAt: since, disabledBy } = record;
      const by = disabledBy === undefined ? '' : ` by ${disabledBy}`;
      return (
        revokedRefusal(record) ??
        (since === undefined ? undefined : conflict(id, `is disabled already, since ${since}${by}`))
      );
    },
  };
}

/** Takes a disabling back. */
export function enabling(): Change {
  return {
    operation: 'write',
    done: 'enabled',
    remove: ['disabledAt', 'disabledBy'],
    conditions: [isAbsent('revokedAt'), isPresent('disabledAt')],
    isIn: ({ disabledAt, revokedAt }) => disabledAt === undefined && revokedAt === undefined,
    refusal: (record) =>
      revokedRefusal(record) ?? (record.disabledAt === undefined ? conflict(record.id, 'is not disabled') : undefined),
  };
}
