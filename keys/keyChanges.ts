import { isDeepStrictEqual } from 'node:util';
import { conflict, isAbsent, isAsRead, revokedRefusal, type Change } from './change.ts';
import { LatchkeyError } from './errors.ts';
import { problemOf, type FieldName } from './keyFields.ts';
import { expiry } from './newKey.ts';
import type { JsonObject, KeyRecord } from './record.ts';

/** What is to change about a key: `null` removes, what is left out stays. The bounds are those of a `NewKey`. */
export interface KeyChanges {
  /** What the key is for. */
  readonly label?: string | undefined;
  /** Whom the key was issued to. */
  readonly owner?: string | null | undefined;
  /** `null` lets the key do everything, an empty list nothing. */
  readonly scopes?: readonly string[] | null | undefined;
  /** The name of the plan that its requests count against. */
  readonly plan?: string | null | undefined;
  /** Takes the place of all that there was. */
  readonly metadata?: JsonObject | null | undefined;
  /** ISO 8601 with a zone, in the future; `null` has the key never expire. */
  readonly expiresAt?: string | null | undefined;
}

const FIELDS: readonly FieldName[] = ['label', 'owner', 'scopes', 'plan', 'expiresAt', 'metadata'];

/**
 * Checks changes as an operator or an application gave them, and leaves out what is undefined.
 *
 * @throws LatchkeyError `INPUT_INVALID`, listing every field that is wrong, and for changes that change nothing
 */
export function checkChanges(input: unknown, nowMs: number): KeyChanges {
  const entries = Object.entries(typeof input === 'object' && input !== null ? input : {});
  const given = entries.filter(([, value]) => value !== undefined);
  const problems = given.flatMap(([name, value]) => {
    if (!isField(name)) return `there is no ${JSON.stringify(name)} to change: wanted ${FIELDS.join(', ')}`;
    return value === null && name !== 'label' ? [] : (problemOf(name, value, nowMs) ?? []);
  });
  if (given.length === 0) problems.push(`changes: got none, wanted one or more of ${FIELDS.join(', ')}`);
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));
  return Object.fromEntries(given);
}

/**
 * Makes changes that were checked. An expiry decides how long a key lives, as a rotation does, so it is changed only
 * where both are as `read` has them.
 *
 * @throws LatchkeyError `CONFLICT` where the expiry would be taken from a key that was rotated
 */
export function changing(changes: KeyChanges, read: KeyRecord | undefined): Change {
  const { expiresAt, ...others } = changes;
  const fields = Object.entries(others);
  const set = {
    ...Object.fromEntries(fields.filter(([, value]) => value !== null)),
    ...(typeof expiresAt === 'string' ? expiry(expiresAt) : {}),
  };
  const removed = fields.flatMap(([name, value]) => (value === null ? [name as keyof KeyRecord] : []));
  const remove: readonly (keyof KeyRecord)[] = expiresAt === null ? [...removed, 'expiresAt', 'purgeAfter'] : removed;
  const kept =
    expiresAt === undefined || read === undefined ? [] : [isAsRead('expiresAt', read), isAsRead('rotatedTo', read)];
  if (expiresAt === null && read?.rotatedTo !== undefined) {
    throw conflict(read.id, `was rotated to ${read.rotatedTo}, so it must end: give it a time`);
  }
  return {
    operation: 'write',
    done: 'changed',
    set,
    remove,
    conditions: [isAbsent('revokedAt'), ...kept.map(({ condition }) => condition)],
    values: Object.assign({}, ...kept.map(({ values }) => values)),
    isIn: (record) =>
      Object.entries(set).every(([name, value]) => isDeepStrictEqual(record[name as keyof KeyRecord], value)) &&
      remove.every((name) => record[name] === undefined),
    refusal: revokedRefusal,
  };
}

function isField(name: string): name is FieldName {
  return (FIELDS as readonly string[]).includes(name);
}
