import { randomUUID } from 'node:crypto';
import { ACTOR_EXPECTED, expectedFor, findProblem, isActor, isText, TEXT_EXPECTED } from './fields.ts';
import { isKeyId } from './keyId.ts';
import { holdsKey } from './findKeys.ts';
import { isAllowedIps, toCanonicalIps } from './ipRanges.ts';
import { copyJson, type JsonObject, type JsonValue } from './json.ts';
import { type KeyRecord, readVersion } from './record.ts';
import { EXTERNAL_LENGTH, hashSecret, type KeySecret, MAX_SHOWN_LENGTH, parseKeyHash } from './secret.ts';
import { isAhead } from './state.ts';
import type { EditableField } from './table.ts';
import { getPurgeAfter, readTime, TIME_EXPECTED, type Timestamp, toEpochMs, toTimestamp } from './timestamp.ts';

/**
 * A key of another system, with its hash instead of its secret. A field that is `null` or omitted is unknown or doesn't
 * apply.
 */
export interface ImportedKey {
  /** The SHA-256 hash of the whole raw key, in 64 hex characters. */
  readonly keyHash: string;
  /** The key's id, if it has 1 to 36 letters, digits and hyphens. Otherwise, the key gets a new id. */
  readonly id?: string | null | undefined;
  /**
   * The purpose of the key, in 1 to 256 characters. It can't be only spaces, or contain control or invisible
   * characters.
   */
  readonly label: string;
  /** The first characters of the raw key, at most 32. Everyone who can read records sees them. */
  readonly keyPrefix?: string | null | undefined;
  /** The customer or team that the key was issued to. The label's limits apply. */
  readonly owner?: string | null | undefined;
  /** The key's scopes, in the format of a `NewKey`. */
  readonly scopes?: readonly string[] | null | undefined;
  /** The name of the plan that the key's requests count against. */
  readonly plan?: string | null | undefined;
  /** The IP addresses and CIDR blocks from which the key works, in the format of a `NewKey`. */
  readonly allowedIps?: readonly string[] | null | undefined;
  /** A JSON object of at most 1024 bytes and at most 30 levels. */
  readonly metadata?: JsonObject | null | undefined;
  /**
   * The time of issue. The default is the time of the import. All times here are ISO 8601 with a zone, or dates. A date
   * means the start of that day in UTC. Times may be in the past. A zero time (`0`, year 1 or the start of 1970) counts
   * as absent.
   */
  readonly createdAt?: string | null | undefined;
  /** The actor who issued the key. The default is the registry's actor. */
  readonly createdBy?: string | null | undefined;
  /** The time of the last use, at most one minute ahead of the registry's clock. */
  readonly lastUsedAt?: string | null | undefined;
  /** The expiry. The authorizer rejects the key from this time on. A date means the end of that day in UTC. */
  readonly expiresAt?: string | null | undefined;
  /** The time when the key was disabled. The authorizer rejects a key with this field. */
  readonly disabledAt?: string | null | undefined;
  /** The actor who disabled the key. */
  readonly disabledBy?: string | null | undefined;
  /** The time when the key was revoked. The authorizer rejects a key with this field. */
  readonly revokedAt?: string | null | undefined;
  /** The actor who revoked the key. */
  readonly revokedBy?: string | null | undefined;
  /** The reason for the revocation. */
  readonly revokedReason?: string | null | undefined;
  /**
   * The id of the key that this one replaced. The import omits an id that doesn't consist of 1 to 36 letters, digits
   * and hyphens.
   */
  readonly rotatedFrom?: string | null | undefined;
  /**
   * The id of this key's successor. The import omits an id that doesn't consist of 1 to 36 letters, digits and hyphens.
   */
  readonly rotatedTo?: string | null | undefined;
  /**
   * The id of the first key of the rotation chain. The import omits an id that doesn't consist of 1 to 36 letters, digits
   * and hyphens.
   */
  readonly rootId?: string | null | undefined;
  /** The record's version, from an export. The import omits a version that isn't a whole number of 0 or more. */
  readonly version?: number | null | undefined;
}

