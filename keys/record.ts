import { LatchkeyError } from './errors.ts';
import { isJsonObject, isPlainObject, type JsonObject } from './json.ts';
import { parseKeyHash, type KeyHash } from './secret.ts';
import { ATTRIBUTE } from './table.ts';
import { parseTimestamp, type Timestamp } from './timestamp.ts';

/** One key as the table holds it. An optional field that is absent is a fact not known or not so, never an empty value. */
export interface KeyRecord {
  /** SHA-256 of the whole raw key, as 64 hex characters. */
  readonly keyHash: KeyHash;
  /** UUID: what people and logs call the key. */
  readonly id: string;
  /** What the key is for, in the words of who issued it. */
  readonly label: string;
  /** What may be shown of the secret; absent where the key came in by hash alone. */
  readonly keyPrefix?: string;
  /** Whom the key was issued to. */
  readonly owner?: string;
  /** What the key may do; absent means everything. */
  readonly scopes?: readonly string[];
  /** The name of the plan that its requests count against. */
  readonly plan?: string;
  /** What the operator keeps with the key. */
  readonly metadata?: JsonObject;
  /** When the key was issued. */
  readonly createdAt: Timestamp;
  /** Who issued it. */
  readonly createdBy: string;
  /** Absent until the first use; precise to the interval between two last-used writes. */
  readonly lastUsedAt?: Timestamp;
  /** The key is refused from this instant on. */
  readonly expiresAt?: Timestamp;
  /** The key is refused while this is there, whatever the time. */
  readonly disabledAt?: Timestamp;
  /** Who disabled it. */
  readonly disabledBy?: string;
  /** The key is refused once this is there, whatever the time. */
  readonly revokedAt?: Timestamp;
  /** Who revoked it. */
  readonly revokedBy?: string;
  /** Why it was revoked. */
  readonly revokedReason?: string;
  /** Id of the key that this one succeeds. */
  readonly rotatedFrom?: string;
  /** Id of this key's successor. */
  readonly rotatedTo?: string;
  /** Epoch seconds: the table deletes the record some time after this. */
  readonly purgeAfter?: number;
  /**
   * A whole number that every change of the record by a `KeyRegistry` increases. Absent means 0. Last-used writes leave it
   * unchanged.
   */
  readonly version?: number;
}

/**
 * A record without its hash, for callers, output and logs. The hash opens nothing, but it is the table's key, and an id names
 * the key as well.
 */
export type PublicRecord = Omit<KeyRecord, 'keyHash'>;

/** Returns a copy of the record without its hash. A field that is absent stays absent. */
export function publicRecord(record: PublicRecord & { readonly keyHash?: KeyHash }): PublicRecord {
  const { keyHash: _, ...shown } = record;
  return shown;
}

/**
 * Reads an item of the table, as lib-dynamodb hands it out. Attributes this version does not know are passed over, and a
 * NULL in an optional attribute reads as absent.
 *
 * @throws LatchkeyError `RECORD_CORRUPT`, naming the attribute and the key's id, never a value
 */
export function parseRecord(item: unknown): KeyRecord {
  const attributes: Record<string, unknown> = isPlainObject(item) ? item : {};
  const corrupt = (attribute: string): never => {
    const keyId = typeof attributes[ATTRIBUTE.id] === 'string' ? attributes[ATTRIBUTE.id] : undefined;
    throw new LatchkeyError(
      'RECORD_CORRUPT',
      `the record of key ${keyId ?? '(no id)'} has an unreadable ${attribute}`,
      {
        keyId: keyId as string | undefined,
      },
    );
  };
  const required = <T>(name: string, read: (value: unknown) => T | undefined): T =>
    read(attributes[name]) ?? corrupt(name);
  const optional = <K extends keyof KeyRecord>(name: K, read: (value: unknown) => KeyRecord[K] | undefined) => {
    const value = attributes[name];
    if (value === undefined || value === null) return {};
    return { [name]: read(value) ?? corrupt(name) } as Pick<KeyRecord, K>;
  };
  return {
    keyHash: required(ATTRIBUTE.keyHash, parseKeyHash),
    id: required(ATTRIBUTE.id, readString),
    label: required(ATTRIBUTE.label, readString),
    ...optional('keyPrefix', readString),
    ...optional('owner', readString),
    ...optional('scopes', readStrings),
    ...optional('plan', readName),
    ...optional('metadata', readJsonObject),
    createdAt: required(ATTRIBUTE.createdAt, parseTimestamp),
    createdBy: required(ATTRIBUTE.createdBy, readString),
    ...optional('lastUsedAt', parseTimestamp),
    ...optional('expiresAt', parseTimestamp),
    ...optional('disabledAt', parseTimestamp),
    ...optional('disabledBy', readString),
    ...optional('revokedAt', parseTimestamp),
    ...optional('revokedBy', readString),
    ...optional('revokedReason', readString),
    ...optional('rotatedFrom', readString),
    ...optional('rotatedTo', readString),
    ...optional('purgeAfter', readNumber),
    ...optional('version', readVersion),
  };
}

/** The record as an item for lib-dynamodb: absent stays absent, so no NULL is ever written. */
export function serialiseRecord(record: KeyRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function readString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whatever is not empty: a name that this version would not take may have been stored by another. */
function readName(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Returns the value if it can be a record's version, a whole number from 0 on, or `undefined`. */
export function readVersion(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function readStrings(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined;
}

function readJsonObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}
