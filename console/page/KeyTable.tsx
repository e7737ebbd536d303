import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RecordSort, SortField } from '../../keys/recordOrder.ts';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { Expiry, LastUsed, State, Time } from './Time.tsx';

interface KeyTableProps {
  readonly keys: readonly ConsoleKey[];
  readonly sort: RecordSort;
  readonly onSort: (field: SortField) => void;
  readonly selectedId: string | undefined;
  readonly onSelect: (id: string) => void;
  /** The element that handles the arrow keys. */
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly nowMs: number;
  /** The key prefix that the deployment accepts, or `any`; null if unknown. */
  readonly acceptedKeys: string | null;
}

const COLUMNS: readonly (readonly [name: string, className: string, field?: SortField])[] = [
  ['Label', 'label', 'label'],
  ['State', 'state', 'state'],
  ['Owner', 'owner', 'owner'],
  ['Key', 'prefix'],
  ['Scopes', 'scopes'],
  ['Last used', 'used', 'lastUsedAt'],
  ['Expires', 'expires', 'expiresAt'],
  ['Created', 'created', 'createdAt'],
];

const ROW_PX = 44;
/** The height of a row with two lines, the same as in `console.css`. */
const NARROW_ROW_PX = 72;
const NARROW_PX = 620;
const HEADER_PX = 36;
/** Additional rows above and below the visible ones. They prevent gaps during a quick scroll. */
const EXTRA_ROWS = 8;

/**
 * Shows the keys as a grid. Only the visible rows are in the document. Arrow keys move the active row. Enter opens it.
 */
