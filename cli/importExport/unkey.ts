import { MAX_SHOWN_LENGTH } from '../../keys/secret.ts';
import { fieldOf, type FileStart, namesIn } from './fileStart.ts';
import type { ImportInput, PositionUnit } from './importFormat.ts';
import { disabledIf } from './keyStatus.ts';
import { type EntryFields, plainName, type ReadEntry } from './readEntry.ts';
import { firstRow, getRowUnit } from './rows.ts';
import { readSource, type Source, type SourceRow } from './sourceRow.ts';

const LISTS = ['keys'];

/** Columns that only Unkey's table has. The hash alone could belong to any system. */
const TABLE_COLUMNS = ['keyAuthId', 'identityId', 'forWorkspaceId', 'pendingMigrationId'].map(plainName);
/** Fields that hardly any other system has beside only the fields of the request. */
const TELLTALE = ['externalId', 'ratelimits', 'credits'].map(plainName);
/** The fields of a key in the request `keys.migrateKeys`. */
const REQUEST_FIELDS = new Set(
  'hash, name, prefix, externalId, ownerId, meta, roles, permissions, expires, enabled, ratelimits, credits'
    .split(', ')
    .map(plainName),
);

/** Returns whether a file has the keys that Unkey's `keys.migrateKeys` accepts, or rows of Unkey's table `keys`. */
export function isUnkey(start: FileStart): boolean {
  const names = namesIn(firstRow(start, LISTS)).map(plainName);
  if (!names.includes('hash') || names.includes('keyhash')) return false;
  if (TABLE_COLUMNS.some((name) => names.includes(name))) return true;
  const isRequest = LISTS.some((name) => Array.isArray(fieldOf(start.json, name)));
  const isLikely = isRequest || TELLTALE.some((name) => names.includes(name));
  return isLikely && names.every((name) => REQUEST_FIELDS.has(name));
}

/** Returns the unit of positions in a file of Unkey's keys. */
export function getUnkeyUnit(start: FileStart): PositionUnit {
  return getRowUnit(start, LISTS);
}

/**
 * Reads Unkey's keys: the request of `keys.migrateKeys`, its list `keys`, JSON Lines or CSV. Hashes are base64 of
 * SHA-256. A number in a time is in milliseconds.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export function readUnkey(input: ImportInput): AsyncGenerator<ReadEntry> {
  return readSource(input, { ...UNKEY, toFields: (row, position) => toFields(row, position, input.nowMs) });
}

const UNKEY: Omit<Source, 'toFields'> = {
  lists: LISTS,
  names: { keyHash: 'hash', label: 'name', owner: 'externalId', scopes: 'permissions', metadata: 'meta' },
  ignored: ['keyAuthId', 'workspaceId', 'forWorkspaceId', 'apiId', 'pk', 'updatedAtM', 'updatedAt', 'byteLength'],
  unkept: ['roles', 'credits', 'remaining', 'remainingRequests', 'refill', 'refillDay', 'refillAmount', 'ratelimits'],
};

function toFields(row: SourceRow, position: number, nowMs: number): EntryFields {
  const [start, id, meta] = [row.take('start', 'prefix'), row.take('id', 'keyId'), row.take('meta')];
  const owner = row.take('externalId', 'ownerId', 'identityId');
  if (row.take('pendingMigrationId') !== undefined) row.problems.push(PENDING);
  return {
    keyHash: row.take('hash'),
    id,
    label: row.take('name') ?? start ?? id ?? owner ?? `unkey ${position}`,
    keyPrefix: typeof start === 'string' ? start.slice(0, MAX_SHOWN_LENGTH) : start,
    owner,
    // A key without permissions fails each check of a permission there. Without a list, it could do everything here.
    scopes: row.take('permissions') ?? [],
    metadata: meta,
    createdAt: row.takeTime('createdAtM', 'milliseconds') ?? row.takeTime('createdAt', 'milliseconds'),
    lastUsedAt: row.takeTime('lastUsedAt', 'milliseconds'),
    expiresAt: row.takeTime('expires', 'milliseconds'),
    revokedAt: row.takeTime('deletedAtM', 'milliseconds'),
    ...disabledIf(row.takeBoolean('enabled') === false || isUsedUp(row), nowMs),
  };
}

const PENDING =
  "pendingMigrationId: expected none, because the hash isn't Unkey's own until the first use of a migrated key";

/** Returns whether the key has no credits left and never gets new ones. Unkey rejects such a key. */
function isUsedUp(row: SourceRow): boolean {
  const credits = row.look('credits');
  const remaining = fieldOf(credits, 'remaining') ?? row.look('remaining') ?? row.look('remainingRequests');
  const refill = fieldOf(credits, 'refill') ?? row.look('refill') ?? row.look('refillAmount');
  return remaining !== undefined && String(remaining) === '0' && (refill === undefined || refill === null);
}
