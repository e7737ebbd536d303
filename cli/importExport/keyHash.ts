import { type KeyHash, parseKeyHash } from '../../keys/secret.ts';

/** The format of a hash, as worded in error messages. */
export const KEY_HASH_EXPECTED = 'the SHA-256 of the key in hex, base64 or base64url';

/**
 * Parses a SHA-256 hash in hex, base64 or base64url, with or without padding. Accepts surrounding spaces, PostgreSQL's
 * bytea prefix `\x`, and the prefixes `0x` and `sha256:`.
 */
export function readKeyHash(value: unknown): KeyHash | undefined {
  if (typeof value !== 'string') return undefined;
  // A hash in base64 can start with `0x`.
  return parseHash(value.trim()) ?? parseHash(withoutPrefix(value));
}

/** Returns which hash the value is instead of a SHA-256, or `undefined` if it isn't a known hash. */
export function whyNotSha256(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const slow = SLOW_HASHES.find(([, pattern]) => pattern.test(value.trim()))?.[0];
  if (slow !== undefined) return `${slow} hashes cannot be looked up`;
  const other = OTHER_HASH.exec(value.trim())?.[1] ?? byLength(withoutPrefix(value));
  return other === undefined ? undefined : `${other.toUpperCase()} hashes cannot be looked up`;
}

function parseHash(text: string): KeyHash | undefined {
  return parseKeyHash(text.toLowerCase()) ?? parseBase64(text);
}

function withoutPrefix(text: string): string {
  return text.trim().replace(/^(?:\\x|0x|sha-?256:)/i, '');
}

/** 32 bytes in base64 or base64url. The last character has two unused bits. */
const BASE64 = /^(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/;

function parseBase64(text: string): KeyHash | undefined {
  if (!BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const isCanonical = bytes.toString('base64url') === text.replace(/=$/, '').replaceAll('+', '-').replaceAll('/', '_');
  return isCanonical ? parseKeyHash(bytes.toString('hex')) : undefined;
}

/** Password hashes. Each contains its own salt, so a table can't find a key by them. */
const SLOW_HASHES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['bcrypt', /^\$2[abxy]?\$|^bcrypt/i],
  ['argon2', /^\$?argon2/i],
  ['scrypt', /^\$(?:scrypt|7)\$|^scrypt/i],
  ['PBKDF2', /^\$?pbkdf2/i],
  ['crypt', /^\$(?:[156y]|md5|sha1)\$/],
];
const OTHER_HASH = /^\{?(s?sha-?(?:1|224|384|512)?|s?md5|murmur\w*|hmac[\w-]*|blake\w*)[:}$]/i;

/** The hashes that are common in key tables, by the number of their hex digits. */
const HASH_BY_LENGTH: Readonly<Record<number, string>> = {
  32: 'MD5',
  40: 'SHA-1',
  56: 'SHA-224',
  96: 'SHA-384',
  128: 'SHA-512',
};

function byLength(text: string): string | undefined {
  return /^[0-9a-f]*$/i.test(text) ? HASH_BY_LENGTH[text.length] : undefined;
}
