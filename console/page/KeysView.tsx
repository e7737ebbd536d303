import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { Filters } from './Filters.tsx';
import { filterKeys, NO_FILTER, sortKeys, type KeyFilter, type KeySort, type SortField } from './keyList.ts';
import { KeyPanel, type KeyAction } from './KeyPanel.tsx';
import { keysCsv } from './keysCsv.ts';
import type { KeyStore } from './keyStore.ts';
import { KeyTable } from './KeyTable.tsx';
import type { Route } from './route.ts';
import { useShortcuts } from './shortcuts.ts';

interface KeysViewProps {
  readonly store: KeyStore;
  readonly filter: KeyFilter;
  readonly onFilter: (filter: KeyFilter) => void;
  readonly selectedId: string | undefined;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly nowMs: number;
  readonly isReadOnly: boolean;
  readonly act: (action: KeyAction, record: ConsoleKey) => void;
  readonly go: (route: Route) => void;
}

const NEWEST_FIRST: KeySort = { field: 'createdAt', isDescending: true };

/** The list of keys, and the one that is opened beside it. */
export function KeysView(props: KeysViewProps) {
  const { store, filter, onFilter, selectedId, search, nowMs, isReadOnly, act, go } = props;
  const [sort, setSort] = useState(NEWEST_FIRST);
  const grid = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => sortKeys(store.keys, sort), [store.keys, sort]);
  const shown = useMemo(() => filterKeys(sorted, filter, nowMs), [sorted, filter, nowMs]);
  const selected = selectedId === undefined ? undefined : store.byId.get(selectedId);

  const toGrid = () => grid.current?.focus();
  const closePanel = () => go({ view: 'keys' });
  const wasOpen = useRef(false);
  // At once: later it would take the focus from where it was put meanwhile.
  useLayoutEffect(() => {
    if (wasOpen.current && selected === undefined) toGrid();
    wasOpen.current = selected !== undefined;
  }, [selected === undefined]);
  const back = () => {
    if (selected !== undefined) return closePanel();
    if (filter !== NO_FILTER) onFilter(NO_FILTER);
    return toGrid();
  };
  const sortBy = (field: SortField) => setSort({ field, isDescending: sort.field === field && !sort.isDescending });
  useShortcuts({ Escape: back, ArrowDown: toGrid, ArrowUp: toGrid });
  return (
    <div class={`list ${selected === undefined ? '' : 'with-panel'}`}>
      <div class="list-main">
        <Filters {...{ filter, onFilter, sort, search }} keys={store.keys} onSort={setSort} onLeave={toGrid} />
        <Count shown={shown} store={store} />
        <KeyTable
          {...{ sort, grid, nowMs, selectedId }}
          keys={shown}
          onSort={sortBy}
          onSelect={(id) => go({ view: 'keys', id })}
        />
      </div>
      {selected === undefined ? null : (
        <KeyPanel
          record={selected}
          {...{ byId: store.byId, isReadOnly, nowMs }}
          onAction={(action) => act(action, selected)}
          onClose={closePanel}
          onRead={store.put}
        />
      )}
    </div>
  );
}

interface CountProps {
  readonly shown: readonly ConsoleKey[];
  readonly store: KeyStore;
}

/** How many keys are shown, what takes them along, and which keys of the keyboard do what. */
function Count({ shown, store }: CountProps) {
  return (
    <p class="count">
      <span role="status">{countOf(shown.length, store)}</span>
      <button type="button" class="link" onClick={() => download(keysCsv(shown))}>
        Save as CSV
      </button>
      <span class="shortcuts" aria-hidden="true">
        <kbd>/</kbd> search <kbd>n</kbd> new <kbd>↑</kbd>
        <kbd>↓</kbd> move <kbd>↵</kbd> open <kbd>Esc</kbd> back
      </span>
    </p>
  );
}

function countOf(shown: number, { keys, isLoading }: KeyStore): string {
  const all = `${keys.length.toLocaleString('en')}${isLoading ? ' so far' : ''}`;
  if (shown !== keys.length) return `${shown.toLocaleString('en')} of ${all} keys`;
  return `${all} ${keys.length === 1 ? 'key' : 'keys'}`;
}

function download(csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'keys.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