/**
 * The record to store, and whether it has the entry's own id. An invalid entry has the list of its problems, without
 * its values.
 */
export type CheckedImport = { readonly record: KeyRecord; readonly hasOwnId: boolean } | { readonly problem: string };

export interface ImportContext {
  /** The actor who imports the keys. */
  readonly actor: string;
  readonly nowMs: number;
}

interface Reader {
  readonly expected: string;
  /** Returns the value to store, or `undefined` if the value isn't valid. */
  readonly read: (value: unknown, name: string) => unknown;
}

const text = (expected: string, isValid: (value: unknown) => boolean): Reader => ({
  expected,
  read: (value) => (isValid(value) ? value : undefined),
});
const editable = (name: Exclude<EditableField, 'expiresAt'>): Reader => ({
  expected: expectedFor(name),
  read: (value) => (findProblem(name, value, 0) === undefined ? copyJson(value as JsonValue) : undefined),
});
const TIME: Reader = {
  expected: TIME_EXPECTED,
  read: (value, name) => readTime(value, { dateAs: name === 'expiresAt' ? 'end' : 'start' }),
};
const ACTOR = text(ACTOR_EXPECTED, isActor);

/** The fields that reject an entry if their values are invalid. */
type CheckedField = Exclude<keyof ImportedKey, 'id' | 'rotatedFrom' | 'rotatedTo' | 'rootId' | 'version'>;

const READERS: Readonly<Record<CheckedField, Reader>> = {
  keyHash: {
    expected: 'the SHA-256 of a raw key as 64 hex characters',
    read: (value) => (typeof value === 'string' ? parseKeyHash(value.toLowerCase()) : undefined),
  },
  label: editable('label'),
  keyPrefix: text(`the first characters of the raw key, at most ${MAX_SHOWN_LENGTH}`, isShownPrefix),
  owner: editable('owner'),
  scopes: editable('scopes'),
  plan: editable('plan'),
  allowedIps: {
    expected: expectedFor('allowedIps'),
    read: (value) => (isAllowedIps(value) ? toCanonicalIps(value) : undefined),
  },
  metadata: editable('metadata'),
  createdAt: TIME,
  createdBy: ACTOR,
  lastUsedAt: TIME,
  expiresAt: TIME,
  disabledAt: TIME,
  disabledBy: ACTOR,
  revokedAt: TIME,
  revokedBy: ACTOR,
  revokedReason: text(TEXT_EXPECTED, isText),
};

const TIMES: ReadonlySet<string> = new Set(
  Object.keys(READERS).filter((name) => READERS[name as CheckedField] === TIME),
);

/** Checks one entry. A problem never shows the value, because a misplaced value may be a raw key. */
export function checkImportedKey(entry: unknown, { actor, nowMs }: ImportContext): CheckedImport {
  const given: Record<string, unknown> = typeof entry === 'object' && entry !== null ? { ...entry } : {};
  const { fields, problems } = readFields(given);
  problems.push(...aheadProblem(fields['lastUsedAt'] as Timestamp | undefined, nowMs));
  if (problems.length > 0) return { problem: problems.join('; ') };

  const { id, rotatedFrom, rotatedTo, rootId } = given;
  const version = readVersion(given['version']);
  const record = {
    ...fields,
    id: isKeyId(id) ? id : randomUUID(),
    createdAt: fields['createdAt'] ?? toTimestamp(nowMs),
    createdBy: fields['createdBy'] ?? actor,
    ...(isKeyId(rotatedFrom) ? { rotatedFrom } : {}),
    ...(isKeyId(rotatedTo) ? { rotatedTo } : {}),
    ...(isKeyId(rootId) ? { rootId } : {}),
    ...(version === undefined ? {} : { version }),
  } as unknown as KeyRecord;
  return { record: { ...record, ...purge(record, nowMs) }, hasOwnId: isKeyId(id) };
}

