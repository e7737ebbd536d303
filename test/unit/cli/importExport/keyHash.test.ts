import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { readKeyHash, whyNotSha256 } from '../../../../cli/importExport/keyHash.ts';

const digest = (algorithm: string) => createHash(algorithm).update('a key').digest();
const SHA256 = digest('sha256');
const HEX = SHA256.toString('hex');

describe('readKeyHash', () => {
  test.each([
    ['hex', HEX],
    ['upper-case hex', HEX.toUpperCase()],
    ['base64', SHA256.toString('base64')],
    ['base64 without padding', SHA256.toString('base64').replace('=', '')],
    ['base64url', SHA256.toString('base64url')],
    ['base64url with padding', `${SHA256.toString('base64url')}=`],
    ['hex after sha256:', `sha256:${HEX}`],
    ['base64 after SHA256:', `SHA256:${SHA256.toString('base64')}`],
    ['hex after 0x', `0x${HEX}`],
    ['hex after \\x', `\\x${HEX}`],
    ['hex with spaces around it', ` ${HEX}\n`],
  ])('returns the same hash for %s', (_, text) => {
    expect(readKeyHash(text)).toBe(HEX);
  });

  test.each(['0x', '0X'])('returns a hash whose base64 starts with %s', (start) => {
    const text = `${start}${SHA256.toString('base64').slice(2)}`;
    expect(readKeyHash(text)).toBe(Buffer.from(text, 'base64').toString('hex'));
  });

  test('returns the hash of 1,000 random digests from base64 and base64url', () => {
    for (let count = 0; count < 1000; count++) {
      const bytes = randomBytes(32);
      expect(readKeyHash(bytes.toString('base64'))).toBe(bytes.toString('hex'));
      expect(readKeyHash(bytes.toString('base64url'))).toBe(bytes.toString('hex'));
    }
  });

  test.each([
    ['33 bytes in base64', randomBytes(33).toString('base64')],
    ['31 bytes in hex', HEX.slice(2)],
    ['a base64 text whose unused bits are set', `${SHA256.toString('base64url').slice(0, -1)}x`],
    ['a mixture of base64 and base64url', `+_${'A'.repeat(41)}`],
    ['a number', 1],
    ['null', null],
  ])('rejects %s', (_, value) => {
    expect(readKeyHash(value)).toBeUndefined();
  });
});

describe('whyNotSha256', () => {
  test.each([
    ['bcrypt', '$2b$12$abcdefghijklmnopqrstuv0123456789ABCDEFGHIJKLMNOPQRSTU'],
    ['argon2', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA'],
    ['scrypt', 'scrypt:32768:8:1$salt$hash'],
    ['PBKDF2', 'pbkdf2_sha256$600000$salt$hash='],
    ['MD5', digest('md5').toString('hex')],
    ['SHA-1', digest('sha1').toString('hex')],
    ['SHA-512', digest('sha512').toString('hex')],
    ['SHA512', `sha512:${digest('sha512').toString('base64')}`],
  ])('reports a hash of %s', (name, text) => {
    expect(whyNotSha256(text)).toBe(`${name} hashes cannot be looked up`);
  });

  test.each([
    ['a key', 'sk_live_abcdefgh'],
    ['a number', 5],
  ])('returns undefined for %s', (_, value) => {
    expect(whyNotSha256(value)).toBeUndefined();
  });
});
