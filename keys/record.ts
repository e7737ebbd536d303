import { LatchkeyError } from './errors.ts';
import { isJsonObject, isPlainObject, type JsonObject } from './json.ts';
import { parseKeyHash, type KeyHash } from './secret.ts';
import { ATTRIBUTE } from './table.ts';
import { parseTimestamp, type Timestamp } from './timestamp.ts';

/** A key's record in the table. An absent field is unknown or doesn't apply. Fields are never empty. */
export interface KeyRecord {
  /** The SHA-256 hash of the whole raw key, in 64 hex characters. */
  readonly keyHash: KeyHash;
  /** The key's id in lists and logs. It's a UUID unless the key was imported with another id. */
  readonly id: string;
  /** The purpose of the key. */
  readonly label: string;
  /** The part of the secret that lists show. An imported key may lack it. */
  readonly keyPrefix?: string;
  /** The customer or team that the key was issued to. */
  readonly owner?: string;
  /** The key's scopes. The key may do everything if this field is absent. An empty list lets the key do nothing. */
  readonly scopes?: readonly string[];
  /** The name of the plan that the key's requests count against. */
  readonly plan?: string;
  /**
   * The IP addresses and CIDR blocks from which the key works. The key works from everywhere if this field is absent.
   * An empty list lets the key work from nowhere.
   */
  readonly allowedIps?: readonly string[];
  /** The operator's custom JSON object. */
  readonly metadata?: JsonObject;
  /** The time of issue. */
  readonly createdAt: Timestamp;
  /** The actor who issued the key. */
  readonly createdBy: string;
  /**
   * The time of the last use. It's precise to the interval between two last-used writes. It's absent until the first
   * use.
   */
  readonly lastUsedAt?: Timestamp;
  /** The expiry. The authorizer rejects the key from this time on. */
  readonly expiresAt?: Timestamp;
  /**
   * The time when the key was disabled. The authorizer rejects a key with this field, even if the time is in the
   * future.
   */
  readonly disabledAt?: Timestamp;
  /** The actor who disabled the key. */
  readonly disabledBy?: string;
  /**
   * The time when the key was revoked. The authorizer rejects a key with this field, even if the time is in the future.
   */
  readonly revokedAt?: Timestamp;
  /** The actor who revoked the key. */
  readonly revokedBy?: string;
  /** The reason for the revocation. */
  readonly revokedReason?: string;
  /** The id of the key that this one replaced. */
  readonly rotatedFrom?: string;
  /** The id of this key's successor. */
  readonly rotatedTo?: string;
  /**
   * The id of the first key of the rotation chain. The limits of all keys of the chain count by it. It's absent from a
   * first key, and from a successor that an earlier version issued.
   */
  readonly rootId?: string;
  /** The time when the key's limits were last reset. Requests from before it don't count against its quota. */
  readonly limitsResetAt?: Timestamp;
  /**
   * The time of the last change by a `KeyRegistry`. It's absent from a key that wasn't changed since its issue. Neither
   * last-used writes nor changes by earlier releases of Latchkey change it.
   */
  readonly changedAt?: Timestamp;
  /** The actor who made that change. */
  readonly changedBy?: string;
  /** The TTL in epoch seconds. DynamoDB deletes the record some time after it. */
  readonly purgeAfter?: number;
  /**
   * A whole number that a `KeyRegistry` increments with every change of the record. An absent version means 0.
   * Last-used writes don't change it.
   */
  readonly version?: number;
}

/**
 * A record without its hash. Callers, output and logs get this type, because only the table needs the hash. The hash
 * isn't a credential.
 */
export type PublicRecord = Omit<KeyRecord, 'keyHash'>;

/** Returns a copy of the record without its hash. Absent fields stay absent. */
export function publicRecord(record: PublicRecord & { readonly keyHash?: KeyHash }): PublicRecord {
  const { keyHash: _, ...shown } = record;
  return shown;
}

/**
 * Parses an item that lib-dynamodb read from the table. It ignores unknown attributes. An optional attribute with the
 * value NULL counts as absent.
 *
 * @throws LatchkeyError `RECORD_CORRUPT`, with the attribute's name and the key's id, but without values
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
    ...optional('allowedIps', readStrings),
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
    ...optional('rootId', readString),
    ...optional('limitsResetAt', parseTimestamp),
    ...optional('changedAt', parseTimestamp),
    ...optional('changedBy', readString),
    ...optional('purgeAfter', readNumber),
    ...optional('version', readVersion),
  };
}

/**
 * Converts the record to an item for lib-dynamodb. It omits undefined fields, because lib-dynamodb would write them as
 * NULL.
 */
export function serialiseRecord(record: KeyRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function readString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Accepts any string that isn't empty, because another version may have stored a name that this version rejects. */
function readName(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Returns the value if it's a valid version, a whole number of 0 or more. Otherwise, returns `undefined`. */
export function readVersion(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function readStrings(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined;
}

function readJsonObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}
