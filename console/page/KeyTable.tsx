import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RecordSort, SortField } from '../../keys/recordOrder.ts';
import { keyState } from '../../keys/state.ts';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { Expiry, LastUsed, Time } from '../../components/Time.tsx';
import { State } from './State.tsx';
import type { Checked } from './useChecked.ts';

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
  readonly checked: Checked;
}

const COLUMNS: readonly (readonly [name: string, className: string, field?: SortField])[] = [
  ['Label', 'label', 'label'],
  ['State', 'state', 'state'],
  ['Owner', 'owner', 'owner'],
  ['Key', 'prefix'],
  ['Access', 'scopes'],
  ['Last used', 'last', 'lastUsedAt'],
  ['Expires', 'expires', 'expiresAt'],
  ['Created', 'created', 'createdAt'],
];

const ROW_PX = 44;
/** The height of a row with two lines, the same as in `console.css`. */
const NARROW_ROW_PX = 72;
const NARROW_PX = 620;
const HEADER_PX = 40;
/** Additional rows above and below the visible ones. They prevent gaps during a quick scroll. */
const EXTRA_ROWS = 8;

/**
 * Shows the keys as a grid. Only the visible rows are in the document. Arrow keys move the active row. Enter opens it,
 * Space checks it.
 */
export function KeyTable(props: KeyTableProps) {
  const { keys, sort, onSort, selectedId, onSelect, grid, nowMs, acceptedKeys, checked } = props;
  const { top, height, isNarrow, onScroll } = useViewport(grid);
  const rowPx = isNarrow ? NARROW_ROW_PX : ROW_PX;
  const headerPx = isNarrow ? 0 : HEADER_PX;
  const { at, setAt, press } = useActiveRow({ keys, grid, rowPx, headerPx, height, onSelect, checked });
  const first = Math.max(0, Math.floor(top / rowPx) - EXTRA_ROWS);
  const shown = keys.slice(first, Math.ceil((top + height) / rowPx) + EXTRA_ROWS);
  const active = keys[at];
  return (
    <div
      ref={grid}
      class={`keys ${isNarrow ? 'narrow' : 'wide'} ${keys.length === 0 ? 'empty' : ''}`}
      role="grid"
      aria-label="Keys"
      aria-rowcount={keys.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={active === undefined ? undefined : rowId(active.id)}
      tabIndex={0}
      onKeyDown={press}
      onScroll={onScroll}
    >
      <Header {...{ sort, onSort, checked }} />
      <div role="rowgroup" class="rows" style={{ height: `${keys.length * rowPx}px` }}>
        {shown.map((record, offset) => (
          <Row
            key={record.id}
            {...{ record, rowPx, nowMs, acceptedKeys }}
            index={first + offset}
            isActive={record === active}
            isOpen={record.id === selectedId}
            isChecked={checked.ids.has(record.id)}
            onCheck={(isRange) => {
              setAt(first + offset);
              checked.toggle(record.id, isRange);
            }}
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
  readonly isOpen: boolean;
  readonly isChecked: boolean;
  /** Checks or unchecks the row. `isRange` is true if the Shift key was down. */
  readonly onCheck: (isRange: boolean) => void;
  readonly onChoose: () => void;
}

/** Shows one row. The grid handles the keyboard for the active row, so the row itself doesn't. */
function Row({ record, index, rowPx, nowMs, acceptedKeys, isActive, isOpen, isChecked, onCheck, onChoose }: RowProps) {
  const state = keyState(record, nowMs);
  const isEnded = state === 'revoked' || state === 'expired';
  const classes = [isActive && 'active', isOpen && 'open', isChecked && 'checked', isEnded && 'ended'];
  return (
    <div
      id={rowId(record.id)}
      role="row"
      class={['row', ...classes].filter(Boolean).join(' ')}
      aria-rowindex={index + 2}
      aria-selected={isChecked}
      aria-current={isOpen ? 'true' : undefined}
      style={{ transform: `translateY(${index * rowPx}px)` }}
      onClick={onChoose}
    >
      <CheckCell label={record.label} isChecked={isChecked} onCheck={onCheck} />
      <Cells {...{ record, nowMs, acceptedKeys }} />
    </div>
  );
}

interface CheckCellProps extends Pick<RowProps, 'isChecked' | 'onCheck'> {
  readonly label: string;
}

/** Shows the row's checkbox. The whole cell reacts to a click, because the box is small. */
function CheckCell({ label, isChecked, onCheck }: CheckCellProps) {
  const click = (event: MouseEvent) => {
    event.stopPropagation();
    onCheck(event.shiftKey);
  };
  return (
    <div role="gridcell" class="check" onClick={click}>
      <input type="checkbox" tabIndex={-1} aria-label={`Select ${printable(label)}`} checked={isChecked} />
    </div>
  );
}

interface ActiveRowDeps extends Pick<KeyTableProps, 'keys' | 'grid' | 'onSelect' | 'checked'> {
  readonly rowPx: number;
  readonly headerPx: number;
  readonly height: number;
}

/** Returns the index of the active row, a function that changes it, and the grid's key handler. */
function useActiveRow({ keys, grid, rowPx, headerPx, height, onSelect, checked }: ActiveRowDeps) {
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
    const active = event.key === 'Enter' || event.key === ' ' ? keys[at] : undefined;
    if (to === undefined && active === undefined) return;
    event.preventDefault();
    if (active !== undefined) {
      if (event.key === 'Enter') onSelect(active.id);
      else checked.toggle(active.id, event.shiftKey);
      return;
    }
    const next = Math.max(0, Math.min(to ?? at, last));
    setAt(next);
    reveal(grid.current, { fromPx: next * rowPx, rowPx, headerPx });
  };
  return { at, setAt, press };
}

function Header({ sort, onSort, checked }: Pick<KeyTableProps, 'sort' | 'onSort' | 'checked'>) {
  const sorted = sort.isDescending ? 'descending' : 'ascending';
  return (
    <div role="rowgroup" class="head">
      <div role="row" class="row" aria-rowindex={1}>
        <div role="columnheader" class="check">
          <input
            type="checkbox"
            aria-label="Select all listed keys"
            checked={checked.isAll}
            indeterminate={checked.records.length > 0 && !checked.isAll}
            onChange={checked.toggleAll}
          />
        </div>
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
        {scopes === undefined ? <span class="quiet">everything</span> : scopes || <span class="quiet">nothing</span>}
      </div>
      <div role="gridcell" class="last">
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
