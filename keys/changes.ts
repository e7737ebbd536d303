import { isDeepStrictEqual } from 'node:util';
import { LatchkeyError } from './errors.ts';
import { expiry, type FieldName, isText, problemOf, TEXT_EXPECTED } from './fields.ts';
import { copyJson, type JsonObject } from './json.ts';
import type { KeyRecord } from './record.ts';
import type { UpdateExpressions } from './store.ts';
import { purgeAfter, toTimestamp } from './timestamp.ts';

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
  readonly expected?: Pick<KeyRecord, 'id' | keyof KeyChanges> | undefined;
}

/** What changes are held against. */
export interface ChangeContext {
  /** The record as it is now, needed where the expiry changes or `expected` is given. */
  readonly read: KeyRecord | undefined;
  readonly expected: UpdateOptions['expected'];
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
 * where both are as `read` has them; and with `expected`, so is every field.
 *
 * @throws LatchkeyError `ALREADY_REVOKED`; `CONFLICT` where the expiry would be taken from a key that was rotated, or a
 * field is not as in `expected`
 */
export function changing(changes: KeyChanges, { read, expected }: ChangeContext): Change {
  const { set, remove } = written(changes);
  const refusal = (record: KeyRecord) =>
    revokedRefusal(record) ?? endlessRefusal(changes, record) ?? staleRefusal(changes, record, expected);
  const refused = read === undefined ? undefined : refusal(read);
  if (refused !== undefined) throw refused;
  const kept = read === undefined ? undefined : areAsRead(keptFields(changes, expected), read);
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
function keptFields(changes: KeyChanges, expected: UpdateOptions['expected']): readonly (keyof KeyRecord)[] {
  const named = expected === undefined ? [] : fieldsOf(changes);
  return changes.expiresAt === undefined ? named : [...new Set<keyof KeyRecord>([...named, 'expiresAt', 'rotatedTo'])];
}

function endlessRefusal({ expiresAt }: KeyChanges, { id, rotatedTo }: KeyRecord): LatchkeyError | undefined {
  if (expiresAt !== null || rotatedTo === undefined) return undefined;
  return conflict(id, `was rotated to ${rotatedTo}, so it must end: give it a time`);
}

function staleRefusal(
  changes: KeyChanges,
  record: KeyRecord,
  expected: UpdateOptions['expected'],
): LatchkeyError | undefined {
  if (expected === undefined) return undefined;
  const stale = fieldsOf(changes).filter((name) => !isDeepStrictEqual(record[name], expected[name]));
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

/** A change of one record, made by one conditional update. */
export interface Change {
  /** What the operation is called in a fault: `revocation`. */
  readonly operation: string;
  /** What the key is then: `revoked`. */
  readonly done: string;
  readonly set?: Partial<KeyRecord>;
  readonly remove?: readonly (keyof KeyRecord)[];
  /** All must hold, beside that the item exists and has the id. Attributes are written `#name`. */
  readonly conditions: readonly string[];
  /** Of the conditions: `#name` is the attribute of this name, where it is not `name` itself. */
  readonly names?: Readonly<Record<string, string>>;
  /** Of the conditions: `:name` is the value of this name. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Whether the record holds just this change already: then the answer to an earlier try was lost. */
  readonly isIn: (record: KeyRecord) => boolean;
  /** No other change can look like it. */
  readonly isUnique?: true;
  /** Why the record does not take the change; `undefined` where it would, as far as the record tells. */
  readonly refusal: (record: KeyRecord) => LatchkeyError | undefined;
}

/** Absent, or NULL, which reads as absent. */
export function isAbsent(name: keyof KeyRecord): string {
  return `(attribute_not_exists(#${name}) OR attribute_type(#${name}, :null))`;
}

export function isPresent(name: keyof KeyRecord): string {
  return `(attribute_exists(#${name}) AND NOT attribute_type(#${name}, :null))`;
}

/** The expressions of DynamoDB's UpdateItem that change the key of this id. */
export function updateExpressions(
  id: string,
  { set = {}, remove = [], conditions, names: aliases = {}, values = {} }: Change,
): UpdateExpressions {
  const names = Object.keys(set);
  const setClause = names.map((name) => `#${name} = :${name}`).join(', ');
  const removeClause = remove.map((name) => `#${name}`).join(', ');
  const UpdateExpression = [setClause && `SET ${setClause}`, removeClause && `REMOVE ${removeClause}`]
    .filter((clause) => clause !== '')
    .join(' ');
  const ConditionExpression = ['attribute_exists(#keyHash)', '#id = :id', ...conditions].join(' AND ');
  const given: Record<string, unknown> = { id, null: 'NULL', list: 'L', map: 'M', ...values, ...set };
  // DynamoDB refuses a name or a value that no expression uses.
  const text = `${UpdateExpression} ${ConditionExpression}`;
  return {
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: Object.fromEntries(
      placeholders(text, '#').map((name) => [`#${name}`, aliases[name] ?? name]),
    ),
    ExpressionAttributeValues: Object.fromEntries(placeholders(text, ':').map((name) => [`:${name}`, given[name]])),
  };
}

function placeholders(text: string, mark: '#' | ':'): readonly string[] {
  return [...new Set([...text.matchAll(new RegExp(`${mark}(\\w+)`, 'g'))].flatMap(([, name]) => name ?? []))];
}

/** What a revoked record answers to every change; `undefined` for one that is not. */
export function revokedRefusal({ id, revokedAt, revokedBy }: KeyRecord): LatchkeyError | undefined {
  if (revokedAt === undefined) return undefined;
  const by = revokedBy === undefined ? '' : ` by ${revokedBy}`;
  return new LatchkeyError('ALREADY_REVOKED', `key ${id} was revoked already, at ${revokedAt}${by}`, { keyId: id });
}

/** The record's state does not take the change. */
export function conflict(id: string, why: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError('CONFLICT', `key ${id} ${why}`, { keyId: id, ...(cause === undefined ? {} : { cause }) });
}

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
    throw new LatchkeyError('INPUT_INVALID', `reason: wanted ${TEXT_EXPECTED}`);
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

/** What an update takes of a comparison. */
type Comparison = Required<Pick<Change, 'conditions' | 'names' | 'values'>>;

/**
 * How much of a list or an object is compared: an expression has 4 KB and 300 operators in all (DynamoDB's quotas), and the
 * largest one has two such attributes.
 */
const MAX_PARTS = 50;
const MAX_LENGTH = 1600;

/** A part of an attribute's value. */
interface Part {
  readonly path: string;
  readonly value: unknown;
}

/** Has a placeholder, `:v0` or `#n0`, stand for something. */
interface Bind {
  readonly name: (name: string) => string;
  readonly value: (value: unknown) => string;
}

/**
 * That attributes are as they were read. A list or an object is compared part by part, the outer parts first, because not
 * every engine compares whole ones: how long it is, and then each part, 50 of them or as many as there is room for.
 */
export function areAsRead(attributes: readonly (keyof KeyRecord)[], record: KeyRecord): Comparison {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const bind: Bind = {
    name: (name) => `#${placeholderIn(names, 'n', name)}`,
    value: (value) => `:${placeholderIn(values, 'v', value)}`,
  };
  const conditions = attributes.flatMap((name) => {
    const value = record[name];
    return value === undefined ? [isAbsent(name)] : equalities({ path: `#${name}`, value }, bind);
  });
  return { conditions, names, values };
}

function placeholderIn<T>(bound: Record<string, T>, mark: string, value: T): string {
  const placeholder = `${mark}${Object.keys(bound).length}`;
  bound[placeholder] = value;
  return placeholder;
}

function equalities(whole: Part, bind: Bind): readonly string[] {
  const conditions: string[] = [];
  const parts = [whole];
  // It grows as it is gone through.
  for (const part of parts) {
    if (conditions.length > MAX_PARTS || conditions.join(' AND ').length > MAX_LENGTH) break;
    conditions.push(equality(part, bind));
    parts.push(...partsOf(part, bind));
  }
  return conditions;
}

function equality({ path, value }: Part, bind: Bind): string {
  if (value === null) return `attribute_type(${path}, :null)`;
  if (typeof value !== 'object') return `${path} = ${bind.value(value)}`;
  const type = Array.isArray(value) ? ':list' : ':map';
  return `attribute_type(${path}, ${type}) AND size(${path}) = ${bind.value(Object.keys(value).length)}`;
}

function partsOf({ path, value }: Part, bind: Bind): readonly Part[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.map((element, index) => ({ path: `${path}[${index}]`, value: element }));
  return Object.entries(value).map(([name, part]) => ({ path: `${path}.${bind.name(name)}`, value: part }));
}
