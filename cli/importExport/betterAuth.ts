import { MAX_SHOWN_LENGTH } from '../../keys/secret.ts';
import { parseJson } from '../options.ts';
import { type FileStart, namesIn } from './fileStart.ts';
import type { ImportInput, PositionUnit } from './importFormat.ts';
import { disabledIf } from './keyStatus.ts';
import { type EntryFields, plainName, type ReadEntry } from './readEntry.ts';
import { firstRow, getRowUnit } from './rows.ts';
import { readSource, type Source, type SourceRow } from './sourceRow.ts';

const LISTS = ['apikey', 'apiKeys'];

/** Returns whether a file has rows of the table `apikey` of better-auth's plugin for API keys. */
export function isBetterAuth(start: FileStart): boolean {
  const names = new Set(namesIn(firstRow(start, LISTS)).map(plainName));
  const hasOwner = names.has('userid') || names.has('referenceid');
  return hasOwner && names.has('key') && names.has('ratelimitenabled');
}

/** Returns the unit of positions in a file of better-auth's keys. */
export function getBetterAuthUnit(start: FileStart): PositionUnit {
  return getRowUnit(start, LISTS);
}

/**
 * Reads rows of better-auth's table `apikey` as a JSON list, JSON Lines or CSV. The column `key` is the SHA-256 in
 * base64url, unless the plugin's `disableKeyHashing` is on. A number in a time is in milliseconds.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export function readBetterAuth(input: ImportInput): AsyncGenerator<ReadEntry> {
  return readSource(input, { ...BETTER_AUTH, toFields: (row, position) => toFields(row, position, input.nowMs) });
}

const BETTER_AUTH: Omit<Source, 'toFields'> = {
  lists: LISTS,
  names: { keyHash: 'key', label: 'name', keyPrefix: 'start', owner: 'referenceId', scopes: 'permissions' },
  ignored: ['configId', 'updatedAt', 'prefix', 'lastRefillAt', 'requestCount'],
  unkept: ['remaining', 'refillInterval', 'refillAmount', 'rateLimitEnabled', 'rateLimitMax', 'rateLimitTimeWindow'],
};

function toFields(row: SourceRow, position: number, nowMs: number): EntryFields {
  const [start, id] = [row.take('start'), row.take('id')];
  const owner = row.take('referenceId', 'userId');
  return {
    keyHash: row.take('key'),
    id,
    label: row.take('name') ?? start ?? id ?? `better-auth ${position}`,
    keyPrefix: typeof start === 'string' ? start.slice(0, MAX_SHOWN_LENGTH) : start,
    owner,
    scopes: takeScopes(row),
    metadata: takeMetadata(row),
    createdAt: row.takeTime('createdAt', 'milliseconds'),
    lastUsedAt: row.takeTime('lastRequest', 'milliseconds'),
    expiresAt: row.takeTime('expiresAt', 'milliseconds'),
    ...disabledIf(row.takeBoolean('enabled') === false || isUsedUp(row), nowMs),
  };
}

/** Converts `{"orders":["read"]}` to `orders:read`. A key without permissions gets an empty list. */
function takeScopes(row: SourceRow): readonly string[] {
  const permissions = parseNested(row.take('permissions'));
  if (isNothing(permissions)) return [];
  const isValid = namesIn(permissions).length > 0 && Object.values(permissions as object).every(isListOfTexts);
  if (!isValid) {
    row.problems.push('permissions: expected a JSON object such as {"orders":["read"]}');
    return [];
  }
  const byResource = Object.entries(permissions as Readonly<Record<string, readonly string[]>>);
  return byResource.flatMap(([resource, actions]) => actions.map((action) => `${resource}:${action}`));
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((action) => typeof action === 'string');
}

function takeMetadata(row: SourceRow): unknown {
  const metadata = parseNested(row.take('metadata'));
  return isNothing(metadata) ? undefined : metadata;
}

/**
 * Parses JSON text. Earlier versions of better-auth stored some objects as JSON text within JSON text. Returns a text
 * that isn't JSON unchanged.
 */
function parseNested(value: unknown): unknown {
  const outer = parseText(value);
  return parseText(outer);
}

function parseText(value: unknown): unknown {
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  return parsed === undefined ? value : parsed;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** Returns whether the key has no requests left and never gets new ones. better-auth rejects such a key. */
function isUsedUp(row: SourceRow): boolean {
  return String(row.look('remaining')) === '0' && row.look('refillAmount') === undefined;
}
