import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { type RecordSort, sortRecords, type SortField } from '../../keys/recordOrder.ts';
import type { ConsoleKey } from './consoleKey.ts';
import type { SessionInfo } from './api.ts';
import type { BulkAction } from './bulk.ts';
import { CountBar } from './CountBar.tsx';
import { NoKeys, NoMatches, UnknownKey } from './EmptyStates.tsx';
import { filterKeys, NO_FILTER, type KeyFilter } from './keyList.ts';
import type { KeyAction } from './keyActions.ts';
import { KeyPanel } from './KeyPanel.tsx';
import type { KeyStore } from './keyStore.ts';
import { KeyTable } from './KeyTable.tsx';
import { type ListView, WHOLE_LIST } from './listAddress.ts';
import { type Go, type Route, toHref } from './route.ts';
import { useShortcuts } from './shortcuts.ts';
import { KeyRowsSkeleton } from './Skeleton.tsx';
import type { ToastStack } from './Toasts.tsx';
import { Toolbar } from './Toolbar.tsx';
import { useChecked } from './useChecked.ts';

interface KeysViewProps {
  readonly store: KeyStore;
  readonly route: Extract<Route, { readonly view: 'keys' }>;
  readonly go: Go;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly nowMs: number;
  readonly table: SessionInfo['table'];
  /** The reason why the page can't change keys at all. `undefined` if it can. */
  readonly blocked: string | undefined;
  readonly act: (action: KeyAction, record: ConsoleKey) => void;
  readonly onBulk: (action: BulkAction, records: readonly ConsoleKey[]) => void;
  readonly onNew: () => void;
  readonly show: ToastStack['show'];
  readonly hasShortcuts: boolean;
}

/** Shows the list of keys, and the panel of the open key over it. */
export function KeysView(props: KeysViewProps) {
  const { store, route, go, search, nowMs, table, blocked, onBulk, onNew, hasShortcuts } = props;
  const list = route.list ?? WHOLE_LIST;
  const { filter, sort } = list;
  const shown = useSortedAndFiltered({ keys: store.keys, list, nowMs });
  const checked = useChecked(shown);
  const grid = useRef<HTMLDivElement>(null);
  const { setFilter, setSort, sortBy, close } = createListActions(route, go);
  const toGrid = () => grid.current?.focus();
  const back = () => {
    if (route.id !== undefined) return close();
    if (checked.records.length > 0) return checked.clear();
    if (filter !== NO_FILTER) setFilter(NO_FILTER);
    return toGrid();
  };
  useShortcuts({ Escape: back, ArrowDown: toGrid, ArrowUp: toGrid });
  return (
    <div class="list">
      <div class="list-main">
        <Toolbar
          {...{ filter, sort, search, hasShortcuts }}
          keys={store.keys}
          onFilter={setFilter}
          onSort={setSort}
          onLeave={toGrid}
        />
        <CountBar {...{ shown, store, filter, nowMs, checked, blocked, onBulk }} onFilter={setFilter} />
        <div class="keys-frame">
          <KeyTable
            {...{ sort, grid, nowMs, checked }}
            keys={shown}
            acceptedKeys={table.acceptedKeys}
            selectedId={route.id}
            onSort={sortBy}
            onSelect={(id) => go({ view: 'keys', id, list })}
          />
          <Emptiness {...{ store, shown, filter, table, blocked, onNew }} onClear={() => setFilter(NO_FILTER)} />
        </div>
      </div>
      <OpenKey {...props} {...{ list, grid, close }} />
    </div>
  );
}

/** Returns the functions that change the filter, the sort order and the open key. They change the address. */
function createListActions(route: KeysViewProps['route'], go: Go) {
  const list = route.list ?? WHOLE_LIST;
  const change = (next: Partial<ListView>, mode?: 'replace') => go({ ...route, list: { ...list, ...next } }, mode);
  return {
    // Each letter of a search doesn't get an entry of its own in the browser's history.
    setFilter: (filter: KeyFilter, isTyping = false) => change({ filter }, isTyping ? 'replace' : undefined),
    setSort: (sort: RecordSort) => change({ sort }),
    sortBy: (field: SortField) =>
      change({ sort: { field, isDescending: list.sort.field === field && !list.sort.isDescending } }),
    close: () => go({ view: 'keys', list }),
  };
}

interface OpenKeyProps extends KeysViewProps {
  readonly list: ListView;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly close: () => void;
}

/** Shows the panel of the key in the address, if any. */
function OpenKey({ store, route, list, grid, table, blocked, nowMs, act, show, close }: OpenKeyProps) {
  const selected = route.id === undefined ? undefined : store.byId.get(route.id);
  const heading = usePanelFocus({ selectedId: route.id, selected, grid });
  if (selected === undefined) return <UnknownKey id={route.id} store={store} onClose={close} />;
  return (
    <KeyPanel
      key={selected.id}
      record={selected}
      {...{ byId: store.byId, table, blocked, nowMs, heading }}
      hrefOf={(id) => toHref({ view: 'keys', id, list })}
      onAction={(action) => act(action, selected)}
      onClose={close}
      onRead={store.put}
      onMissing={() => {
        if (!store.drop(selected.id)) return;
        show(`${printable(selected.label)} is no longer in the table.`, { isProblem: true });
        close();
      }}
    />
  );
}

interface EmptinessProps extends Pick<KeysViewProps, 'store' | 'table' | 'blocked' | 'onNew'> {
  readonly shown: readonly ConsoleKey[];
  readonly filter: KeyFilter;
  readonly onClear: () => void;
}

/** Shows a skeleton while the first keys load, and why the list is empty afterwards. */
function Emptiness({ store, shown, filter, table, blocked, onNew, onClear }: EmptinessProps) {
  if (shown.length > 0) return null;
  if (store.isLoading) return <KeyRowsSkeleton />;
  if (store.keys.length > 0) return <NoMatches filter={filter} onClear={onClear} />;
  return store.error === undefined ? <NoKeys {...{ table, blocked, onNew }} /> : null;
}

interface ShownDeps {
  readonly keys: readonly ConsoleKey[];
  readonly list: ListView;
  readonly nowMs: number;
}

/** Returns the keys that match the filter, sorted. */
function useSortedAndFiltered({ keys, list: { filter, sort }, nowMs }: ShownDeps): readonly ConsoleKey[] {
  const sortedMs = sort.field === 'state' ? nowMs : 0;
  const sorted = useMemo(() => sortRecords(keys, sort, nowMs), [keys, sort.field, sort.isDescending, sortedMs]);
  return useMemo(() => filterKeys(sorted, filter, nowMs), [sorted, filter, nowMs]);
}

interface PanelFocusDeps {
  readonly selectedId: string | undefined;
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