function readFields(given: Record<string, unknown>) {
  const fields: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { read, expected }] of Object.entries(READERS)) {
    const value = given[name];
    const isLeftOut = value === undefined || value === null || (TIMES.has(name) && isZeroTime(value));
    if (isLeftOut && name !== 'keyHash' && name !== 'label') continue;
    fields[name] = read(value, name);
    if (fields[name] !== undefined) continue;
    problems.push(`${name}: expected ${expected}${holdsKey(value) ? ', got an API key in it' : ''}`);
  }
  problems.push(...endsWithoutTime(given), ...copiesOfKey({ ...fields, id: given['id'] }));
  return { fields, problems };
}

/** The problem with a field that has the raw key in it. Everyone who can read records would see the key. */
export const KEY_IN_FIELD = 'expected a value without the key, got the key in it';

/** Returns the problems with fields whose value is the raw key itself, because its hash is `keyHash`. */
function copiesOfKey({ keyHash, metadata = {}, ...others }: Record<string, unknown>): readonly string[] {
  if (keyHash === undefined) return [];
  const isKey = (value: unknown): boolean => {
    if (typeof value !== 'string') return valuesIn(value).some(isKey);
    return value.length >= EXTERNAL_LENGTH.least && hashSecret(value as KeySecret) === keyHash;
  };
  // Only valid metadata has a limited depth.
  const names = Object.keys(others).filter((name) => typeof others[name] === 'string' && isKey(others[name]));
  return [...names, ...(isKey(metadata) ? ['metadata'] : [])].map((name) => `${name}: ${KEY_IN_FIELD}`);
}

function valuesIn(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

/**
 * Returns a problem if a zero time has an actor or a reason. The key may have been revoked or disabled at an unknown
 * time.
 */
function endsWithoutTime(given: Record<string, unknown>): readonly string[] {
  const ends = [
    ['revokedAt', 'revokedBy', 'revokedReason'],
    ['disabledAt', 'disabledBy'],
  ] as const;
  return ends.flatMap(([time, ...about]) => {
    const other = about.find((name) => given[name] !== undefined && given[name] !== null);
    return other !== undefined && isZeroTime(given[time])
      ? [`${time}: expected the time at which it happened, because there is a ${other}, got a zero time`]
      : [];
  });
}

/**
 * Rejects a last use in the future. A future revocation or disabling is valid, because the key stops working
 * immediately.
 */
function aheadProblem(lastUsedAt: Timestamp | undefined, nowMs: number): readonly string[] {
  if (lastUsedAt === undefined || !isAhead(toEpochMs(lastUsedAt), nowMs)) return [];
  return [`lastUsedAt: expected a time in the past, got ${lastUsedAt}`];
}

/** Returns the TTL of an ended key's record. The table keeps that record for the audit, from the import on. */
function purge({ revokedAt, expiresAt }: KeyRecord, nowMs: number): Pick<KeyRecord, 'purgeAfter'> {
  const end = revokedAt ?? expiresAt;
  return end === undefined ? {} : { purgeAfter: getPurgeAfter(Math.max(toEpochMs(end), nowMs)) };
}

function isShownPrefix(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_SHOWN_LENGTH && /^[!-~]+$/.test(value);
}

/** The zero times of Go and .NET (year 1), and of Unix. */
const ZERO_TIMES: ReadonlySet<string | undefined> = new Set(['0001-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z']);
/** MySQL's zero time. This date doesn't exist in any calendar. */
const ZERO_DATE = /^0000-00-00(?:[T ]00:00(?::00(?:[.,]0+)?)?)?Z?$/i;

/** Returns whether the value means "no time": `0`, the Unix epoch, MySQL's zero date, or year 1 (Go and .NET). */
export function isZeroTime(value: unknown): boolean {
  if (value === 0) return true;
  if (typeof value !== 'string') return false;
  const trimmed = value.trim();
  return trimmed === '0' || ZERO_DATE.test(trimmed) || ZERO_TIMES.has(readTime(trimmed, { zone: 'UTC' }));
}
