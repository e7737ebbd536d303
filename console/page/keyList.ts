import { keySearch } from '../../keys/keySearch.ts';
import { COLLATOR, type RecordSort } from '../../keys/recordOrder.ts';
import { keyState, type KeyState } from '../../keys/state.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { lastUsedBand, type UseBand } from '../../components/urgency.ts';
import { type Attention, needsAttention } from './attention.ts';

/** The filter of the list. An empty field matches every key. */
export interface KeyFilter {
  readonly text: string;
  readonly state: KeyState | '';
  readonly owner: string;
  readonly scope: string;
  readonly attention: Attention | '';
  /** The band of an active key's last use. */
  readonly used: UseBand | '';
}

export const NO_FILTER: KeyFilter = { text: '', state: '', owner: '', scope: '', attention: '', used: '' };

export const NEWEST_FIRST: RecordSort = { field: 'createdAt', isDescending: true };

/** Returns the keys that match the filter, in their original order. */
export function filterKeys(keys: readonly ConsoleKey[], filter: KeyFilter, nowMs: number): readonly ConsoleKey[] {
  const { state, scope, attention, used } = filter;
  const isFound = keySearch(filter.text);
  const owner = filter.owner.toLowerCase();
  return keys.filter(
    (key) =>
      (state === '' || keyState(key, nowMs) === state) &&
      (owner === '' || key.owner?.toLowerCase().includes(owner) === true) &&
      (scope === '' || key.scopes?.includes(scope) === true) &&
      (attention === '' || needsAttention(attention, key, nowMs)) &&
      (used === '' || (keyState(key, nowMs) === 'active' && lastUsedBand(key, nowMs) === used)) &&
      isFound(key),
  );
}

/** Returns the owners of all keys, sorted and without duplicates. */
export function getOwners(keys: readonly ConsoleKey[]): readonly string[] {
  return [...new Set(keys.flatMap(({ owner }) => owner ?? []))].toSorted(COLLATOR.compare);
}

/** Returns the scopes of all keys, sorted and without duplicates. */
export function getScopes(keys: readonly ConsoleKey[]): readonly string[] {
  return [...new Set(keys.flatMap(({ scopes }) => scopes ?? []))].toSorted(COLLATOR.compare);
}

/** Returns the owners, scopes and plans of all keys, for the suggestions of a form. */
export function getSuggestions(keys: readonly ConsoleKey[]) {
  const plans = [...new Set(keys.flatMap(({ plan }) => plan ?? []))].toSorted(COLLATOR.compare);
  return { owners: getOwners(keys), scopes: getScopes(keys), plans };
}

/** One key of a rotation chain. `key` is undefined if the record is no longer in the table. */
export interface ChainLink {
  readonly id: string;
  readonly key: ConsoleKey | undefined;
}

/** Returns a key's chain of rotations, oldest key first. */
export function getRotationChain(record: ConsoleKey, byId: ReadonlyMap<string, ConsoleKey>): readonly ChainLink[] {
  const before = follow(record, 'rotatedFrom', byId);
  const after = follow(record, 'rotatedTo', byId);
  return [...before.toReversed(), { id: record.id, key: record }, ...after];
}

/** Follows a chain in one direction. Stops at a record that leads back into the chain. */
function follow(
  record: ConsoleKey,
  direction: 'rotatedFrom' | 'rotatedTo',
  byId: ReadonlyMap<string, ConsoleKey>,
): readonly ChainLink[] {
  const links: ChainLink[] = [];
  const seen = new Set([record.id]);
  for (let id = record[direction]; id !== undefined && !seen.has(id);) {
    const key = byId.get(id);
    links.push({ id, key });
    seen.add(id);
    id = key?.[direction];
  }
  return links;
}
