import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRecord, serialiseRecord } from '../../keys/record.ts';
import { findKeys } from '../../keys/findKeys.ts';
import { generateSecret, hashSecret, parseSecret } from '../../keys/secret.ts';
import { arbitraryPrefix, arbitraryRecord, arbitrarySecret } from '../support/arbitraries.ts';
import { runs } from '../support/runs.ts';

const OWN = { prefixes: ['sk_'] };
const RUNS = runs(1000);

test('parseSecret rejects any one-character change to a key', () => {
  const character = fc.string({ minLength: 1, maxLength: 1, unit: 'binary' });
  fc.assert(
    fc.property(arbitrarySecret, fc.nat(51), character, (secret, position, other) => {
      fc.pre(secret[position] !== other);
      const changed = secret.slice(0, position) + other + secret.slice(position + 1);
      expect(parseSecret(changed, OWN)).toBeUndefined();
    }),
    RUNS,
  );
});

test('parseSecret rejects any one-character change to a key within its alphabet', () => {
  const digit = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');
  fc.assert(
    fc.property(arbitrarySecret, fc.integer({ min: 3, max: 51 }), digit, (secret, position, other) => {
      fc.pre(secret[position] !== other);
      const changed = secret.slice(0, position) + other + secret.slice(position + 1);
      expect(parseSecret(changed, OWN)).toBeUndefined();
    }),
    RUNS,
  );
});

test('parseSecret rejects a key with an extra, missing or swapped character', () => {
  fc.assert(
    fc.property(arbitrarySecret, fc.integer({ min: 3, max: 50 }), (secret, position) => {
      const [before, here, next, after] = [
        secret.slice(0, position),
        secret.charAt(position),
        secret.charAt(position + 1),
        secret.slice(position + 2),
      ];
      expect(parseSecret(before + here + here + next + after, OWN)).toBeUndefined();
      expect(parseSecret(before + next + after, OWN)).toBeUndefined();
      if (here !== next) expect(parseSecret(before + next + here + after, OWN)).toBeUndefined();
    }),
    RUNS,
  );
});

test('every issued key is well-formed', () => {
  fc.assert(
    fc.property(arbitrarySecret, (secret) => {
      expect(parseSecret(secret, OWN)).toBe(secret);
      expect(hashSecret(secret)).toMatch(/^[0-9a-f]{64}$/);
    }),
    RUNS,
  );
});

test('a key with any prefix is accepted only by formats with this prefix', () => {
  const prefixes = fc.uniqueArray(arbitraryPrefix, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(prefixes, arbitraryPrefix, (accepted, other) => {
      fc.pre(!accepted.includes(other));
      for (const prefix of accepted) {
        const secret = generateSecret(prefix);
        expect(parseSecret(secret, { prefixes: accepted })).toBe(secret);
        expect(parseSecret(secret, { prefixes: [other] })).toBeUndefined();
      }
      expect(parseSecret(generateSecret(other), { prefixes: accepted })).toBeUndefined();
    }),
    RUNS,
  );
});

test('findKeys finds a key with any prefix after characters that cannot be in a prefix', () => {
  const before = fc.constantFrom('', ' ', '"', '=', 'MY_', 'KEY-', '1_');
  fc.assert(
    fc.property(arbitraryPrefix, before, fc.constantFrom('', ' ', '"', '&', '_x'), (prefix, start, end) => {
      const secret = generateSecret(prefix);
      const found = [...findKeys(start + secret + end)];
      expect(found).toEqual([{ secret, prefix, index: start.length }]);
    }),
    RUNS,
  );
});

test('parseSecret never throws an error for a string', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.boolean(), (text, acceptsExternal) => {
      const parsed = parseSecret(text, { prefixes: ['sk_'], ...(acceptsExternal && { externalKeys: {} }) });
      expect(parsed === undefined || parsed === text).toBe(true);
    }),
    RUNS,
  );
});

test('parseRecord returns the record that was serialized', () => {
  fc.assert(
    fc.property(arbitraryRecord, (record) => {
      expect(parseRecord(serialiseRecord(record))).toEqual(record);
    }),
    RUNS,
  );
});

test('a serialized record never contains undefined values', () => {
  fc.assert(
    fc.property(arbitraryRecord, (record) => {
      expect(Object.values(serialiseRecord(record))).not.toContain(undefined);
    }),
  );
});
