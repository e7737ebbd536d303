import { MAX_DEPTH } from '../../keys/json.ts';
import type { ImportedKey } from '../../keys/registry.ts';
import { isKeyPrefix } from '../../keys/keyPrefix.ts';
import { ANY_KEY, hashSecret, type KeySecret, parseSecret, getShownPrefix } from '../../keys/secret.ts';
import { estimateBits, getShownPart, isGuessableUuid, isWords, MIN_STRENGTH_BITS } from './notAKey.ts';

/** Options of `readRawKey`. */
export interface RawKeyOptions {
  /** Accepts weak keys, which attackers can guess. */
  readonly allowWeak: boolean;
  /** Returns why a value isn't a key. It isn't called for a key that Latchkey issued. */
  readonly whyNot?: (value: string) => string | undefined;
}

/**
 * Hashes a raw key immediately. Returns its hash and the part that lists may show, or the problem with it. The problem
 * never repeats the key.
 */
export function readRawKey(
  value: string,
  { allowWeak, whyNot = () => undefined }: RawKeyOptions,
): Pick<ImportedKey, 'keyHash' | 'keyPrefix'> | string {
  const secret = parseSecret(value, ANY_KEY);
  if (secret !== undefined && isIssuedKey(secret)) return toHash(secret, getShownPrefix(secret, getPrefix(secret)));
  const problem = whyNot(value);
  if (problem !== undefined) return problem;
  if (secret === undefined) return `expected ${RAW_KEY_EXPECTED}`;
  const weakness = allowWeak ? undefined : whyWeak(secret);
  return weakness ?? toHash(secret, getShownPart(secret));
}

/** The format of a raw key, as worded in error messages. */
export const RAW_KEY_EXPECTED = 'a key of 16 to 1024 visible ASCII characters without a comma';

/** Returns the names of the fields with the key in their value. A record with such a field would store the key. */
export function fieldsWithKey(raw: string, fields: object): readonly string[] {
  return Object.entries(fields)
    .filter(([, value]) => contains(value, raw, MAX_DEPTH))
    .map(([name]) => name);
}

/** Returns whether a text, or a name or a text within an object, contains the key. Deeper objects are never stored. */
function contains(value: unknown, raw: string, depth: number): boolean {
  if (typeof value === 'string') return value.includes(raw);
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  return Object.entries(value).some(([name, inner]) => name.includes(raw) || contains(inner, raw, depth - 1));
}

/** Returns why a value isn't a key but refers to one, or `undefined`. Such values are in configurations of gateways. */
export function whyReference(value: string): string | undefined {
  if (/^\{vault:\/\//i.test(value)) return 'expected the key, got a reference to a vault';
  const isPlaceholder = PLACEHOLDERS.some((start) => value.includes(start)) || VARIABLE.test(value);
  return isPlaceholder ? 'expected the key, got a placeholder' : undefined;
}

/** The starts of placeholders in templates, such as `${{ env "DECK_KEY" }}`. */
const PLACEHOLDERS = ['${', '{{'];
const VARIABLE = /^(?:\$\w{1,128}|\{\w{0,128}\})$/;

function whyWeak(secret: KeySecret): string | undefined {
  const bits = estimateBits(secret);
  if (bits < MIN_STRENGTH_BITS) {
    return `the key is weak: expected ${MIN_STRENGTH_BITS} bits, got about ${bits} bits by its length and alphabet; ${ALLOW}`;
  }
  if (isGuessableUuid(secret)) return `the key is weak: a UUID of another version than 4 can be guessed; ${ALLOW}`;
  return isWords(secret) ? `the key is weak: it consists of words and isn't random; ${ALLOW}` : undefined;
}

const ALLOW = 'pass --allow-weak to import it';

function toHash(secret: KeySecret, keyPrefix: string | undefined): Pick<ImportedKey, 'keyHash' | 'keyPrefix'> {
  return { keyHash: hashSecret(secret), ...(keyPrefix === undefined ? {} : { keyPrefix }) };
}

/** Returns whether Latchkey issued the key, with any prefix. Such a key has 256 random bits. */
export function isIssuedKey(text: string): boolean {
  const prefix = getPrefix(text);
  return isKeyPrefix(prefix) && parseSecret(text, { prefixes: [prefix] }) !== undefined;
}

/** The number of characters after the prefix of a key that Latchkey issued. */
const REST_LENGTH = 49;

function getPrefix(text: string): string {
  return text.slice(0, Math.max(0, text.length - REST_LENGTH));
}
