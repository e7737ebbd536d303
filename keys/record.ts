import { LatchkeyError } from './errors.ts';
import { isJsonObject, isPlainObject, type JsonObject } from './json.ts';
import { parseKeyHash, type KeyHash } from './secret.ts';
import { ATTRIBUTE } from './table.ts';
import { parseTimestamp, type Timestamp } from './timestamp.ts';

/** A key's record in the table. An absent field is unknown or doesn't apply. No field is empty. */
export interface KeyRecord {
  /** SHA-256 of the whole raw key, as 64 hex characters. */
  readonly keyHash: KeyHash;
  /** The key's id in lists and logs, a UUID unless the key was imported with an id. */
  readonly id: string;
  /** The purpose of the key. */
  readonly label: string;
  /** The part of the secret that lists show. An imported key may have none. */
  readonly keyPrefix?: string;
  /** The customer or team that the key was issued to. */
  readonly owner?: string;
  /** The key's scopes. Absent means everything, an empty list nothing. */
  readonly scopes?: readonly string[];
  /** The name of the plan that the key's requests count against. */
  readonly plan?: string;
  /** The operator's own JSON object. */
  readonly metadata?: JsonObject;
  /** The time of the issue. */
  readonly createdAt: Timestamp;
  /** The actor who issued the key. */
  readonly createdBy: string;
  /** The time of the last use, precise to the interval between two last-used writes. Absent until the first use. */
  readonly lastUsedAt?: Timestamp;
  /** The instant from which the key is rejected. */
  readonly expiresAt?: Timestamp;
  /** The time at which the key was disabled. A key with any such time is rejected. */
  readonly disabledAt?: Timestamp;
  /** The actor who disabled the key. */
  readonly disabledBy?: string;
  /** The time at which the key was revoked. A key with any such time is rejected. */
  readonly revokedAt?: Timestamp;
  /** The actor who revoked the key. */
  readonly revokedBy?: string;
  /** The reason for the revocation. */
  readonly revokedReason?: string;
  /** The id of the key that this one succeeds. */
  readonly rotatedFrom?: string;
  /** The id of this key's successor. */
  readonly rotatedTo?: string;
  /** The TTL in epoch seconds. The table deletes the record some time after it. */
  readonly purgeAfter?: number;
  /**
   * A whole number that every change of the record by a `KeyRegistry` increases. Absent means 0. Last-used writes don't change
   * it.
   */
  readonly version?: number;
}

/**
 * A record without its hash, for callers, output and logs. The hash isn't a credential, but only the table needs it.
 */
export type PublicRecord = Omit<KeyRecord, 'keyHash'>;

/** Returns a copy of the record without its hash. Absent fields stay absent. */
export function publicRecord(record: PublicRecord & { readonly keyHash?: KeyHash }): PublicRecord {
  const { keyHash: _, ...shown } = record;
  return shown;
}

/**
 * Reads an item of the table from lib-dynamodb. Unknown attributes are ignored, and a NULL in an optional attribute reads as
 * absent.
 *
 * @throws LatchkeyError `RECORD_CORRUPT`, with the name of the attribute and the key's id, and without a value
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

/** Returns the record as an item for lib-dynamodb. Undefined fields are left out, so no NULL is written. */
export function serialiseRecord(record: KeyRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function readString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Accepts any text that isn't empty: another version may have stored a name that this one would reject. */
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
