import { randomUUID } from 'node:crypto';
import { holdsKey } from './findKeys.ts';
import { isKeyId } from './keyId.ts';
import { parseTime, problemOf, wantedOf } from './keyFields.ts';
import { isPlanName, PLAN_WANTED } from './plan.ts';
import { purgeAfter } from './purgeAfter.ts';
import type { JsonObject, KeyRecord } from './record.ts';
import { isAhead } from './recordTimes.ts';
import { MAX_SHOWN_LENGTH, parseKeyHash } from './secret.ts';
import { isActor, isText, TEXT_WANTED } from './text.ts';
import { toEpochMs, toTimestamp, type Timestamp } from './timestamp.ts';

/** A key that was issued elsewhere, by its hash. What is `null` or left out is not known or not so. */
export interface ImportedKey {
  /** SHA-256 of the whole raw key, as 64 hex characters. */
  readonly keyHash: string;
  /** Kept where it can be an id here: 1 to 36 letters, digits and hyphens. Otherwise the key gets a new one. */
  readonly id?: string | null | undefined;
  /** 1 to 256 characters. */
  readonly label: string;
  /** What may be shown of the raw key: its first characters, at most 24. */
  readonly keyPrefix?: string | null | undefined;
  /** Whom the key was issued to: 1 to 256 characters. */
  readonly owner?: string | null | undefined;
  /** As of a `NewKey`. */
  readonly scopes?: readonly string[] | null | undefined;
  /** The name of the plan that its requests count against. */
  readonly plan?: string | null | undefined;
  /** A JSON object of at most 1024 bytes, nested at most 30 deep. */
  readonly metadata?: JsonObject | null | undefined;
  /** Times are ISO 8601 with a zone, and may be past; the import's own unless given. */
  readonly createdAt?: string | null | undefined;
  /** The registry's actor unless given. */
  readonly createdBy?: string | null | undefined;
  /** When the key was last used: at most a minute ahead of the registry's clock. */
  readonly lastUsedAt?: string | null | undefined;
  /** The key is refused from this instant on. */
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
  readonly read: (value: unknown) => unknown;
}

const text = (wanted: string, isValid: (value: unknown) => boolean): Reader => ({
  wanted,
  read: (value) => (isValid(value) ? value : undefined),
});
/** What writes times to the nanosecond is common elsewhere. */
const TIME: Reader = {
  wanted: 'a time in ISO 8601 with its zone',
  read: (value) => parseTime(value, { fractionDigits: 9 }),
};
const ACTOR = text('a text that tells who acted', isActor);

const READERS: Readonly<Record<Exclude<keyof ImportedKey, 'id' | 'rotatedFrom' | 'rotatedTo'>, Reader>> = {
  keyHash: {
    wanted: 'the SHA-256 of a raw key as 64 hex characters',
    read: (value) => (typeof value === 'string' ? parseKeyHash(value.toLowerCase()) : undefined),
  },
  label: text(TEXT_WANTED, isText),
  keyPrefix: text(`the first characters of the raw key, at most ${MAX_SHOWN_LENGTH}`, isShownPrefix),
  owner: text(TEXT_WANTED, isText),
  scopes: text(wantedOf('scopes'), (value) => problemOf('scopes', value, 0) === undefined),
  plan: text(PLAN_WANTED, isPlanName),
  metadata: text(wantedOf('metadata'), (value) => problemOf('metadata', value, 0) === undefined),
  createdAt: TIME,
  createdBy: ACTOR,
  lastUsedAt: TIME,
  expiresAt: TIME,
  disabledAt: TIME,
  disabledBy: ACTOR,
  revokedAt: TIME,
  revokedBy: ACTOR,
  revokedReason: text(TEXT_WANTED, isText),
};

/** Checks one entry. A problem never tells a value: what stands in the wrong place may be a raw key. */
export function checkImportedKey(entry: unknown, { actor, nowMs }: ImportContext): CheckedImport {
  const given: Record<string, unknown> = typeof entry === 'object' && entry !== null ? { ...entry } : {};
  const fields: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { read, wanted }] of Object.entries(READERS)) {
    const value = given[name];
    const isLeftOut = value === undefined || value === null;
    if (isLeftOut && name !== 'keyHash' && name !== 'label') continue;
    fields[name] = read(value);
    if (fields[name] === undefined) problems.push(`${name}: ${reason(value)}wanted ${wanted}`);
  }
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

/** Nobody has used the key at a time to come. Of a revocation or a disabling the presence counts, and not the time. */
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
