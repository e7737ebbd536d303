import { isDeepStrictEqual } from 'node:util';
import { areAsRead } from './areAsRead.ts';
import { conflict, isAbsent, revokedRefusal, type Change } from './change.ts';
import { LatchkeyError } from './errors.ts';
import { problemOf, type FieldName } from './keyFields.ts';
import { expiry } from './newKey.ts';
import { copyJson, type JsonObject } from './json.ts';
import type { KeyRecord } from './record.ts';

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
  /** As of a `NewKey`; `null` has the key never expire. */
  readonly expiresAt?: string | null | undefined;
}

/** How a key is updated. */
export interface UpdateOptions {
  /**
   * The key's record as the changes were made up from it, such as `get` gave it. Where a field that is to change is no
   * longer as in it, the update is refused, so that it takes nothing back that somebody else changed meanwhile.
   *
   * @default - the later of two changes stays
   */
  readonly asRead?: Pick<KeyRecord, 'id' | keyof KeyChanges> | undefined;
}

/** What changes are held against. */
export interface ChangeContext {
  /** The record as it is now, needed where the expiry changes or `asRead` is given. */
  readonly read: KeyRecord | undefined;
  readonly asRead: UpdateOptions['asRead'];
}

const FIELDS: readonly FieldName[] = ['label', 'owner', 'scopes', 'plan', 'expiresAt', 'metadata'];

/**
 * Checks changes as an operator or an application gave them, and returns a copy without those that are undefined.
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
  return Object.fromEntries(given.map(([name, value]) => [name, copyJson(value)]));
}

/**
 * Makes changes that were checked. An expiry decides how long a key lives, as a rotation does, so it is changed only
 * where both are as `read` has them; and with `asRead`, so is every field.
 *
 * @throws LatchkeyError `ALREADY_REVOKED`; `CONFLICT` where the expiry would be taken from a key that was rotated, or a
 * field is not as in `asRead`
 */
export function changing(changes: KeyChanges, { read, asRead }: ChangeContext): Change {
  const { set, remove } = written(changes);
  const refusal = (record: KeyRecord) =>
    revokedRefusal(record) ?? endlessRefusal(changes, record) ?? staleRefusal(changes, record, asRead);
  const refused = read === undefined ? undefined : refusal(read);
  if (refused !== undefined) throw refused;
  const kept = read === undefined ? undefined : areAsRead(keptFields(changes, asRead), read);
  return {
    operation: 'write',
    done: 'changed',
    set,
    remove,
    ...kept,
    conditions: [isAbsent('revokedAt'), ...(kept?.conditions ?? [])],
    isIn: (record) =>
      Object.entries(set).every(([name, value]) => isDeepStrictEqual(record[name as keyof KeyRecord], value)) &&
      remove.every((name) => record[name] === undefined),
    refusal,
  };
}

function written(changes: KeyChanges): Required<Pick<Change, 'set' | 'remove'>> {
  const { expiresAt, ...others } = changes;
  const fields = Object.entries(others);
  const set = {
    ...Object.fromEntries(fields.filter(([, value]) => value !== null)),
    ...(typeof expiresAt === 'string' ? expiry(expiresAt) : {}),
  };
  const removed = fields.flatMap(([name, value]) => (value === null ? [name as keyof KeyRecord] : []));
  return { set, remove: expiresAt === null ? [...removed, 'expiresAt', 'purgeAfter'] : removed };
}

/** What must be as it was read for the changes to be made. */
function keptFields(changes: KeyChanges, asRead: UpdateOptions['asRead']): readonly (keyof KeyRecord)[] {
  const named = asRead === undefined ? [] : fieldsOf(changes);
  return changes.expiresAt === undefined ? named : [...new Set<keyof KeyRecord>([...named, 'expiresAt', 'rotatedTo'])];
}

function endlessRefusal({ expiresAt }: KeyChanges, { id, rotatedTo }: KeyRecord): LatchkeyError | undefined {
  if (expiresAt !== null || rotatedTo === undefined) return undefined;
  return conflict(id, `was rotated to ${rotatedTo}, so it must end: give it a time`);
}

function staleRefusal(
  changes: KeyChanges,
  record: KeyRecord,
  asRead: UpdateOptions['asRead'],
): LatchkeyError | undefined {
  if (asRead === undefined) return undefined;
  const stale = fieldsOf(changes).filter((name) => !isDeepStrictEqual(record[name], asRead[name]));
  return stale.length === 0
    ? undefined
    : conflict(record.id, `was changed since it was read, in its ${stale.join(' and its ')}: read it again`);
}

function fieldsOf(changes: KeyChanges): readonly FieldName[] {
  return Object.keys(changes).filter(isField);
}

function isField(name: string): name is FieldName {
  return (FIELDS as readonly string[]).includes(name);
}
