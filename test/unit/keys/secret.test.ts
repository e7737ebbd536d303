import { describe, expect, test } from '@jest/globals';
import { isKeyPrefix } from '../../../keys/keyPrefix.ts';
import {
  ALPHABET,
  encodeChecksum,
  type ExternalKeys,
  generateSecret,
  hashSecret,
  type KeySecret,
  MAX_SHOWN_LENGTH,
  parseKeyHash,
  parseSecret,
  getShownPrefix,
} from '../../../keys/secret.ts';
const OWN = { prefixes: ['sk_'] };
const EXTERNAL = { prefixes: ['sk_'], externalKeys: {} };
/** Keys whose checksums and hashes were computed with Python's zlib and hashlib. */
const KNOWN = 'sk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg1A7p0b';
const KNOWN_PADDED = 'sk_000000000000000000000000000000000000000020200rp28';
const KNOWN_HASH = '5fe83692f030cf1871ac3610f47b7e40e23f6944a0fc2d2cb7c4d4bc9cbae6d8';

describe('generateSecret', () => {
  test('returns the prefix, 43 base62 characters and a checksum of 6 characters', () => {
    expect(generateSecret('sk_')).toMatch(/^sk_[0-9A-Za-z]{49}$/);
    expect(generateSecret('acme_')).toMatch(/^acme_[0-9A-Za-z]{49}$/);
  });

  test('returns a key that is valid only with its own prefix', () => {
    const secret = generateSecret('live_');
    expect(parseSecret(secret, { prefixes: ['live_'] })).toBe(secret);
    expect(parseSecret(secret, { prefixes: ['test_'] })).toBeUndefined();
    expect(parseSecret(secret, OWN)).toBeUndefined();
  });

  test('replaces bytes of at least 248, because all digits must be equally likely', () => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const drawn: string[] = [];
    let next = 0;
    const random = () => Uint8Array.of(everyByte[next++ % 256] ?? 0);
    for (let key = 0; key < 62 * 6; key++) drawn.push(...generateSecret('sk_', random).slice(3, 46));
    const counts = new Map<string, number>();
    for (const digit of drawn) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    expect(counts.size).toBe(62);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(4);
  });

  test('uses every random byte in its order', () => {
    const ascending = () => Uint8Array.from({ length: 64 }, (_, byte) => byte);
    expect(generateSecret('sk_', ascending).slice(3, 46)).toBe(ALPHABET.slice(0, 43));
  });

  test('uses only as many random bytes as it requires', () => {
    const fewUsable = () => Uint8Array.of(255, 255, 61, 248);
    expect(generateSecret('sk_', fewUsable).slice(3, 46)).toBe('z'.repeat(43));
  });

  test('never returns the same key twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => generateSecret('sk_'))).size).toBe(1000);
  });
});

