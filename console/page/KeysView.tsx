import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { sortRecords, type SortField } from '../../keys/recordOrder.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { Filters } from './Filters.tsx';
import { filterKeys, NEWEST_FIRST, NO_FILTER, type KeyFilter } from './keyList.ts';
import type { SessionInfo } from './api.ts';
import type { KeyAction } from './keyActions.ts';
import { KeyPanel } from './KeyPanel.tsx';
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
  /** The reason why the page can't change keys at all. `undefined` if it can. */
  readonly blocked: string | undefined;
  readonly table: SessionInfo['table'];
  readonly act: (action: KeyAction, record: ConsoleKey) => void;
  readonly go: (route: Route) => void;
  /** Shows a notice at the top of the page. */
  readonly onNotice: (notice: string) => void;
  readonly hasShortcuts: boolean;
  readonly onShortcuts: (hasShortcuts: boolean) => void;
}

/** Shows the list of keys, and the panel of the selected key next to it. */
export function KeysView(props: KeysViewProps) {
  const { store, filter, onFilter, selectedId, search, nowMs, isReadOnly, act, go, onNotice, hasShortcuts } = props;
  const { shown, sort, setSort } = useSortedAndFiltered({ keys: store.keys, filter, nowMs });
  const grid = useRef<HTMLDivElement>(null);
  const selected = selectedId === undefined ? undefined : store.byId.get(selectedId);

  const toGrid = () => grid.current?.focus();
  const closePanel = () => go({ view: 'keys' });
  const heading = usePanelFocus({ selectedId, selected, grid });
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
        <Filters
          {...{ filter, onFilter, sort, search, hasShortcuts }}
          keys={store.keys}
          onSort={setSort}
          onLeave={toGrid}
        />
        <Count {...{ shown, store, hasShortcuts, nowMs, isReadOnly }} onShortcuts={props.onShortcuts} />
        <KeyTable
          {...{ sort, grid, nowMs, selectedId, acceptedKeys: props.table.acceptedKeys }}
          keys={shown}
          onSort={sortBy}
          onSelect={(id) => go({ view: 'keys', id })}
        />
      </div>
      {selected === undefined ? null : (
        <KeyPanel
          key={selected.id}
          record={selected}
          {...{ byId: store.byId, table: props.table, blocked: props.blocked, nowMs, heading }}
          onAction={(action) => act(action, selected)}
          onClose={closePanel}
          onRead={store.put}
          onMissing={() => {
            if (store.drop(selected.id)) onNotice(`${printable(selected.label)} is no longer in the table.`);
          }}
        />
      )}
    </div>
  );
}

interface ShownDeps extends Pick<KeysViewProps, 'filter' | 'nowMs'> {
  readonly keys: readonly ConsoleKey[];
}

/** Returns the keys that match the filter, sorted. Also returns the sort order and a function that changes it. */
function useSortedAndFiltered({ keys, filter, nowMs }: ShownDeps) {
  const [sort, setSort] = useState(NEWEST_FIRST);
  const sortedMs = sort.field === 'state' ? nowMs : 0;
  const sorted = useMemo(() => sortRecords(keys, sort, nowMs), [keys, sort, sortedMs]);
  const shown = useMemo(() => filterKeys(sorted, filter, nowMs), [sorted, filter, nowMs]);
  return { shown, sort, setSort };
}

interface PanelFocusDeps extends Pick<KeysViewProps, 'selectedId'> {
  readonly selected: ConsoleKey | undefined;
  readonly grid: RefObject<HTMLDivElement | null>;
}

/**
 * Moves the focus to the panel when it opens, and back to the list when it closes. It does so only if the user
 * navigated, or if the focused button is gone. A panel that appears because its key has finished loading doesn't take
 * the focus.
 *
 * @returns the ref for the panel's heading
 */
function usePanelFocus({ selectedId, selected, grid }: PanelFocusDeps): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const previousId = useRef(selectedId);
  const wasOpen = useRef(false);
  const isOpen = selected !== undefined;
  // The focus moves before the next paint, because the next key press belongs to the new view.
  useLayoutEffect(() => {
    const mayMoveFocus = previousId.current !== selectedId || document.activeElement === document.body;
    if (mayMoveFocus && isOpen) heading.current?.focus();
    if (mayMoveFocus && !isOpen && wasOpen.current) grid.current?.focus();
    previousId.current = selectedId;
    wasOpen.current = isOpen;
  }, [selectedId, isOpen, selected?.disabledAt === undefined]);
  return heading;
}

interface CountProps extends Pick<KeysViewProps, 'store' | 'nowMs' | 'isReadOnly' | 'hasShortcuts' | 'onShortcuts'> {
  readonly shown: readonly ConsoleKey[];
}

/** Shows the number of listed keys, the CSV export and the keyboard shortcuts. */
function Count({ shown, store, nowMs, isReadOnly, hasShortcuts, onShortcuts }: CountProps) {
  return (
    <p class="count">
      <span role="status">{toCountText(shown.length, store)}</span>
      <button type="button" class="link" onClick={() => download(keysCsv(shown, nowMs))}>
        Save as CSV
      </button>
      <span class="shortcuts" aria-hidden="true">
        <kbd>↑</kbd>
        <kbd>↓</kbd> move <kbd>↵</kbd> open <kbd>Esc</kbd> back
      </span>
      <label class="setting">
        <input
          type="checkbox"
          checked={hasShortcuts}
          onChange={({ currentTarget }) => onShortcuts(currentTarget.checked)}
        />
        Shortcuts: <kbd>/</kbd> search,{' '}
        {isReadOnly ? null : (
          <>
            <kbd>n</kbd> new key,{' '}
          </>
        )}
        <kbd>r</kbd> reload
      </label>
    </p>
  );
}

function toCountText(shown: number, { keys, isLoading }: KeyStore): string {
  const all = `${keys.length.toLocaleString('en')} ${keys.length === 1 ? 'key' : 'keys'}`;
  const count = shown === keys.length ? all : `${shown.toLocaleString('en')} of ${all}`;
  return isLoading ? `${count} so far` : count;
}

function download(csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'keys.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
