import { useMemo, useState } from 'preact/hooks';
import type { ConsoleKey } from './consoleKey.ts';

/** The keys with a checked box. */
export interface Checked {
  readonly ids: ReadonlySet<string>;
  /** The checked keys that the list shows, in its order. An action changes only these. */
  readonly records: readonly ConsoleKey[];
  readonly isAll: boolean;
  /** Checks or unchecks a key. With `isRange`, does the same to all keys from the last one up to this one. */
  readonly toggle: (id: string, isRange?: boolean) => void;
  readonly toggleAll: () => void;
  readonly clear: () => void;
}

const NONE: ReadonlySet<string> = new Set();

/** Keeps the checked keys of the list. A key that the filter hides doesn't count as checked. */
export function useChecked(shown: readonly ConsoleKey[]): Checked {
  const [ids, setIds] = useState(NONE);
  const [lastId, setLastId] = useState<string>();
  const records = useMemo(() => (ids.size === 0 ? [] : shown.filter(({ id }) => ids.has(id))), [ids, shown]);
  const isAll = records.length > 0 && records.length === shown.length;
  return {
    ids,
    records,
    isAll,
    toggle: (id, isRange = false) => {
      const changed = isRange ? rangeOf(shown, lastId ?? id, id) : [id];
      setIds(ids.has(id) ? without(ids, changed) : new Set([...ids, ...changed]));
      setLastId(id);
    },
    toggleAll: () => setIds(isAll ? NONE : new Set(shown.map(({ id }) => id))),
    clear: () => setIds(NONE),
  };
}

/** Returns the ids of the keys from one to another, in either direction. Returns only `to` if one isn't in the list. */
export function rangeOf(shown: readonly ConsoleKey[], from: string, to: string): readonly string[] {
  const [start, end] = [from, to].map((id) => shown.findIndex((record) => record.id === id));
  if (start === undefined || end === undefined || start < 0 || end < 0) return [to];
  return shown.slice(Math.min(start, end), Math.max(start, end) + 1).map(({ id }) => id);
}

function without(ids: ReadonlySet<string>, removed: readonly string[]): ReadonlySet<string> {
  const gone = new Set(removed);
  return new Set([...ids].filter((id) => !gone.has(id)));
}
