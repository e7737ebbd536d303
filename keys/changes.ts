import { isDeepStrictEqual } from 'node:util';
import { LatchkeyError } from './errors.ts';
import { findProblem, isText, TEXT_EXPECTED, toExpiryFields } from './fields.ts';
import { toCanonicalIps } from './ipRanges.ts';
import { copyJson, type JsonObject } from './json.ts';
import type { KeyRecord } from './record.ts';
import type { UpdateExpressions } from './store.ts';
import { EDITABLE_FIELDS, type EditableField } from './table.ts';
import { getPurgeAfter, toTimestamp } from './timestamp.ts';

/**
 * Changes to a key's fields. `null` removes a field. An omitted field stays unchanged. The limits are the same as for a
 * `NewKey`.
 */
export interface KeyChanges {
  /** The purpose of the key. */
  readonly label?: string | undefined;
  /** The customer or team that the key was issued to. */
  readonly owner?: string | null | undefined;
  /** The key's scopes. `null` lets the key do everything. An empty list lets it do nothing. */
  readonly scopes?: readonly string[] | null | undefined;
  /** The name of the plan that the key's requests count against. */
  readonly plan?: string | null | undefined;
  /** The IP addresses and CIDR blocks from which the key works. `null` lets the key work from everywhere. */
  readonly allowedIps?: readonly string[] | null | undefined;
  /** New metadata, which replaces all of the old metadata. */
  readonly metadata?: JsonObject | null | undefined;
  /** The new expiry, in the format of a `NewKey`. The key never expires if the value is `null`. */
  readonly expiresAt?: string | null | undefined;
}

/** Options of `KeyRegistry.update`. */
export interface UpdateOptions {
  /**
   * The key's record that you read. Only its `id` and `version` are required. The update is rejected with `CONFLICT` if
   * a registry has changed any field of the record since. Last-used writes don't count as changes.
   *
   * @default - the last of several updates wins
   */
  readonly expected?: { readonly id: string; readonly version?: number | undefined } | undefined;
}

/** A change of one record by one conditional update. */
export interface Change {
  /** The name of the operation in error messages, such as `revocation`. */
  readonly operation: string;
  /** The key's state after the change, for error messages, such as `revoked`. */
  readonly done: string;
  readonly set?: Partial<KeyRecord>;
  readonly remove?: readonly (keyof KeyRecord)[];
  /** Conditions on attributes, written as `#name`. The item must also exist and have the id. */
  readonly conditions: readonly string[];
  /** The values in the conditions, written as `:name`. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** The version that the record must have. `undefined` accepts any version. */
  readonly expectedVersion?: number | undefined;
  /** `true` if the change may overwrite a version that isn't a number. Such a version can't be incremented. */
  readonly replacesVersion?: true;
  /**
   * Returns whether the record already has this change. An earlier attempt may have succeeded although its response was
   * lost.
   */
  readonly isApplied: (record: KeyRecord) => boolean;
  /** `true` if no other change can have the same result. */
  readonly isUnique?: true;
  /** Returns the error if the record's state doesn't allow the change, or `undefined` if it does. */
  readonly refusal: (record: KeyRecord) => LatchkeyError | undefined;
}

/** The author of a change. Every change writes these fields, so that the table's stream shows who made it. */
export type Author = Required<Pick<KeyRecord, 'changedAt' | 'changedBy'>>;

/** Returns the author of a change that an actor makes at a time in epoch milliseconds. */
export function authorOf(actor: string, nowMs: number): Author {
  return { changedAt: toTimestamp(nowMs), changedBy: actor };
}

