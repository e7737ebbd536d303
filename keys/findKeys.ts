import { MAX_DEPTH } from './json.ts';
import { parseSecret, type KeySecret } from './secret.ts';

/** A key in a text. */
export interface FoundKey {
  readonly secret: KeySecret;
  readonly prefix: string;
  /** Where the key begins in the text. */
  readonly index: number;
}

/** The longest key: a prefix of 16 characters, 43 random ones and the checksum. */
export const MAX_KEY_LENGTH = 16 + 43 + 6;

/** What follows a prefix. Other letters may stand before and after a key: its checksum tells where it is. */
const REST = /_(?=([0-9A-Za-z]{49}))/g;
const MAX_NAME = 15;

/**
 * The keys in a text that Latchkey can have issued, by their format and their checksum, from left to right. Without a
 * prefix, those of every prefix that a deployment can have.
 */
export function* findKeys(text: string, prefix?: string): Generator<FoundKey> {
  for (const { index, 1: rest = '' } of text.matchAll(REST)) {
    const found = prefixesBefore(text, index, prefix).flatMap((candidate) => {
      const secret = parseSecret(candidate + rest, { prefix: candidate, acceptForeignKeys: false });
      return secret === undefined ? [] : [{ secret, prefix: candidate, index: index + 1 - candidate.length }];
    });
    yield* found.slice(0, 1);
  }
}

/**
 * Whether a value, or any text in it, holds a key that Latchkey can have issued. Records are shown: none belongs in one. Nothing
 * is looked for deeper than a record can nest, because no field takes such a value.
 */
export function holdsKey(value: unknown): boolean {
  return typeof value === 'string' ? isKeyIn(value) : holdsKeyWithin(value, MAX_DEPTH, new Set());
}

/** Looks into each object once, because one that holds itself twice has 2^32 paths. */
function holdsKeyWithin(value: unknown, depth: number, seen: Set<object>): boolean {
  if (typeof value === 'string') return isKeyIn(value);
  if (typeof value !== 'object' || value === null || depth === 0 || seen.has(value)) return false;
  seen.add(value);
  return Object.entries(value).some(([name, inner]) => isKeyIn(name) || holdsKeyWithin(inner, depth - 1, seen));
}

function isKeyIn(text: string): boolean {
  return findKeys(text).next().done !== true;
}

/** What may be the prefix that ends with the underscore at `end`, the longest first. */
function prefixesBefore(text: string, end: number, prefix: string | undefined): readonly string[] {
  if (prefix !== undefined) return text.endsWith(prefix, end + 1) ? [prefix] : [];
  const [name = ''] = /[a-z0-9]*$/.exec(text.slice(Math.max(0, end - MAX_NAME), end)) ?? [];
  const starts = Array.from(name, (_, start) => start).filter((start) => /^[a-z]/.test(name.slice(start)));
  return starts.map((start) => `${name.slice(start)}_`);
}
