import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { checkImportedKey, type CheckedImport } from '../../../keys/importedKey.ts';
import { deepValue } from '../../support/deepJson.ts';
import { at, MINUTE_MS, NOW_MS } from '../../support/keys.ts';

const KEY_HASH = 'ab'.repeat(32);

function check(fields: Record<string, unknown>): CheckedImport {
  return checkImportedKey({ keyHash: KEY_HASH, label: 'x', ...fields }, { actor: 'ops', nowMs: NOW_MS });
}

const TAKEN = {
  keyHash: KEY_HASH,
  id: 'key-1',
  label: 'phone',
  keyPrefix: 'sk_AbCdEfGh',
  owner: 'acme',
  scopes: ['orders:read'],
  plan: 'free',
  metadata: { seats: 3 },
  createdAt: '2024-01-31T12:00:00.000Z',
  createdBy: 'alice',
  lastUsedAt: '2024-02-01T12:00:00.000Z',
  expiresAt: '2031-01-31T12:00:00.000Z',
  disabledAt: '2024-03-01T12:00:00.000Z',
  disabledBy: 'bob',
  revokedAt: '2024-04-01T12:00:00.000Z',
  revokedBy: 'carol',
  revokedReason: 'left',
  rotatedFrom: 'key-0',
  rotatedTo: 'key-2',
};

test('checkImportedKey returns every field', () => {
  // 15 June 2030, 12:00, and 90 days.
  const record = { ...TAKEN, purgeAfter: 1_915_531_200 };
  expect(check(TAKEN)).toStrictEqual({ record, hasOwnId: true });
});

test('checkImportedKey copies every list and object of the entry', () => {
  const scopes = ['a'];
  const metadata = { list: ['a'] };
  const checked = check({ scopes, metadata });
  scopes.push('bad,scope');
  metadata.list.push('b');
  expect(checked).toMatchObject({ record: { scopes: ['a'], metadata: { list: ['a'] } } });
});

test('checkImportedKey adds an id, the time and the actor if they are missing', () => {
  expect(check({})).toStrictEqual({
    record: {
      keyHash: KEY_HASH,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      label: 'x',
      createdAt: '2030-06-15T12:00:00.000Z',
      createdBy: 'ops',
    },
    hasOwnId: false,
  });
});

test('checkImportedKey truncates a time to milliseconds', () => {
  expect(check({ createdAt: '2024-01-31T13:00:00.123456789+01:00' })).toMatchObject({
    record: { createdAt: '2024-01-31T12:00:00.123Z' },
  });
});

describe('checkImportedKey with a zero time', () => {
  const ZERO_TIMES = [
    0,
    '0',
    '0001-01-01T00:00:00Z',
    '0001-01-01 00:00:00',
    '0000-00-00 00:00:00',
    '1970-01-01',
    '1970-01-01T00:00:00Z',
    '1970-01-01T00:00:00.000+00:00',
    '1970-01-01T01:00:00+01:00',
  ];
  const TIMES = ['createdAt', 'lastUsedAt', 'expiresAt', 'disabledAt', 'revokedAt'];

  test.each(ZERO_TIMES)('reads the time %p as absent in every field', (time) => {
    const { record } = check(Object.fromEntries(TIMES.map((name) => [name, time]))) as { record: object };
    expect(Object.keys(record).toSorted()).toEqual(['createdAt', 'createdBy', 'id', 'keyHash', 'label']);
    expect(record).toMatchObject({ createdAt: '2030-06-15T12:00:00.000Z' });
  });

  test.each(['1970-01-01T00:00:00.001Z', '1969-12-31T23:59:59Z', '0001-01-01T00:00:01Z'])(
    'keeps a time that is close to zero: %s',
    (expiresAt) => {
      expect(check({ expiresAt })).toMatchObject({ record: { expiresAt: expect.any(String) } });
    },
  );

  test.each([
    [{ revokedAt: 0, revokedBy: 'carol' }, /^revokedAt: expected .+ revokedBy, got a zero time/],
    [{ revokedAt: '0', revokedReason: 'left' }, /^revokedAt: expected .+ revokedReason, got a zero time/],
    [{ disabledAt: '1970-01-01', disabledBy: 'bob' }, /^disabledAt: expected .+ disabledBy, got a zero time/],
  ])('rejects a zero time with an actor or a reason: %j', (fields, problem) => {
    expect(check(fields)).toEqual({ problem: expect.stringMatching(problem) });
  });
});

describe('checkImportedKey with a keyPrefix', () => {
  test.each(['!', '~', 'x'.repeat(32)])('accepts %s', (keyPrefix) => {
    expect(check({ keyPrefix })).toMatchObject({ record: { keyPrefix } });
  });

  test.each([[''], ['x'.repeat(33)], [' sk_'], ['sk_ '], ['ské'], [['sk_']]])('rejects %p', (keyPrefix) => {
    expect(check({ keyPrefix })).toEqual({ problem: expect.stringMatching(/^keyPrefix: expected .*32/) });
  });
});