/** Returns the UpdateItem expressions by which the author makes a change to the key with this id. */
export function updateExpressions(id: string, change: Change, author: Author): UpdateExpressions {
  const { remove = [], conditions, values = {} } = change;
  const set = { ...change.set, ...author };
  const version = versionExpressions(change);
  const setClause = [...Object.keys(set).map((name) => `#${name} = :${name}`), ...version.set].join(', ');
  const removeClause = remove.map((name) => `#${name}`).join(', ');
  const UpdateExpression = [setClause && `SET ${setClause}`, removeClause && `REMOVE ${removeClause}`, ...version.add]
    .filter((clause) => clause !== '')
    .join(' ');
  const ConditionExpression = ['attribute_exists(#keyHash)', '#id = :id', ...conditions, version.condition].join(
    ' AND ',
  );
  const given: Record<string, unknown> = { id, null: 'NULL', number: 'N', ...version.values, ...values, ...set };
  // DynamoDB rejects a name or a value that doesn't occur in an expression.
  const text = `${UpdateExpression} ${ConditionExpression}`;
  return {
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: Object.fromEntries(placeholders(text, '#').map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(placeholders(text, ':').map((name) => [`:${name}`, given[name]])),
  };
}

interface VersionExpressions {
  readonly set: readonly string[];
  readonly add: readonly string[];
  readonly condition: string;
  readonly values: Readonly<Record<string, number>>;
}

/** Returns the expressions that increment the version. DynamoDB can increment only a number or an absent attribute. */
function versionExpressions({ expectedVersion, replacesVersion }: Change): VersionExpressions {
  if (expectedVersion !== undefined) {
    const values = { expectedVersion, nextVersion: expectedVersion + 1 };
    const equal = '#version = :expectedVersion';
    const condition = expectedVersion === 0 ? `(${isAbsent('version')} OR ${equal})` : equal;
    return { set: ['#version = :nextVersion'], add: [], condition, values };
  }
  const values = { one: 1 };
  if (replacesVersion) {
    return { set: ['#version = :one'], add: [], condition: 'NOT attribute_type(#version, :number)', values };
  }
  const condition = '(attribute_not_exists(#version) OR attribute_type(#version, :number))';
  return { set: [], add: ['ADD #version :one'], condition, values };
}

function placeholders(text: string, mark: '#' | ':'): readonly string[] {
  return [...new Set([...text.matchAll(new RegExp(`${mark}(\\w+)`, 'g'))].flatMap(([, name]) => name ?? []))];
}

/** Returns the condition that an attribute is absent or NULL. Latchkey reads NULL as absent. */
export function isAbsent(name: keyof KeyRecord): string {
  return `(attribute_not_exists(#${name}) OR attribute_type(#${name}, :null))`;
}

function isPresent(name: keyof KeyRecord): string {
  return `(attribute_exists(#${name}) AND NOT attribute_type(#${name}, :null))`;
}

/** Returns the condition that some string attributes still have the values of a record that was read. */
export function areUnchanged(
  names: readonly ('expiresAt' | 'disabledAt' | 'revokedAt' | 'rotatedTo')[],
  record: KeyRecord,
): Required<Pick<Change, 'conditions' | 'values'>> {
  const present = names.filter((name) => record[name] !== undefined);
  return {
    conditions: names.map((name) => (record[name] === undefined ? isAbsent(name) : `#${name} = :${name}Read`)),
    values: Object.fromEntries(present.map((name) => [`${name}Read`, record[name]])),
  };
}

/** Returns the error for a change that the record's state doesn't allow. */
export function conflict(id: string, why: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError('CONFLICT', `key ${id} ${why}`, { keyId: id, ...(cause === undefined ? {} : { cause }) });
}

/** Returns the error for a change of a revoked key, or `undefined` if the key isn't revoked. */
export function revokedRefusal({ id, revokedAt, revokedBy }: KeyRecord): LatchkeyError | undefined {
  if (revokedAt === undefined) return undefined;
  const by = revokedBy === undefined ? '' : ` by ${revokedBy}`;
  return new LatchkeyError('ALREADY_REVOKED', `key ${id} was revoked already, at ${revokedAt}${by}`, { keyId: id });
}

/**
 * Returns the error for a change that expects another version of the record. Returns `undefined` if the version is
 * right.
 */
export function versionRefusal({ id, version = 0 }: KeyRecord, expectedVersion = version): LatchkeyError | undefined {
  if (version === expectedVersion) return undefined;
  const versions = `expected version ${expectedVersion}, got ${version}`;
  return conflict(id, `was changed since you read it, maybe in other fields (${versions}): read it again`);
}

/**
 * Checks the changes that an operator or an application passes. Returns a copy without undefined fields.
 *
 * @throws LatchkeyError `INPUT_INVALID`, with a list of every invalid field, or if there aren't any changes
 */
export function checkChanges(input: unknown, nowMs: number): KeyChanges {
  const entries = Object.entries(typeof input === 'object' && input !== null ? input : {});
  const given = entries.filter(([, value]) => value !== undefined);
  const fields = EDITABLE_FIELDS.join(', ');
  const problems = given.flatMap(([name, value]) => {
    if (!isEditable(name)) return `changes: expected only ${fields}, got ${JSON.stringify(name)}`;
    return value === null && name !== 'label' ? [] : (findProblem(name, value, nowMs) ?? []);
  });
  if (given.length === 0) problems.push(`changes: expected one or more of ${fields}, got none`);
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));
  return Object.fromEntries(given.map(([name, value]) => [name, copyJson(value)]));
}

function isEditable(name: string): name is EditableField {
  return (EDITABLE_FIELDS as readonly string[]).includes(name);
}

/** The record to which an update applies. */
export interface UpdateContext {
  /** The current record. It's required if the expiry changes. */
  readonly read: KeyRecord | undefined;
  readonly expectedVersion?: number | undefined;
}

/**
 * Creates the change for a valid update. A new expiry is written only if the old expiry and `rotatedTo` still have the
 * values in `read`. The update must not overwrite the expiry that a rotation has set.
 *
 * @throws LatchkeyError `ALREADY_REVOKED`; `CONFLICT` if the update removes the expiry of a rotated key
 */
