import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { readBetterAuth } from '../../../../cli/importExport/betterAuth.ts';
import { readFileStart } from '../../../../cli/importExport/fileStart.ts';
import { detectFormat } from '../../../../cli/importExport/formats.ts';
import { toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';
import { NOW_MS } from '../../../support/keys.ts';

const hash = (key: string) => createHash('sha256').update(key).digest('base64url');
const hex = (key: string) => createHash('sha256').update(key).digest('hex');

const warnings: string[] = [];
const betterAuth = (text: string) => {
  warnings.length = 0;
  return toArray(readBetterAuth(importInput(text, { warn: (warning) => warnings.push(warning) })));
};
const detect = (text: string) => {
  const start = readFileStart(text);
  return start && detectFormat(start);
};

/** A row as the adapters store it. */
const ROW = {
  id: 'gvuSvhEbTP8PjyPaAe8uZ2wmIjQ8IMVz',
  configId: 'default',
  name: 'CI',
  start: 'acme_a',
  prefix: 'acme_',
  key: hash('a'),
  referenceId: 'user1',
  refillInterval: null,
  refillAmount: null,
  lastRefillAt: null,
  enabled: true,
  rateLimitEnabled: true,
  rateLimitTimeWindow: 86_400_000,
  rateLimitMax: 10,
  requestCount: 3,
  remaining: null,
  lastRequest: 1_700_000_000_000,
  expiresAt: '2030-01-01T00:00:00.000Z',
  createdAt: 1_690_000_000_000,
  updatedAt: 1_700_000_000_000,
  permissions: '{"orders":["read","write"],"files":["read"]}',
  metadata: '{"seats":3}',
};
const ENTRY = {
  keyHash: hex('a'),
  id: ROW.id,
  label: 'CI',
  keyPrefix: 'acme_a',
  owner: 'user1',
  scopes: ['orders:read', 'orders:write', 'files:read'],
  metadata: { seats: 3 },
  createdAt: '2023-07-22T04:26:40.000Z',
  lastUsedAt: '2023-11-14T22:13:20.000Z',
  expiresAt: '2030-01-01T00:00:00.000Z',
};
const csv = (row: object) => {
  const cells = Object.values(row).map((cell) => (cell === null ? '' : `"${String(cell).replaceAll('"', '""')}"`));
  return `${Object.keys(row).join()}\n${cells.join()}\n`;
};
const SNAKE_CASE = Object.fromEntries(
  Object.entries(ROW).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]),
);

describe('readBetterAuth', () => {
  test.each([
    ['a JSON list', JSON.stringify([ROW], null, 2), 1],
    ['JSON Lines', `${JSON.stringify(ROW)}\n`, 1],
    ['CSV', csv(ROW), 2],
    ['CSV with names in snake case', csv(SNAKE_CASE), 2],
    [
      'rows of an earlier version with userId',
      JSON.stringify([{ ...ROW, referenceId: undefined, userId: 'user1' }]),
      1,
    ],
    [
      'metadata as JSON text within JSON text',
      JSON.stringify([{ ...ROW, metadata: JSON.stringify('{"seats":3}') }]),
      1,
    ],
    [
      'permissions as JSON text within JSON text',
      JSON.stringify([{ ...ROW, permissions: JSON.stringify(ROW.permissions) }]),
      1,
    ],
    ['permissions as an object', JSON.stringify([{ ...ROW, permissions: JSON.parse(ROW.permissions) }]), 1],
  ])('reads %s', async (_, text, position) => {
    expect(await betterAuth(text)).toEqual([{ position, entry: ENTRY }]);
    expect(warnings).toEqual(['not kept: rateLimitEnabled, rateLimitTimeWindow, rateLimitMax']);
  });

  test.each([
    ['is disabled', { enabled: false }],
    ['is disabled in SQLite', { enabled: 0 }],
    ['has no requests left', { remaining: 0 }],
  ])('disables a key that %s', async (_, fields) => {
    const disabledAt = new Date(NOW_MS).toISOString();
    expect(await betterAuth(JSON.stringify([{ ...ROW, ...fields }]))).toMatchObject([{ entry: { disabledAt } }]);
  });

  test('keeps a key without remaining requests active if it has a refill', async () => {
    const [read] = await betterAuth(JSON.stringify([{ ...ROW, remaining: 0, refillAmount: 10 }]));
    expect(read).toEqual({ position: 1, entry: ENTRY });
  });

  test('gives a key without permissions an empty list of scopes', async () => {
    const rows = [null, '{}', 'null', undefined].map((permissions) => ({ ...ROW, permissions }));
    for (const entry of await betterAuth(JSON.stringify(rows))) expect(entry).toMatchObject({ entry: { scopes: [] } });
  });

  test.each([
    [
      'the raw key',
      { key: 'acme_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl' },
      /^key: expected the SHA-256/,
    ],
    [
      'a raw key that looks like a hash',
      { key: 'abcdefghabcdefghabcdefghabcdefghabcdefghabA', start: 'abcdef' },
      /^key: expected the SHA-256 .*, got a raw key, because it begins with the shown part of the key$/,
    ],
    ['no key', { key: undefined }, /^key is missing$/],
    ['a time in seconds', { expiresAt: 1_893_456_000 }, /^expiresAt: expected a number of milliseconds/],
    ['permissions in another form', { permissions: '["read"]' }, /^permissions: expected a JSON object such as/],
    ['metadata in another form', { metadata: 'x' }, /^metadata: expected a JSON object$/],
  ])('rejects a row with %s without repeating it', async (_, fields, problem) => {
    const read = await betterAuth(JSON.stringify([{ ...ROW, ...fields }]));
    expect(read).toMatchObject([{ position: 1, problem: expect.stringMatching(problem) }]);
    expect(JSON.stringify(read)).not.toContain('abcdefgh');
  });
});

test.each([
  ['a JSON list', JSON.stringify([ROW], null, 2)],
  ['JSON Lines', `${JSON.stringify(ROW)}\n`],
  ['CSV', csv(SNAKE_CASE)],
])('detectFormat detects better-auth in %s', (_, text) => {
  expect(detect(text)).toBe('better-auth');
});
