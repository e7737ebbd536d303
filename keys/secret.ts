import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { isVisible, MAX_PREFIX_LENGTH } from './keyPrefix.ts';

/** The base62 digits of a key, in the order of their values. */
export const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
export const BASE = ALPHABET.length;

const CHECKSUM_DIGITS = 6;
const REFLECTED_POLYNOMIAL = 0xedb88320;

const MAX_ASCII = 0x7f;

/** ASCII code → the value of its base62 digit, or -1. */
const DIGITS = new Int8Array(MAX_ASCII + 1).fill(-1);
for (let value = 0; value < BASE; value++) DIGITS[ALPHABET.charCodeAt(value)] = value;

/** Byte → its contribution to a CRC-32. */
const CRC_OF_BYTE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REFLECTED_POLYNOMIAL : crc >>> 1;
  return crc;
});

/**
 * Returns whether the string from `start` on is the prefix followed by base62 digits with a valid checksum. The
 * checksum is the last 6 digits: the CRC-32 (IEEE) of all characters before them. The prefix must be ASCII.
 */
export function isChecked(text: string, start: number, prefix: string): boolean {
  const checksumStart = text.length - CHECKSUM_DIGITS;
  let crc = -1;
  for (let at = 0; at < prefix.length; at++) {
    const code = text.charCodeAt(start + at);
    if (code !== prefix.charCodeAt(at)) return false;
    crc = crc32Step(crc, code);
  }
  for (let at = start + prefix.length; at < checksumStart; at++) {
    const code = text.charCodeAt(at);
    if (digitOf(code) < 0) return false;
    crc = crc32Step(crc, code);
  }
  let checksum = 0;
  for (let at = checksumStart; at < text.length; at++) {
    const digit = digitOf(text.charCodeAt(at));
    if (digit < 0) return false;
    checksum = checksum * BASE + digit;
  }
  return checksum === (crc ^ -1) >>> 0;
}

/** Returns the value of a base62 digit by its character code, or -1. */
function digitOf(charCode: number): number {
  return charCode > MAX_ASCII ? -1 : (DIGITS[charCode] ?? -1);
}

/** Adds one ASCII character to a running CRC-32 (IEEE). The CRC starts at -1 and ends with its bits inverted. */
function crc32Step(crc: number, charCode: number): number {
  return (crc >>> 8) ^ (CRC_OF_BYTE[(crc ^ charCode) & 0xff] ?? 0);
}

/**
 * Returns the CRC-32 (IEEE) of the string in 6 base62 digits. The most significant digit comes first. `0` pads the
 * result.
 */
export function encodeChecksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let at = 0; at < CHECKSUM_DIGITS; at++) {
    digits = ALPHABET.charAt(rest % BASE) + digits;
    rest = Math.floor(rest / BASE);
  }
  return digits;
}

/** A raw API key. Latchkey shows it only once. It never stores or logs it. */
export type KeySecret = string & { readonly __brand: 'KeySecret' };
/** The SHA-256 hash of a raw key in 64 lower-case hex characters. It's the table's partition key. */
export type KeyHash = string & { readonly __brand: 'KeyHash' };

/** The format of the keys that a deployment accepts. */
export interface KeyFormat {
  /**
   * The prefixes of the keys that Latchkey issued. Each has one or more segments `[a-z][a-z0-9]*_`, and at most 24
   * characters.
   */
  readonly prefixes: readonly string[];
  /**
   * The keys of other systems that the deployment accepts too.
   *
   * @default - none
   */
  readonly externalKeys?: ExternalKeys;
}

/**
 * The format of keys that another system issued: visible ASCII characters without a comma. Latchkey can't check a
 * checksum of such a key.
 */
export interface ExternalKeys {
  /**
   * The strings that a key may begin with.
   *
   * @default - any
   */
  readonly prefixes?: readonly string[];
  /**
   * Minimum length of a key, including its prefix: 16 to 1024 characters.
   *
   * @default 16
   */
  readonly minLength?: number;
  /**
   * Maximum length of a key, including its prefix: 16 to 1024 characters.
   *
   * @default 255
   */
  readonly maxLength?: number;
}