describe('parseSecret', () => {
  test.each([KNOWN, KNOWN_PADDED])('accepts a key with a checksum from another implementation: %s', (text) => {
    expect(parseSecret(text, OWN)).toBe(text);
  });

  test('accepts a key of only zeros if its prefix makes the checksum 0', () => {
    const zeros = `ghadrll_${'0'.repeat(49)}`;
    expect(parseSecret(zeros, { prefixes: ['ghadrll_'] })).toBe(zeros);
  });

  test.each([
    ['that is too short', KNOWN.slice(0, -1)],
    ['that is too long', `${KNOWN}0`],
    ['that is empty', ''],
    ['without its prefix', KNOWN.slice(3)],
    ['with a prefix in capitals', `SK_${KNOWN.slice(3)}`],
    ['with a character outside base62', KNOWN.replace('5', '-')],
    ['with a character outside ASCII', KNOWN.replace('5', 'é')],
    ['with a character whose low byte is a digit', KNOWN.replace('5', String.fromCharCode(0x0135))],
    ['with a character outside base62 in its checksum', `${KNOWN.slice(0, -1)}_`],
    ['with two characters exchanged', KNOWN.replace('56', '65')],
  ])('rejects a key %s', (_, text) => {
    expect(parseSecret(text, OWN)).toBeUndefined();
  });

  test.each([0, 1, 42, 44])('rejects a key of %i random characters with a correct checksum', (length) => {
    const body = `sk_${'0'.repeat(length)}`;
    expect(parseSecret(body + encodeChecksum(body), OWN)).toBeUndefined();
  });

  test('accepts a key with any of several prefixes, even if one begins with the other', () => {
    const format = { prefixes: ['sk_', 'sk_live_'] };
    for (const prefix of format.prefixes) {
      const secret = generateSecret(prefix);
      expect(parseSecret(secret, format)).toBe(secret);
      expect(parseSecret(secret, { prefixes: format.prefixes.filter((other) => other !== prefix) })).toBeUndefined();
    }
    expect(parseSecret(generateSecret('sk_test_'), format)).toBeUndefined();
  });

  test('accepts an issued key even if no external key can be as short', () => {
    expect(parseSecret(KNOWN, { prefixes: ['sk_'], externalKeys: { minLength: 200 } })).toBe(KNOWN);
  });

  test.each<[string, ExternalKeys, boolean]>([
    ['acme-0123456789abcdef', { prefixes: ['old_', 'acme-'] }, true],
    ['acme-0123456789abcdef', { prefixes: ['old_'] }, false],
    ['xacme-0123456789abcdef', { prefixes: ['acme-'] }, false],
    ['0123456789abcdef', { minLength: 17 }, false],
    ['0123456789abcdefg', { minLength: 17 }, true],
    ['0123456789abcdefg', { maxLength: 17 }, true],
    ['0123456789abcdefgh', { maxLength: 17 }, false],
    ['x'.repeat(1024), { maxLength: 1024 }, true],
    ['x'.repeat(1025), { maxLength: 1024 }, false],
    ['acme-0123456789abcde,f', { prefixes: ['acme-'] }, false],
  ])('checks the external key %s against %j: %p', (text, externalKeys, isAccepted) => {
    const format = { prefixes: ['sk_'], externalKeys };
    expect(parseSecret(text, format)).toBe(isAccepted ? text : undefined);
    expect(parseSecret(`Bearer ${text}`, format, 7)).toBe(isAccepted ? text : undefined);
  });

  test.each([[16], [255]])('accepts an external key of %i characters after a scheme', (length) => {
    const key = 'x'.repeat(length);
    expect(parseSecret(`Bearer ${key}`, EXTERNAL, 7)).toBe(key);
  });

  test.each([[15], [256]])('rejects an external key of %i characters after a scheme', (length) => {
    expect(parseSecret(`Bearer ${'x'.repeat(length)}`, EXTERNAL, 7)).toBeUndefined();
  });

  test("rejects a character that isn't a digit at any position, even with a correct checksum", () => {
    for (let at = 3; at < 46; at++) {
      const body = `${KNOWN.slice(0, at)}-${KNOWN.slice(at + 1, 46)}`;
      expect(parseSecret(body + encodeChecksum(body), OWN)).toBeUndefined();
    }
  });

  test('rejects a character outside ASCII at any position, even if its low byte is a valid digit', () => {
    for (let at = 0; at < KNOWN.length; at++) {
      const alike = String.fromCharCode(0x100 | KNOWN.charCodeAt(at));
      expect(parseSecret(KNOWN.slice(0, at) + alike + KNOWN.slice(at + 1), OWN)).toBeUndefined();
    }
  });

  test("rejects a checksum with a character that isn't a digit, even if the number is the same", () => {
    const bodies = Array.from({ length: 1000 }, (_, n) => `sk_${`${n}`.padStart(43, '0')}`);
    const endings = bodies.filter((body) => /[0-8A-Ya-y]z$/.test(encodeChecksum(body)));
    expect(endings).not.toHaveLength(0);
    for (const body of endings) {
      const checksum = encodeChecksum(body);
      const carried = ALPHABET.charAt(ALPHABET.indexOf(checksum.charAt(4)) + 1);
      // One more in the previous digit and one less in the last make the same number.
      expect(parseSecret(`${body}${checksum.slice(0, 4)}${carried}-`, OWN)).toBeUndefined();
    }
  });

  test('accepts an external key only if externalKeys is set', () => {
    const soulSync = 'sk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
    expect(parseSecret(soulSync, OWN)).toBeUndefined();
    expect(parseSecret(soulSync, EXTERNAL)).toBe(soulSync);
  });

  test.each([
    ['16 characters', 'x'.repeat(16)],
    ['255 characters', 'x'.repeat(255)],
    ['every kind of punctuation except the comma', '!"#$%&\'()*+-./:;<=>?@[\\]^_`{|}~'],
    ['the form of our own keys with a wrong checksum', `${KNOWN.slice(0, -1)}c`],
  ])('accepts an external key with %s: %s', (_, text) => {
    expect(parseSecret(text, EXTERNAL)).toBe(text);
  });

  test.each([
    ['15 characters', 'x'.repeat(15)],
    ['256 characters', 'x'.repeat(256)],
    ['a comma', `${'x'.repeat(20)},`],
    ['a space', `${'x'.repeat(20)} x`],
    ['a control character', `${'x'.repeat(20)}\u0007`],
    ['the last control character', `${'x'.repeat(20)}\u007f`],
    ['a character outside ASCII', `${'x'.repeat(20)}é`],
  ])('rejects an external key with %s: %j', (_, text) => {
    expect(parseSecret(text, EXTERNAL)).toBeUndefined();
  });
});

test('hashSecret returns the SHA-256 of the whole key in lowercase hex', () => {
  expect(hashSecret(KNOWN as KeySecret)).toBe(KNOWN_HASH);
  expect(parseKeyHash(KNOWN_HASH)).toBe(KNOWN_HASH);
});

test.each([
  KNOWN_HASH.toUpperCase(),
  KNOWN_HASH.slice(1),
  `0${KNOWN_HASH}`,
  `${KNOWN_HASH}\n`,
  [KNOWN_HASH],
  undefined,
  7,
])('parseKeyHash rejects %p', (text) => {
  expect(parseKeyHash(text)).toBeUndefined();
});

test('getShownPrefix returns the prefix and 8 characters', () => {
  expect(getShownPrefix(KNOWN as KeySecret, 'sk_')).toBe('sk_01234567');
  const longestPrefix = 'abcdefgh_ijklmno_pqrstu_';
  expect(getShownPrefix(generateSecret(longestPrefix), longestPrefix)).toHaveLength(MAX_SHOWN_LENGTH);
});

test.each(['sk_', 'a1_', 's_k_', 'sk_live_', 'acme_prod_', 'abcdefghijklmnopqrstuvw_', 'a_b_c_d_e_f_g_h_i_j_k_l_'])(
  'isKeyPrefix accepts %j',
  (text) => {
    expect(isKeyPrefix(text)).toBe(true);
  },
);

const NO_PREFIX = [
  'abcdefghijklmnopqrstuvwx_',
  'sk',
  '_',
  '1k_',
  'Sk_',
  'sk__',
  'sk_1_',
  '_sk_',
  'sk_live',
  'sk_\n',
  '',
];
test.each(NO_PREFIX)('isKeyPrefix rejects %j', (text) => {
  expect(isKeyPrefix(text)).toBe(false);
});
