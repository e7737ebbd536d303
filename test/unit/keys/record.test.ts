import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { keyState } from '../../../keys/state.ts';
import { parseRecord, serialiseRecord } from '../../../keys/record.ts';
import { deepValue } from '../../support/deepJson.ts';
import { at, fullItem, makeKey, NOW_MS } from '../../support/keys.ts';

const REQUIRED = ['keyHash', 'id', 'label', 'createdAt', 'createdBy'];
const TIMES = ['createdAt', 'lastUsedAt', 'expiresAt', 'disabledAt', 'revokedAt'];

function corruptionOf(item: unknown): LatchkeyError {
  try {
    parseRecord(item);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'RECORD_CORRUPT') return error;
    throw error;
  }
  throw new Error('the record was read');
}

describe('parseRecord', () => {
  test('reads every attribute unchanged', () => {
    const item = fullItem();
    expect(serialiseRecord(parseRecord(item))).toEqual(item);
  });

  test('reads metadata only as deep as DynamoDB stores it', () => {
    const metadata = { deep: deepValue(31) };
    expect(parseRecord({ ...fullItem(), metadata })).toMatchObject({ metadata });
    for (const levels of [32, 25_000]) {
      expect(corruptionOf({ ...fullItem(), metadata: { deep: deepValue(levels) } }).message).toMatch(/metadata$/);
    }
  });

  test('ignores attributes of a newer version', () => {
    expect(parseRecord({ ...fullItem(), addedLater: { any: 'thing' } })).not.toHaveProperty('addedLater');
  });

  test.each(REQUIRED)('rejects a record without %s', (name) => {
    const { [name]: _, ...rest } = fullItem();
    expect(corruptionOf(rest).message).toContain(name);
  });

  test.each(REQUIRED)('rejects a NULL in %s', (name) => {
    corruptionOf({ ...fullItem(), [name]: null });
  });

  test.each(Object.keys(fullItem()))('rejects a value of another type in %s', (name) => {
    const other = typeof fullItem()[name] === 'number' ? 'text' : 7;
    expect(corruptionOf({ ...fullItem(), [name]: other }).message).toContain(name);
  });

  test.each(Object.keys(fullItem()).filter((name) => !REQUIRED.includes(name)))(
    'reads a NULL in the optional %s as absent',
    (name) => {
      expect(parseRecord({ ...fullItem(), [name]: null })).not.toHaveProperty(name);
    },
  );

  test.each(TIMES)('rejects a nonexistent date in %s', (name) => {
    corruptionOf({ ...fullItem(), [name]: '2030-02-30T00:00:00.000Z' });
  });

  test.each([
    ['scopes', ['a', 1]],
    ['scopes', new Set(['a'])],
    ['plan', ''],
    ['metadata', ['a']],
    ['metadata', { blob: new Uint8Array(1) }],
    ['metadata', { tags: new Set(['a']) }],
    ['purgeAfter', Number.NaN],
    ['keyHash', 'ABCDEF'],
  ])('rejects the value of %s: %p', (name, value) => {
    corruptionOf({ ...fullItem(), [name]: value });
  });

  test('reads a plan whose name a new key cannot have', () => {
    expect(parseRecord({ ...fullItem(), plan: ' gold plan ' }).plan).toBe(' gold plan ');
  });

  test("throws an error that contains the key's id without the value of any field", () => {
    const { record } = makeKey();
    const error = corruptionOf({ ...serialiseRecord(record), owner: { looks: 'private' } });
    expect(error.keyId).toBe(record.id);
    expect(error.message).toContain(record.id);
    expect(error.message).not.toContain('private');
    expect(error.message).not.toContain(record.keyHash);
  });

  test("throws an error without an id if the id isn't a string", () => {
    expect(corruptionOf({ ...fullItem(), id: 7 }).keyId).toBeUndefined();
  });

  test.each([undefined, null, 'text', 7, []])('rejects the item %p', (item) => {
    expect(corruptionOf(item).keyId).toBeUndefined();
  });
});

test('serialiseRecord leaves out an undefined field', () => {
  const { record } = makeKey();
  const item = serialiseRecord(Object.assign({}, record, { owner: undefined }));
  expect(item).toStrictEqual({ ...record });
});

describe('keyState', () => {
  const { record } = makeKey();

  test("returns active for a key that isn't expired, disabled or revoked", () => {
    expect(keyState(record, NOW_MS)).toBe('active');
  });

  test('returns expired from the instant of the expiry', () => {
    const expiring = { ...record, expiresAt: at(0) };
    expect(keyState(expiring, NOW_MS - 1)).toBe('active');
    expect(keyState(expiring, NOW_MS)).toBe('expired');
  });

  test('returns revoked or disabled even if the key was revoked or disabled at a future time', () => {
    expect(keyState({ ...record, revokedAt: at(1e9) }, NOW_MS)).toBe('revoked');
    expect(keyState({ ...record, disabledAt: at(1e9) }, NOW_MS)).toBe('disabled');
  });

  test('returns the first of revoked, expired and disabled that applies', () => {
    const ended = { ...record, expiresAt: at(-1), disabledAt: at(-1) };
    expect(keyState(ended, NOW_MS)).toBe('expired');
    expect(keyState({ ...ended, revokedAt: at(-1) }, NOW_MS)).toBe('revoked');
  });
});
