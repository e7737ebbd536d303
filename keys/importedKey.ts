import { randomUUID } from 'node:crypto';
import { holdsKey } from './findKeys.ts';
import {
  ACTOR_EXPECTED,
  isActor,
  isKeyId,
  isPlanName,
  isText,
  PLAN_EXPECTED,
  problemOf,
  TEXT_EXPECTED,
  expectedFor,
} from './fields.ts';
import { purgeAfter, readTime, TIME_EXPECTED, type Timestamp, toEpochMs, toTimestamp } from './timestamp.ts';
import { copyJson, type JsonObject, type JsonValue } from './json.ts';
import type { KeyRecord } from './record.ts';
import { isAhead } from './state.ts';
import { MAX_SHOWN_LENGTH, parseKeyHash } from './secret.ts';

/** A key that was issued elsewhere, by its hash. What is `null` or left out is not known or not so. */
export interface ImportedKey {
  /** SHA-256 of the whole raw key, as 64 hex characters. */
  readonly keyHash: string;
  /** Kept where it can be an id here: 1 to 36 letters, digits and hyphens. Otherwise the key gets a new one. */
  readonly id?: string | null | undefined;
  /** 1 to 256 characters, none of them a control or invisible character, and not only spaces. */
  readonly label: string;
  /** What may be shown of the raw key: its first characters, at most 24. */
  readonly keyPrefix?: string | null | undefined;
  /** Whom the key was issued to: as the label. */
  readonly owner?: string | null | undefined;
  /** As of a `NewKey`. */
  readonly scopes?: readonly string[] | null | undefined;
  /** The name of the plan that its requests count against. */
  readonly plan?: string | null | undefined;
  /** A JSON object of at most 1024 bytes, nested at most 30 deep. */
  readonly metadata?: JsonObject | null | undefined;
  /**
   * Times are ISO 8601 with a zone, or dates, which stand for the start of that day in UTC. They may be past. A zero time (`0`,
   * year 1, the start of 1970) reads as absent. The import's own time unless given.
   */
  readonly createdAt?: string | null | undefined;
  /** The registry's actor unless given. */
  readonly createdBy?: string | null | undefined;
  /** When the key was last used: at most a minute ahead of the registry's clock. */
  readonly lastUsedAt?: string | null | undefined;
  /** The key is refused from this instant on; a date stands for its end in UTC. */
  readonly expiresAt?: string | null | undefined;
  /** The key is refused while it has one. */
  readonly disabledAt?: string | null | undefined;
  /** Who disabled it. */
  readonly disabledBy?: string | null | undefined;
  /** The key is refused where it has one. */
  readonly revokedAt?: string | null | undefined;
  /** Who revoked it. */
  readonly revokedBy?: string | null | undefined;
  /** Why it was revoked. */
  readonly revokedReason?: string | null | undefined;
  /** Id of the key that this one succeeds; left out where it cannot be an id here. */
  readonly rotatedFrom?: string | null | undefined;
  /** Id of this key's successor; left out where it cannot be an id here. */
  readonly rotatedTo?: string | null | undefined;
}

/** The record to be stored, and whether its id came with it; or what is wrong, without the values. */
export type CheckedImport = { readonly record: KeyRecord; readonly hasOwnId: boolean } | { readonly problem: string };

export interface ImportContext {
  /** Who imports. */
  readonly actor: string;
  readonly nowMs: number;
}

interface Reader {
  readonly wanted: string;
  readonly read: (value: unknown, name: string) => unknown;
}

const text = (wanted: string, isValid: (value: unknown) => boolean): Reader => ({
  wanted,
  read: (value) => (isValid(value) ? value : undefined),
});
const field = (name: 'scopes' | 'metadata'): Reader => ({
  wanted: expectedFor(name),
  read: (value) => (problemOf(name, value, 0) === undefined ? copyJson(value as JsonValue) : undefined),
});
const TIME: Reader = {
  wanted: TIME_EXPECTED,
  read: (value, name) => readTime(value, { dateAs: name === 'expiresAt' ? 'end' : 'start' }),
};
const ACTOR = text(ACTOR_EXPECTED, isActor);