test('checkImportedKey reads a date as the end of its day only if it is an expiry', () => {
  const times = {
    createdAt: '2024-01-31',
    lastUsedAt: '2024-01-31 12:00:00.123456+0100',
    expiresAt: '2031-01-31',
    disabledAt: '2024-01-31T12:00Z',
    revokedAt: '2024-02-01',
  };
  expect(check(times)).toMatchObject({
    record: {
      createdAt: '2024-01-31T00:00:00.000Z',
      lastUsedAt: '2024-01-31T11:00:00.123Z',
      expiresAt: '2031-01-31T23:59:59.999Z',
      disabledAt: '2024-01-31T12:00:00.000Z',
      revokedAt: '2024-02-01T00:00:00.000Z',
    },
  });
});

test.each(['a,b', '{a', '[a]', '"a"', ''])(
  'checkImportedKey rejects the scope %j with an error that shows how to write scopes',
  (scope) => {
    expect(check({ scopes: ['fine', scope] })).toEqual({
      problem: expect.stringMatching(/^scopes: expected .*"orders:read"/),
    });
  },
);

const WRONG: readonly (readonly [string, unknown, string])[] = [
  ['keyHash', 'sk_AbCdEfGh', '64'],
  ['label', '', '256'],
  ['keyPrefix', '', '32'],
  ['owner', '', '256'],
  ['scopes', ['a b'], '1024'],
  ['plan', '', '64'],
  ['metadata', { a: 'x'.repeat(1017) }, '1024'],
  ['createdAt', '2024-02-30T12:00:00Z', '8601'],
  ['createdBy', '', '.'],
  ['lastUsedAt', 'yesterday', '8601'],
  ['expiresAt', '2024-02-01T12:00:00', '8601'],
  ['disabledAt', 1_900_000_000, '8601'],
  ['disabledBy', 7, '.'],
  ['revokedAt', '', '8601'],
  ['revokedBy', '', '.'],
  ['revokedReason', '', '256'],
];

test('checkImportedKey returns a problem that names every invalid field and its limits', () => {
  const checked = check(Object.fromEntries(WRONG.map(([name, value]) => [name, value])));
  const problems = 'problem' in checked ? checked.problem.split('; ') : [];
  expect(problems).toEqual(
    WRONG.map(([name, , bound]) => expect.stringMatching(new RegExp(`^${name}: expected .*${bound}`))),
  );
});

test.each(WRONG.map(([name]) => name))('checkImportedKey rejects a value of %s that is 25,000 lists deep', (name) => {
  const value = name === 'metadata' ? { deep: deepValue(25_000) } : deepValue(25_000);
  expect(check({ [name]: value })).toEqual({ problem: expect.stringMatching(new RegExp(`^${name}: expected `)) });
});

test.each([
  ['id', (key: string) => key],
  ['label', (key: string) => key],
  ['keyPrefix', (key: string) => key],
  ['owner', (key: string) => key],
  ['revokedReason', (key: string) => key],
  ['metadata', (key: string) => ({ a: ['b', { c: key }] })],
])('checkImportedKey rejects a raw key in %s', (name, valueOf) => {
  const key = 'kX2mQ9vT4wB7nZ1cR8jL5hF3gD6sA0pY';
  const keyHash = createHash('sha256').update(key).digest('hex');
  const problem = `${name}: expected a value without the key, got the key in it`;
  expect(check({ keyHash, [name]: valueOf(key) })).toEqual({ problem });
  expect(check({ keyHash, [name]: valueOf('acme') })).toHaveProperty('record');
});

test('checkImportedKey accepts a last use up to a minute in the future', () => {
  expect(check({ lastUsedAt: at(MINUTE_MS) })).toMatchObject({ record: { lastUsedAt: at(MINUTE_MS) } });
  const lastUsedAt = at(MINUTE_MS + 1);
  expect(check({ lastUsedAt })).toEqual({
    problem: `lastUsedAt: expected a time in the past, got ${lastUsedAt}`,
  });
});

test.each(['createdAt', 'disabledAt', 'revokedAt'])('checkImportedKey accepts a time of %s in the future', (name) => {
  expect(check({ [name]: at(2 * MINUTE_MS) })).toMatchObject({ record: { [name]: at(2 * MINUTE_MS) } });
});

const A_FUNCTION = Object.assign(() => {}, { keyHash: KEY_HASH, label: 'x' });

test.each([undefined, null, 'a text', 7, [], A_FUNCTION])(
  'checkImportedKey returns a problem that names the missing hash and label of the entry %p',
  (entry) => {
    const checked = checkImportedKey(entry, { actor: 'ops', nowMs: NOW_MS });
    expect(checked).toEqual({ problem: expect.stringMatching(/^keyHash: expected [^;]+; label: expected [^;]+$/) });
  },
);