export function updateChange(changes: KeyChanges, { read, expectedVersion }: UpdateContext): Change {
  const { set, remove } = splitChanges(changes);
  const refusal = (record: KeyRecord) => revokedRefusal(record) ?? endlessRefusal(changes, record);
  const refused = read === undefined ? undefined : refusal(read);
  if (refused !== undefined) throw refused;
  const unchanged = read === undefined ? undefined : areUnchanged(['expiresAt', 'rotatedTo'], read);
  return {
    operation: 'write',
    done: 'changed',
    set,
    remove,
    conditions: [isAbsent('revokedAt'), ...(unchanged?.conditions ?? [])],
    values: unchanged?.values ?? {},
    expectedVersion,
    isApplied: (record) =>
      Object.entries(set).every(([name, value]) => isDeepStrictEqual(record[name as keyof KeyRecord], value)) &&
      remove.every((name) => record[name] === undefined),
    refusal,
  };
}

function splitChanges(changes: KeyChanges): Required<Pick<Change, 'set' | 'remove'>> {
  const { expiresAt, allowedIps, ...rest } = changes;
  const others = allowedIps === undefined ? rest : { ...rest, allowedIps: allowedIps && toCanonicalIps(allowedIps) };
  const fields = Object.entries(others);
  const set = {
    ...Object.fromEntries(fields.filter(([, value]) => value !== null)),
    ...(typeof expiresAt === 'string' ? toExpiryFields(expiresAt) : {}),
  };
  const removed = fields.flatMap(([name, value]) => (value === null ? [name as keyof KeyRecord] : []));
  return { set, remove: expiresAt === null ? [...removed, 'expiresAt', 'purgeAfter'] : removed };
}

function endlessRefusal({ expiresAt }: KeyChanges, { id, rotatedTo }: KeyRecord): LatchkeyError | undefined {
  if (expiresAt !== null || rotatedTo === undefined) return undefined;
  return conflict(id, `was rotated to ${rotatedTo}, so it needs an expiry`);
}

/** Creates the change that disables a key from a time in epoch milliseconds. */
export function disableChange(actor: string, nowMs: number): Change {
  const disabledAt = toTimestamp(nowMs);
  return {
    operation: 'write',
    done: 'disabled',
    set: { disabledAt, disabledBy: actor },
    // The record keeps the first actor who disabled the key.
    conditions: [isAbsent('revokedAt'), isAbsent('disabledAt')],
    isApplied: (record) => record.disabledAt === disabledAt && record.disabledBy === actor,
    refusal: (record) => {
      const { id, disabledAt: since, disabledBy } = record;
      const by = disabledBy === undefined ? '' : ` by ${disabledBy}`;
      return (
        revokedRefusal(record) ??
        (since === undefined ? undefined : conflict(id, `was disabled already, at ${since}${by}`))
      );
    },
  };
}

/** Creates the change that enables a disabled key. */
export function enableChange(): Change {
  return {
    operation: 'write',
    done: 'enabled',
    remove: ['disabledAt', 'disabledBy'],
    conditions: [isAbsent('revokedAt'), isPresent('disabledAt')],
    isApplied: ({ disabledAt, revokedAt }) => disabledAt === undefined && revokedAt === undefined,
    refusal: (record) =>
      revokedRefusal(record) ?? (record.disabledAt === undefined ? conflict(record.id, 'is not disabled') : undefined),
  };
}

/** Options of `KeyRegistry.revoke`. */
export interface RevokeOptions {
  /**
   * The reason for the revocation, in 1 to 256 characters.
   *
   * @default - no reason
   */
  readonly reason?: string | undefined;
}

/**
 * Creates the change that revokes a key at a time in epoch milliseconds. The table keeps the record for 90 days from
 * that time. The key's expiry doesn't matter.
 *
 * @throws LatchkeyError `INPUT_INVALID`
 */
export function revokeChange({ reason }: RevokeOptions, actor: string, nowMs: number): Change {
  // The message doesn't repeat the text, because it may contain a leaked key.
  if (reason !== undefined && !isText(reason)) {
    throw new LatchkeyError('INPUT_INVALID', `reason: expected ${TEXT_EXPECTED}`);
  }
  const revokedAt = toTimestamp(nowMs);
  return {
    operation: 'revocation',
    done: 'revoked',
    set: {
      revokedAt,
      revokedBy: actor,
      purgeAfter: getPurgeAfter(nowMs),
      ...(reason === undefined ? {} : { revokedReason: reason }),
    },
    // A reason from a record without a revocation doesn't apply to this revocation.
    remove: reason === undefined ? ['revokedReason'] : [],
    conditions: [isAbsent('revokedAt')],
    isApplied: (record) =>
      record.revokedAt === revokedAt && record.revokedBy === actor && record.revokedReason === reason,
    refusal: revokedRefusal,
  };
}
