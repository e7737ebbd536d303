import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readFileStart } from '../../../../cli/importExport/fileStart.ts';
import { detectFormat } from '../../../../cli/importExport/formats.ts';
import { readUnkey } from '../../../../cli/importExport/unkey.ts';
import { toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';
import { NOW_MS } from '../../../support/keys.ts';

const hash = (key: string) => createHash('sha256').update(key).digest('base64');
const hex = (key: string) => createHash('sha256').update(key).digest('hex');
const now = new Date(NOW_MS).toISOString();

const warnings: string[] = [];
const unkey = (value: unknown) => {
  warnings.length = 0;
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return toArray(readUnkey(importInput(text, { warn: (warning) => warnings.push(warning) })));
};
const detect = (text: string) => {
  const start = readFileStart(text);
  return start && detectFormat(start);
};

const KEY = {
  hash: hash('a'),
  name: 'Billing',
  externalId: 'user_1',
  meta: { plan: 'pro' },
  roles: ['admin'],
  permissions: ['api.read', 'api.write'],
  expires: 1_893_456_000_000,
  enabled: true,
  credits: { remaining: 10, refill: { interval: 'daily', amount: 10 } },
  ratelimits: [{ name: 'requests', limit: 100, duration: 60_000, autoApply: true }],
};

describe('readUnkey', () => {
  test('reads the request of keys.migrateKeys', async () => {
    expect(await unkey({ migrationId: 'acme', apiId: 'api_1', keys: [KEY, { hash: hash('b') }] })).toEqual([
      {
        position: 1,
        entry: {
          keyHash: hex('a'),
          label: 'Billing',
          owner: 'user_1',
          scopes: ['api.read', 'api.write'],
          metadata: { plan: 'pro' },
          expiresAt: '2030-01-01T00:00:00.000Z',
        },
      },
      { position: 2, entry: { keyHash: hex('b'), label: 'unkey 2', scopes: [] } },
    ]);
  });

  test('warns once about the fields that Latchkey does not keep', async () => {
    await unkey({ keys: [KEY, { ...KEY, hash: hash('b') }] });
    expect(warnings).toEqual(['not kept: roles, credits, ratelimits']);
  });

  test('disables a key that is disabled or has no credits left', async () => {
    const usedUp = { remaining: 0 };
    const read = await unkey([
      { ...KEY, enabled: false },
      { ...KEY, credits: usedUp },
      { ...KEY, credits: { remaining: 0, refill: { interval: 'daily', amount: 5 } } },
    ]);
    expect(read).toMatchObject([{ entry: { disabledAt: now } }, { entry: { disabledAt: now } }, { entry: {} }]);
    expect(read[2]).not.toMatchObject({ entry: { disabledAt: now } });
  });

  test('reads rows of the table as JSON Lines and CSV', async () => {
    const row = {
      id: 'key_1',
      key_auth_id: 'ks_1',
      hash: hash('a'),
      start: 'sk_abcd',
      workspace_id: 'ws_1',
      identity_id: 'id_1',
      meta: '{"seats":3}',
      expires: '2030-01-01 00:00:00.000',
      created_at_m: 1_700_000_000_000,
      deleted_at_m: 1_750_000_000_000,
      enabled: 1,
      last_used_at: 0,
    };
    const entry = {
      keyHash: hex('a'),
      id: 'key_1',
      label: 'sk_abcd',
      keyPrefix: 'sk_abcd',
      owner: 'id_1',
      scopes: [],
      metadata: { seats: 3 },
      createdAt: '2023-11-14T22:13:20.000Z',
      expiresAt: '2030-01-01T00:00:00.000Z',
      revokedAt: '2025-06-15T15:06:40.000Z',
    };
    expect(await unkey(`${JSON.stringify(row)}\n`)).toEqual([{ position: 1, entry }]);
    const cells = Object.values(row).map((cell) => `"${String(cell).replaceAll('"', '""')}"`);
    expect(await unkey(`${Object.keys(row).join()}\n${cells.join()}\n`)).toEqual([{ position: 2, entry }]);
    expect(warnings).toEqual([]);
  });

  test('reads the columns of the query in docs/import.md, even if most of them are null', async () => {
    const page = readFileSync(new URL('../../../../docs/import.md', import.meta.url), 'utf8');
    const query = /SELECT JSON_OBJECT\((.+?)\)\nFROM `keys`/s.exec(page)?.[1] ?? '';
    const columns = [...query.matchAll(/'(\w+)', [ki]\./g)].map(([, column = '']) => column);
    const row = {
      ...Object.fromEntries(columns.map((column) => [column, null])),
      hash: hash('a'),
      id: 'key_1',
      start: 'acme_abcd',
      externalId: 'user_1',
      enabled: 1,
      expires: '2030-01-01 00:00:00.000000',
      deletedAtM: 1_750_000_000_000,
    };
    expect(Object.keys(row).toSorted()).toEqual(columns.toSorted());
    expect(await unkey(`${JSON.stringify(row)}\n`)).toMatchObject([
      { entry: { owner: 'user_1', expiresAt: '2030-01-01T00:00:00.000Z', revokedAt: '2025-06-15T15:06:40.000Z' } },
    ]);
    expect(await unkey(`${JSON.stringify({ ...row, pendingMigrationId: 'm' })}\n`)).toMatchObject([
      { problem: expect.stringMatching(/^pendingMigrationId/) },
    ]);
    expect(await unkey(`${JSON.stringify({ ...row, remaining: 0 })}\n`)).toMatchObject([
      { entry: { disabledAt: now } },
    ]);
    expect(warnings.filter((warning) => !warning.startsWith('not kept'))).toEqual([]);
  });

  test.each([
    [
      'hash',
      { hash: '$2b$12$abcdefghijklmnopqrstuv' },
      /^hash: bcrypt hashes cannot be looked up; expected the SHA-256/,
    ],
    ['hash', { hash: undefined }, /^hash is missing$/],
    ['expires', { expires: 1_893_456_000 }, /^expires: expected a number of milliseconds since 1970, or a time/],
    ['enabled', { enabled: 'maybe' }, /^enabled: expected true or false$/],
    ['permissions', { permissions: { a: 1 } }, /^permissions: expected/],
    ['meta', { meta: 'nonsense' }, /^meta: expected a JSON object$/],
    ['an unknown restriction', { revoked: true }, /^unknown field "revoked" may mean that the key has ended/],
    ['a pending migration', { pendingMigrationId: 'm' }, /^pendingMigrationId: expected none/],
  ])('rejects a key with a problem in %s and reads the next one', async (_, fields, problem) => {
    const read = await unkey({
      keys: [
        { ...KEY, ...fields },
        { ...KEY, hash: hash('b') },
      ],
    });
    expect(read).toMatchObject([
      { position: 1, problem: expect.stringMatching(problem) },
      { position: 2, entry: { keyHash: hex('b') } },
    ]);
  });

  test.each([
    ['an object without the list', '{\n"key": []}'],
    ['a truncated document', '{"keys": [{"hash": "'],
  ])('rejects %s with IMPORT_INVALID', async (_, text) => {
    await expect(unkey(text)).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
  });
});

describe('the detection of the format unkey', () => {
  test.each([
    ['a request', JSON.stringify({ migrationId: 'acme', apiId: 'api_1', keys: [KEY] }, null, 2)],
    ['a list in an object on one line', JSON.stringify({ keys: [{ hash: hash('a') }] })],
    ['a list of keys with an external id', JSON.stringify([KEY])],
    ['JSON Lines', `${JSON.stringify(KEY)}\n${JSON.stringify(KEY)}\n`],
    ['CSV of the table', 'id,hash,key_auth_id,name\n'],
  ])('accepts %s', (_, text) => {
    expect(detect(text)).toBe('unkey');
  });

  test.each([
    ['hashes without a field of Unkey', JSON.stringify([{ hash: hash('a'), name: 'x', created: 1 }])],
    ['a list of keys with other fields', JSON.stringify({ keys: [{ hash: hash('a'), colour: 'red' }] })],
    ['CSV with hashes', 'hash,name,customer\n'],
    ['a table of a team with owners', JSON.stringify([{ hash: hex('a'), ownerId: 'acme', scopes: ['a'] }])],
    ['a table of a team with external ids', 'hash,name,external_id,scopes\n'],
  ])('does not accept %s', (_, text) => {
    expect(() => detect(text)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });
});
