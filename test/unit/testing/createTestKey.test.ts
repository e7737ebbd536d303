import { describe, expect, test } from '@jest/globals';
import { keyState } from '../../../keys/state.ts';
import { parseRecord, serialiseRecord } from '../../../keys/record.ts';
import { hashSecret, parseSecret } from '../../../keys/secret.ts';
import { createTestKey } from '../../../testing/createTestKey.ts';

const NOW_MS = Date.UTC(2030, 0);

describe('createTestKey', () => {
  test('returns a valid key with a storable record', () => {
    const { secret, record } = createTestKey();
    expect(parseSecret(secret, { prefixes: ['sk_'] })).toBe(secret);
    expect(record.keyHash).toBe(hashSecret(secret));
    expect(record.keyPrefix).toBe(secret.slice(0, 11));
    expect(parseRecord(serialiseRecord(record))).toEqual(record);
    expect(keyState(record, NOW_MS)).toBe('active');
  });

  test('returns a different key each time', () => {
    const [one, other] = [createTestKey(), createTestKey()];
    expect(one.secret).not.toBe(other.secret);
    expect(one.record.id).not.toBe(other.record.id);
  });

  test('uses the key prefix of the deployment', () => {
    const { secret, record } = createTestKey({}, { prefix: 'acme_' });
    expect(parseSecret(secret, { prefixes: ['acme_'] })).toBe(secret);
    expect(record.keyPrefix).toBe(secret.slice(0, 13));
  });

  test.each([
    ['revoked', { revokedAt: '2029-12-31T23:59:59Z' }],
    ['expired', { expiresAt: '2030-01-01T01:00:00+01:00' }],
    ['disabled', { disabledAt: '2029-12-31T23:59:59Z' }],
    ['active', { expiresAt: '2030-01-01T00:00:00.001Z', lastUsedAt: '2029-12-31T00:00:00Z' }],
  ] as const)('returns a record in the state %s', (state, fields) => {
    const { record } = createTestKey(fields);
    expect(keyState(record, NOW_MS)).toBe(state);
    expect(parseRecord(serialiseRecord(record))).toEqual(record);
  });

  test('reads a date as the start of its day in UTC unless it is an expiry', () => {
    const { record } = createTestKey({ createdAt: '2029-01-01', expiresAt: '2030-01-01' });
    expect(record).toMatchObject({ createdAt: '2029-01-01T00:00:00.000Z', expiresAt: '2030-01-01T23:59:59.999Z' });
  });

  test.each([{ expiresAt: 'tomorrow' }, { createdAt: '2030-02-30T00:00:00Z' }, { revokedAt: '2030-01-32' }])(
    'rejects an invalid time: %j',
    (fields) => {
      expect(() => createTestKey(fields)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    },
  );
});