const READERS: Readonly<Record<Exclude<keyof ImportedKey, 'id' | 'rotatedFrom' | 'rotatedTo'>, Reader>> = {
  keyHash: {
    wanted: 'the SHA-256 of a raw key as 64 hex characters',
    read: (value) => (typeof value === 'string' ? parseKeyHash(value.toLowerCase()) : undefined),
  },
  label: text(TEXT_EXPECTED, isText),
  keyPrefix: text(`the first characters of the raw key, at most ${MAX_SHOWN_LENGTH}`, isShownPrefix),
  owner: text(TEXT_EXPECTED, isText),
  scopes: field('scopes'),
  plan: text(PLAN_EXPECTED, isPlanName),
  metadata: field('metadata'),
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

/** Checks one entry. A problem never tells a value: what stands in the wrong place may be a raw key. */
export function checkImportedKey(entry: unknown, { actor, nowMs }: ImportContext): CheckedImport {
  const given: Record<string, unknown> = typeof entry === 'object' && entry !== null ? { ...entry } : {};
  const { fields, problems } = readFields(given);
  problems.push(...aheadProblem(fields['lastUsedAt'] as Timestamp | undefined, nowMs));
  if (problems.length > 0) return { problem: problems.join('; ') };

  const { id, rotatedFrom, rotatedTo } = given;
  const record = {
    ...fields,
    id: isKeyId(id) ? id : randomUUID(),
    createdAt: fields['createdAt'] ?? toTimestamp(nowMs),
    createdBy: fields['createdBy'] ?? actor,
    ...(isKeyId(rotatedFrom) ? { rotatedFrom } : {}),
    ...(isKeyId(rotatedTo) ? { rotatedTo } : {}),
  } as unknown as KeyRecord;
  return { record: { ...record, ...purge(record, nowMs) }, hasOwnId: isKeyId(id) };
}

function readFields(given: Record<string, unknown>) {
  const fields: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { read, wanted }] of Object.entries(READERS)) {
    const value = given[name];
    const isLeftOut = value === undefined || value === null || (TIMES.has(name) && isZeroTime(value));
    if (isLeftOut && name !== 'keyHash' && name !== 'label') continue;
    fields[name] = read(value, name);
    if (fields[name] === undefined) problems.push(`${name}: ${reason(value)}wanted ${wanted}`);
  }
  problems.push(...endsWithoutTime(given));
  return { fields, problems };
}

const TIMES: ReadonlySet<string> = new Set(
  Object.keys(READERS).filter((name) => READERS[name as keyof typeof READERS] === TIME),
);
/** The zero times of Go and .NET (year 1), and of Unix. */
const ZERO_TIMES: ReadonlySet<string | undefined> = new Set(['0001-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z']);
/** The zero time of MySQL. No calendar has this date. */
const ZERO_DATE = /^0000-00-00(?:[T ]00:00(?::00(?:[.,]0+)?)?)?Z?$/i;

/**
 * Whether a value is what programs write for a time that they do not have: `0`, the zero time of Go and .NET (year 1), the
 * Unix epoch, or MySQL's zero date.
 */
export function isZeroTime(value: unknown): boolean {
  if (value === 0) return true;
  if (typeof value !== 'string') return false;
  const text = value.trim();
  return text === '0' || ZERO_DATE.test(text) || ZERO_TIMES.has(readTime(text, { zone: 'UTC' }));
}

/** Returns a problem if a zero time comes with a name or a reason: the key may have been ended at an unknown time. */
function endsWithoutTime(given: Record<string, unknown>): readonly string[] {
  const ends = [
    ['revokedAt', 'revokedBy', 'revokedReason'],
    ['disabledAt', 'disabledBy'],
  ] as const;
  return ends.flatMap(([time, ...about]) => {
    const told = about.find((name) => given[name] !== undefined && given[name] !== null);
    return told !== undefined && isZeroTime(given[time])
      ? [`${time}: got a zero time beside ${told}, wanted the time at which it happened`]
      : [];
  });
}

/** Rejects a last use in the future. A revocation or a disabling in the future is accepted, because it ends the key at once. */
function aheadProblem(lastUsedAt: Timestamp | undefined, nowMs: number): readonly string[] {
  if (lastUsedAt === undefined || !isAhead(toEpochMs(lastUsedAt), nowMs)) return [];
  return [`lastUsedAt: got ${lastUsedAt}, which is to come, wanted a time that has passed`];
}

function reason(value: unknown): string {
  return holdsKey(value) ? 'got an API key in it, ' : '';
}

/** Also what ended long ago stays for the audit, counted from the import. */
function purge({ revokedAt, expiresAt }: KeyRecord, nowMs: number): Pick<KeyRecord, 'purgeAfter'> {
  const end = revokedAt ?? expiresAt;
  return end === undefined ? {} : { purgeAfter: purgeAfter(Math.max(toEpochMs(end), nowMs)) };
}

function isShownPrefix(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_SHOWN_LENGTH && /^[!-~]+$/.test(value);
}
