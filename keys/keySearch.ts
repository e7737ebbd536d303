import type { KeyRecord } from './record.ts';

/** The fields of a key that a search can read. */
type SearchedKey = Omit<KeyRecord, 'keyHash'>;

const SEARCH_TEXTS = new WeakMap<SearchedKey, string>();

/**
 * Returns a function that returns whether a key matches a search. It matches if its fields contain every word of the
 * text, in any order and case. A text without words matches every key.
 */
export function keySearch(text: string): (key: SearchedKey) => boolean {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return (key) => words.every((word) => matchesWord(key, word));
}

/** Returns whether a key matches a word. The word may be a raw key, because a raw key begins with the key's prefix. */
function matchesWord(key: SearchedKey, word: string): boolean {
  if (getSearchText(key).includes(word)) return true;
  return key.keyPrefix !== undefined && word.startsWith(key.keyPrefix.toLowerCase());
}

/** Returns the searchable text of a key. Caches it, because the console searches all keys at each key press. */
function getSearchText(key: SearchedKey): string {
  const known = SEARCH_TEXTS.get(key);
  if (known !== undefined) return known;
  const { label, owner, id, keyPrefix, scopes, plan, allowedIps, metadata, revokedReason } = key;
  const parts = [
    label,
    owner,
    id,
    keyPrefix,
    scopes?.join(' '),
    plan,
    allowedIps?.join(' '),
    metadata && JSON.stringify(metadata),
    revokedReason,
  ];
  const text = parts
    .filter((part) => part !== undefined)
    .join('\n')
    .toLowerCase();
  SEARCH_TEXTS.set(key, text);
  return text;
}
