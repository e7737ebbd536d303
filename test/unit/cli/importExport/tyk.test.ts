import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { ReaderOptions } from '../../../../cli/importExport/importFormat.ts';
import { readTyk } from '../../../../cli/importExport/tyk.ts';
import { toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';
import { at } from '../../../support/keys.ts';

const ORGANIZATION = '5e9d9544a1dcd60001d0ed20';
const UUID = '6b9443ae73f04db6af004f1e3a415dbb';
const CUSTOM = 'kX2mQ9vT4wB7nZ1cR8jL5hF3gD6sA0pY';
const SESSION = { org_id: ORGANIZATION, expires: 0, is_inactive: false, alias: 'acme' };

const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');
const tokenOf = (id: string) =>
  Buffer.from(JSON.stringify({ org: ORGANIZATION, id, h: 'murmur64' })).toString('base64');

async function read(document: object | string, options: Partial<ReaderOptions> = {}) {
  const warnings: string[] = [];
  const warn = (warning: string): void => void warnings.push(warning);
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const entries = await toArray(readTyk(importInput(text, { warn, options: { allowWeak: false, ...options } })));
  return { entries, warnings };
}

describe('readTyk', () => {
  test.each([
    ['a generated key in the legacy format', ORGANIZATION + UUID, ORGANIZATION + UUID],
    ['a generated key as a document in Base64', tokenOf(UUID), tokenOf(UUID)],
    ['a custom key in the legacy format', ORGANIZATION + CUSTOM, CUSTOM],
    ['a custom key as a document in Base64', tokenOf(CUSTOM), CUSTOM],
    ['a custom key without its organization', CUSTOM, CUSTOM],
    ['a name in Redis', `apikey-${CUSTOM}`, CUSTOM],
  ])('hashes the form of %s that customers send', async (_, name, sent) => {
    const { entries } = await read({ [name]: SESSION });
    expect(entries).toMatchObject([{ position: 1, entry: { keyHash: hashOf(sent), label: 'acme' } }]);
  });

  test('keeps a SHA-256 hash, and warns that it may not match custom keys', async () => {
    const { entries, warnings } = await read({ [hashOf(tokenOf(UUID))]: SESSION });
    expect(entries).toMatchObject([{ entry: { keyHash: hashOf(tokenOf(UUID)) } }]);
    expect(warnings).toEqual([expect.stringMatching(/^1 key: the key is a SHA-256 hash, /)]);
  });

  test('rejects 64 hex digits without an organization, because they can be a custom key', async () => {
    const { entries } = await read({ [hashOf(CUSTOM)]: { ...SESSION, org_id: '' } });
    expect(entries).toEqual([
      { position: 1, problem: expect.stringMatching(/^key: expected a key or a hash, got 64 /) },
    ]);
  });

  test.each([
    ['murmur32', 'a1b2c3d4'],
    ['murmur64', 'a1b2c3d4e5f60718'],
    ['murmur128', UUID],
  ])('rejects a %s hash', async (hash, name) => {
    const { entries } = await read({ [name]: SESSION });
    const problem = `key: expected the key or its SHA-256 hash, got ${name.length} hex digits, as a ${hash} hash has; `;
    expect(entries).toEqual([{ position: 1, problem: expect.stringContaining(problem) }]);
  });

  test.each([
    ['0', 0, undefined],
    ['-1', -1, undefined],
    ['epoch seconds', 1924992000, '2031-01-01T00:00:00.000Z'],
  ])('reads expires of %s', async (_, expires, expiresAt) => {
    expect((await read({ [CUSTOM]: { ...SESSION, expires } })).entries).toMatchObject([{ entry: { expiresAt } }]);
  });

  test('rejects an expiry in milliseconds', async () => {
    const { entries } = await read({ [CUSTOM]: { ...SESSION, expires: 1924992000000 } });
    expect(entries).toMatchObject([{ problem: expect.stringMatching(/^expires: expected a number of seconds/) }]);
  });

  test('reads the state, the developer, the tags and the policy', async () => {
    const session = {
      ...SESSION,
      is_inactive: true,
      date_created: '2024-03-13T03:56:46.568042549Z',
      meta_data: { tyk_developer_id: 'dev1', tier: 'a' },
      tags: ['edge'],
      apply_policies: ['p1', 'p2'],
      access_rights: { a: {} },
      rate: 10,
    };
    const planMap = new Map([
      ['p1', 'gold'],
      ['p2', 'gold'],
    ]);
    const { entries, warnings } = await read({ [CUSTOM]: session }, { planMap });
    expect(entries).toMatchObject([
      {
        entry: {
          owner: 'dev1',
          plan: 'gold',
          metadata: { tyk_developer_id: 'dev1', tier: 'a', tags: ['edge'] },
          createdAt: '2024-03-13T03:56:46.568Z',
          disabledAt: at(0),
        },
      },
    ]);
    expect(warnings).toHaveLength(2);
    const problem = 'apply_policies: expected one plan, got 2; pass --plan-map to give them one name';
    expect((await read({ [CUSTOM]: session })).entries).toMatchObject([{ problem }]);
  });

  test.each([
    ['basic_auth_data', { basic_auth_data: { password: '', hash_type: 'bcrypt' } }],
    ['jwt_data', { jwt_data: { secret: 'x' } }],
    ['hmac_enabled', { hmac_enabled: true }],
    ['oauth_client_id', { oauth_client_id: 'x' }],
    ['certificate', { certificate: 'x' }],
    ['mtls_static_certificate_bindings', { mtls_static_certificate_bindings: ['x'] }],
  ])('rejects a session with %s, for which the key alone is not enough', async (field, fields) => {
    const problem = `${field}: expected none, because the authorizer checks only the key`;
    expect((await read({ [CUSTOM]: { ...SESSION, ...fields } })).entries).toEqual([{ position: 1, problem }]);
  });

  test('accepts the empty credentials of a session of Tyk before 5.13', async () => {
    const empty = {
      basic_auth_data: { password: '', hash_type: '' },
      jwt_data: { secret: '' },
      hmac_enabled: false,
      oauth_client_id: '',
      certificate: '',
      mtls_static_certificate_bindings: [],
    };
    expect((await read({ [CUSTOM]: { ...SESSION, ...empty } })).entries).toMatchObject([{ entry: { label: 'acme' } }]);
  });

  test('reads answers of the Dashboard API, one after the other and in a list', async () => {
    const answer = { api_model: {}, key_id: tokenOf(UUID), data: { ...SESSION, access_rights: {} } };
    const other = { ...answer, key_id: CUSTOM };
    const expected = [{ entry: { keyHash: hashOf(tokenOf(UUID)) } }, { entry: { keyHash: hashOf(CUSTOM) } }];
    expect((await read(`${JSON.stringify(answer)}\n${JSON.stringify(other)}`)).entries).toMatchObject(expected);
    expect((await read([answer, other])).entries).toMatchObject(expected);
  });

  test.each([
    ['a key', CUSTOM],
    ['a hash', hashOf(CUSTOM)],
  ])('rejects an object by %s that is not a session', async (_, name) => {
    const { entries } = await read({ [name]: { label: 'acme', revoked: true } });
    const problem = 'expected a session of Tyk, with fields such as org_id and expires';
    expect(entries).toEqual([{ position: 1, problem }]);
  });

  test('rejects a session without its key with advice', async () => {
    const { entries } = await read({ ...SESSION, access_rights: { a: { api_id: 'a' } } });
    expect(entries).toEqual([
      { position: 1, problem: expect.stringMatching(/^the session lacks its key; write \{"KEY"/) },
    ]);
  });
});
