import { keyState } from '../keys/state.ts';
import type { OwnedKey, OwnerAccess } from './ownedKey.ts';

/** The loaded keys of an owner. */
export interface KeysState {
  /** `undefined` until the first load has succeeded. */
  readonly access: OwnerAccess | undefined;
  readonly keys: readonly OwnedKey[];
  /** The failure of the last load. */
  readonly failure: Error | undefined;
  /** The keys from responses to changes, with the times of these responses. */
  readonly written: ReadonlyMap<string, { readonly record: OwnedKey; readonly atMs: number }>;
}

/** Something that happened to the loaded keys. */
export type KeysEvent =
  | {
      readonly kind: 'loaded';
      readonly access: OwnerAccess;
      readonly keys: readonly OwnedKey[];
      readonly sinceMs: number;
    }
  | { readonly kind: 'failed'; readonly failure: Error }
  | { readonly kind: 'written'; readonly records: readonly OwnedKey[]; readonly atMs: number }
  | { readonly kind: 'reset' };

export const NOT_LOADED: KeysState = { access: undefined, keys: [], failure: undefined, written: new Map() };

/** Maximum lag of the list after a change, in milliseconds. DynamoDB doesn't guarantee one. */
const LIST_LAG_MS = 10_000;

/** Returns the state after an event. */
export function nextState(state: KeysState, event: KeysEvent): KeysState {
  switch (event.kind) {
    case 'loaded':
      return afterLoad(state, event);
    case 'failed':
      return { ...state, failure: event.failure };
    case 'written': {
      const { records, atMs } = event;
      const written = new Map([...state.written, ...records.map((record) => [record.id, { record, atMs }] as const)]);
      const others = state.keys.filter(({ id }) => !records.some((record) => record.id === id));
      return { ...state, keys: [...others, ...records], written };
    }
    default:
      return NOT_LOADED;
  }
}

/** The list may still lack the last changes, so newer records replace its records. */
function afterLoad(state: KeysState, { access, keys, sinceMs }: Extract<KeysEvent, { kind: 'loaded' }>): KeysState {
  const written = new Map([...state.written].filter(([, { atMs }]) => atMs >= sinceMs - LIST_LAG_MS));
  const byId = new Map(keys.map((record) => [record.id, record]));
  for (const [id, { record }] of written) {
    const listed = byId.get(id);
    if (listed === undefined || (listed.version ?? 0) < (record.version ?? 0)) byId.set(id, record);
  }
  return { access, keys: [...byId.values()], failure: undefined, written };
}

/** The keys in the order of the page. */
export interface SortedKeys {
  /** Active and disabled keys, newest first. */
  readonly current: readonly OwnedKey[];
  /** Revoked and expired keys, newest first. */
  readonly ended: readonly OwnedKey[];
  /** The number of keys that count for the limit. A rotated key doesn't. */
  readonly counted: number;
}

/** Sorts the keys for the page. */
export function sortKeys(keys: readonly OwnedKey[], nowMs: number): SortedKeys {
  const newestFirst = keys.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  const isEnded = (key: OwnedKey) => ['revoked', 'expired'].includes(keyState(key, nowMs));
  const current = newestFirst.filter((key) => !isEnded(key));
  return {
    current,
    ended: newestFirst.filter(isEnded),
    counted: current.filter(({ rotatedTo }) => rotatedTo === undefined).length,
  };
}

/** An action on a key. */
export type KeyAction = 'edit' | 'rotate' | 'disable' | 'enable' | 'revoke';

/** Returns the actions that a key allows, in the order of the page. */
export function offerActions(key: OwnedKey, nowMs: number): readonly KeyAction[] {
  const state = keyState(key, nowMs);
  if (state === 'revoked' || state === 'expired') return [];
  const canRotate = state === 'active' && key.rotatedTo === undefined;
  return ['edit', ...(canRotate ? (['rotate'] as const) : []), state === 'active' ? 'disable' : 'enable', 'revoke'];
}
