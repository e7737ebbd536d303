import { LatchkeyError } from './errors.ts';
import type { KeyRecord } from './record.ts';
import type { UpdateExpressions } from './registryStore.ts';

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