const RANDOM_CHARACTERS = 43;
const CHECKSUM_CHARACTERS = 6;
const SHOWN_CHARACTERS = 8;
/** Maximum number of characters to show of any key. */
export const MAX_SHOWN_LENGTH = MAX_PREFIX_LENGTH + SHOWN_CHARACTERS;
/** Maximum length of a key that Latchkey issues. */
export const MAX_ISSUED_LENGTH = MAX_PREFIX_LENGTH + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS;
/** The range of the lengths of external keys. */
export const EXTERNAL_LENGTH = { least: 16, most: 1024, defaultMost: 255 } as const;

/** The format of every key that any deployment can accept. */
export const ANY_KEY: KeyFormat = { prefixes: [], externalKeys: { maxLength: EXTERNAL_LENGTH.most } };

/**
 * The largest multiple of 62 in the range of a byte. Bytes from here on are replaced, so all digits are equally likely.
 */
const UNBIASED_BYTES = Math.floor(256 / BASE) * BASE;

/** Generates a new key: the prefix, 43 base62 characters (256 bits) and a checksum of both. */
export function generateSecret(prefix: string, random: (bytes: number) => Uint8Array = randomBytes): KeySecret {
  let body = prefix;
  while (body.length < prefix.length + RANDOM_CHARACTERS) {
    for (const byte of random(64)) {
      if (byte >= UNBIASED_BYTES) continue;
      body += ALPHABET[byte % BASE];
      if (body.length === prefix.length + RANDOM_CHARACTERS) break;
    }
  }
  return (body + encodeChecksum(body)) as KeySecret;
}

/**
 * Returns the string from `start` on as a key, or `undefined` if it doesn't have this format. It doesn't do any I/O.
 */
export function parseSecret(text: string, format: KeyFormat, start = 0): KeySecret | undefined {
  const wellFormed = isIssuedKey(text, start, format.prefixes) || canBeExternalKey(text, start, format.externalKeys);
  return wellFormed ? (text.slice(start) as KeySecret) : undefined;
}

/**
 * Returns the SHA-256 hash of the whole raw key. One round is enough for 256 random bits (NIST SP 800-63B-4 §3.1.2,
 * docs/adr/0001).
 */
export function hashSecret(secret: KeySecret): KeyHash {
  return hash('sha256', secret, 'hex') as KeyHash;
}

/** A well-formed hash. The key for this hash isn't known. */
export const HASH_OF_NO_KEY = '0'.repeat(64) as KeyHash;

/** Returns the string as a stored hash, or `undefined` if it isn't 64 lower-case hex characters. */
export function parseKeyHash(text: unknown): KeyHash | undefined {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? (text as KeyHash) : undefined;
}

/** Returns the part of a key that lists show: its prefix and its first 8 random characters. */
export function getShownPrefix(secret: KeySecret, prefix: string): string {
  return secret.slice(0, prefix.length + SHOWN_CHARACTERS);
}

function isIssuedKey(text: string, start: number, prefixes: readonly string[]): boolean {
  const length = text.length - start - RANDOM_CHARACTERS - CHECKSUM_CHARACTERS;
  // An index, because an iterator would allocate memory on every request.
  for (let at = 0; at < prefixes.length; at++) {
    const prefix = prefixes[at] ?? '';
    if (prefix.length === length && isChecked(text, start, prefix)) return true;
  }
  return false;
}

function canBeExternalKey(text: string, start: number, format: ExternalKeys | undefined): boolean {
  if (format === undefined) return false;
  const { prefixes, minLength = EXTERNAL_LENGTH.least, maxLength = EXTERNAL_LENGTH.defaultMost } = format;
  const length = text.length - start;
  if (length < minLength || length > maxLength) return false;
  if (prefixes !== undefined && !prefixes.some((prefix) => text.startsWith(prefix, start))) return false;
  return isVisible(text, start);
}