export function KeyTable({ keys, sort, onSort, selectedId, onSelect, grid, nowMs, acceptedKeys }: KeyTableProps) {
  const { top, height, isNarrow, onScroll } = useViewport(grid);
  const rowPx = isNarrow ? NARROW_ROW_PX : ROW_PX;
  const headerPx = isNarrow ? 0 : HEADER_PX;
  const { at, setAt, press } = useActiveRow({ keys, grid, rowPx, headerPx, height, onSelect });
  const first = Math.max(0, Math.floor(top / rowPx) - EXTRA_ROWS);
  const shown = keys.slice(first, Math.ceil((top + height) / rowPx) + EXTRA_ROWS);
  const active = keys[at];
  return (
    <div
      ref={grid}
      class={`keys ${isNarrow ? 'narrow' : 'wide'}`}
      role="grid"
      aria-label="Keys"
      aria-rowcount={keys.length + 1}
      aria-activedescendant={active === undefined ? undefined : rowId(active.id)}
      tabIndex={0}
      onKeyDown={press}
      onScroll={onScroll}
    >
      <Header sort={sort} onSort={onSort} />
      <div role="rowgroup" class="rows" style={{ height: `${keys.length * rowPx}px` }}>
        {shown.map((record, offset) => (
          <Row
            key={record.id}
            {...{ record, rowPx, nowMs, acceptedKeys }}
            index={first + offset}
            isActive={record === active}
            isSelected={record.id === selectedId}
            onChoose={() => {
              setAt(first + offset);
              onSelect(record.id);
            }}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps extends Pick<KeyTableProps, 'acceptedKeys'> {
  readonly record: ConsoleKey;
  readonly index: number;
  readonly rowPx: number;
  readonly nowMs: number;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly onChoose: () => void;
}

/** Shows one row. The grid handles the keyboard for the active row, so the row itself doesn't. */
function Row({ record, index, rowPx, nowMs, acceptedKeys, isActive, isSelected, onChoose }: RowProps) {
  return (
    <div
      id={rowId(record.id)}
      role="row"
      class={`row ${isActive ? 'active' : ''} ${isSelected ? 'selected' : ''}`}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${index * rowPx}px)` }}
      onClick={onChoose}
    >
      <Cells {...{ record, nowMs, acceptedKeys }} />
    </div>
  );
}

interface ActiveRowDeps extends Pick<KeyTableProps, 'keys' | 'grid' | 'onSelect'> {
  readonly rowPx: number;
  readonly headerPx: number;
  readonly height: number;
}

/** Returns the index of the active row, a function that changes it, and the grid's key handler. */
function useActiveRow({ keys, grid, rowPx, headerPx, height, onSelect }: ActiveRowDeps) {
  const [chosen, setAt] = useState(0);
  const last = keys.length - 1;
  // The list may have become shorter.
  const at = Math.min(chosen, last);
  const page = Math.max(1, Math.floor(height / rowPx) - 2);
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: last,
  };
  const press = (event: KeyboardEvent) => {
    // The header's buttons handle their own keys.
    if (event.target !== grid.current) return;
    const to = targets[event.key];
    const opened = event.key === 'Enter' ? keys[at] : undefined;
    if (to === undefined && opened === undefined) return;
    event.preventDefault();
    if (opened !== undefined) return onSelect(opened.id);
    const next = Math.max(0, Math.min(to ?? at, last));
    setAt(next);
    reveal(grid.current, { fromPx: next * rowPx, rowPx, headerPx });
  };
  return { at, setAt, press };
}

function Header({ sort, onSort }: Pick<KeyTableProps, 'sort' | 'onSort'>) {
  const sorted = sort.isDescending ? 'descending' : 'ascending';
  return (
    <div role="rowgroup" class="head">
      <div role="row" class="row" aria-rowindex={1}>
        {COLUMNS.map(([name, className, field]) => (
          <div key={name} role="columnheader" class={className} aria-sort={sort.field === field ? sorted : 'none'}>
            {field === undefined ? (
              name
            ) : (
              <button type="button" onClick={() => onSort(field)}>
                {name}
                {sort.field === field ? <span aria-hidden="true">{sort.isDescending ? ' ↓' : ' ↑'}</span> : null}
              </button>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

function Cells({ record, nowMs, acceptedKeys }: Pick<RowProps, 'record' | 'nowMs' | 'acceptedKeys'>) {
  const { createdAt } = record;
  const [label, owner, keyPrefix, scopes] = [
    record.label,
    record.owner,
    record.keyPrefix,
    record.scopes?.join(' '),
  ].map((text) => text && printable(text));
  return (
    <>
      <div role="gridcell" class="label" title={label}>
        {label}
      </div>
      <div role="gridcell" class="state">
        <State isShort {...{ record, nowMs, acceptedKeys }} />
      </div>
      <div role="gridcell" class="owner" title={owner}>
        {owner ?? <span class="quiet">–</span>}
      </div>
      <div role="gridcell" class="prefix">
        {keyPrefix === undefined ? <span class="quiet">–</span> : <code>{keyPrefix}…</code>}
      </div>
      <div role="gridcell" class="scopes" title={scopes}>
        {scopes === undefined ? <span class="quiet">full access</span> : scopes || 'no access'}
      </div>
      <div role="gridcell" class="used">
        <LastUsed record={record} nowMs={nowMs} />
      </div>
      <div role="gridcell" class="expires">
        <Expiry record={record} nowMs={nowMs} />
      </div>
      <div role="gridcell" class="created">
        <Time at={createdAt} nowMs={nowMs} />
      </div>
    </>
  );
}

/** Returns the visible part of the grid in pixels, whether it is narrow, and its scroll handler. */
function useViewport(grid: RefObject<HTMLDivElement | null>) {
  const [top, setTop] = useState(0);
  const [size, setSize] = useState({ height: 800, width: 1000 });
  useEffect(() => {
    const element = grid.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setSize({ height: element.clientHeight, width: element.clientWidth }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const onScroll = ({ currentTarget }: { currentTarget: HTMLDivElement }) => setTop(currentTarget.scrollTop);
  return { top, height: size.height, isNarrow: size.width < NARROW_PX, onScroll };
}

interface RowPlace {
  readonly fromPx: number;
  readonly rowPx: number;
  readonly headerPx: number;
}

/** Scrolls by the least amount that shows the row below the header. */
function reveal(grid: HTMLDivElement | null, { fromPx, rowPx, headerPx }: RowPlace): void {
  if (grid === null) return;
  const lowestPx = grid.clientHeight - headerPx - rowPx;
  grid.scrollTop = Math.min(fromPx, Math.max(grid.scrollTop, fromPx - lowestPx));
}

function rowId(id: string): string {
  return `key-${id}`;
}
