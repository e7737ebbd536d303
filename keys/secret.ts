import { hash, randomBytes } from 'node:crypto';
import { ALPHABET, BASE, encodeChecksum, isChecked } from './checksum.ts';

/** A raw API key, as its holder keeps it. Shown once, never stored, never logged. */
export type KeySecret = string & { readonly __brand: 'KeySecret' };
/** SHA-256 of a raw key as 64 lower-case hex characters: the table's partition key. */
export type KeyHash = string & { readonly __brand: 'KeyHash' };

/** Which strings can be keys of a deployment. */
export interface KeyFormat {
  /** `[a-z][a-z0-9]*_`, at most 16 characters. */
  readonly prefix: string;
  /** Accept keys that were issued elsewhere: no prefix or checksum is asked for, only a length and visible ASCII. */
  readonly acceptForeignKeys: boolean;
}

export const DEFAULT_KEY_PREFIX = 'sk_';

const RANDOM_CHARACTERS = 43;
const CHECKSUM_CHARACTERS = 6;
const SHOWN_CHARACTERS = 8;
const MAX_PREFIX_LENGTH = 16;
/** The most that may be shown of any key. */
export const MAX_SHOWN_LENGTH = MAX_PREFIX_LENGTH + SHOWN_CHARACTERS;
const FOREIGN_MIN_LENGTH = 16;
const FOREIGN_MAX_LENGTH = 255;
/** The largest multiple of 62 that a byte can hold: bytes from here on are drawn again, so that no digit is favoured. */
const UNBIASED_BYTES = Math.floor(256 / BASE) * BASE;

/** Draws a new key: the prefix, 43 base62 characters (256 bits) and the checksum of both. */
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

/** The text from `start` on as a key of this format, or `undefined` where no key of this format can read so. Does no I/O. */
export function parseSecret(text: string, format: KeyFormat, start = 0): KeySecret | undefined {
  const wellFormed = format.acceptForeignKeys ? isForeignKey(text, start) : isIssuedKey(text, start, format.prefix);
  return wellFormed ? (text.slice(start) as KeySecret) : undefined;
}

/** SHA-256 of the whole raw key. One round is enough for 256 random bits (NIST SP 800-63B-4 §3.1.2, docs/adr/0001). */
export function hashSecret(secret: KeySecret): KeyHash {
  return hash('sha256', secret, 'hex') as KeyHash;
}

/** Well-formed, and nobody knows a key that has it. */
export const HASH_OF_NO_KEY = '0'.repeat(64) as KeyHash;

/** The text as a stored hash, or `undefined`. */
export function parseKeyHash(text: unknown): KeyHash | undefined {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? (text as KeyHash) : undefined;
}

/** What may be shown of a key that was issued with this prefix: the prefix and the first 8 random characters. */
export function shownPrefixOf(secret: KeySecret, prefix: string): string {
  return secret.slice(0, prefix.length + SHOWN_CHARACTERS);
}

/** What is wanted of a key prefix, for messages. */
export const KEY_PREFIX_WANTED = `a lower-case letter, then letters or digits, then an underscore, at most ${MAX_PREFIX_LENGTH} characters`;

/** Whether the text can be a deployment's key prefix. */
export function isKeyPrefix(text: string): boolean {
  return text.length <= MAX_PREFIX_LENGTH && /^[a-z][a-z0-9]*_$/.test(text);
}

function isIssuedKey(text: string, start: number, prefix: string): boolean {
  const length = prefix.length + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS;
  return text.length - start === length && isChecked(text, start, prefix);
}

function isForeignKey(text: string, start: number): boolean {
  const length = text.length - start;
  if (length < FOREIGN_MIN_LENGTH || length > FOREIGN_MAX_LENGTH) return false;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x21 || code > 0x7e || code === 0x2c) return false;
  }
  return true;
}
