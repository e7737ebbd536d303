import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { sortRecords } from '../../keys/recordOrder.ts';
import { keyState, type KeyState } from '../../keys/state.ts';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import {
  type Attention,
  BAND_NAMES,
  EXPIRING_DAYS,
  type KeyFilter,
  lastUsedBand,
  needsAttention,
  NEWEST_FIRST,
  NO_FILTER,
  type UseBand,
} from './keyList.ts';
import { toHref } from './route.ts';
import { Expiry, LastUsed, Time } from './Time.tsx';

interface OverviewProps {
  readonly keys: readonly ConsoleKey[];
  readonly nowMs: number;
  /** Shows the list with this filter. */
  readonly onFilter: (filter: KeyFilter) => void;
}

const STATES: readonly KeyState[] = ['active', 'disabled', 'expired', 'revoked'];
const BANDS: readonly UseBand[] = ['never', 'day', 'week', 'month', 'quarter', 'older'];
const MAX_LISTED = 8;

/** Shows counts and charts of the keys, the keys that expire soon and the newest ones. */
export function Overview({ keys, nowMs, onFilter }: OverviewProps) {
  const active = useMemo(() => keys.filter((key) => keyState(key, nowMs) === 'active'), [keys, nowMs]);
  const expiring = useMemo(
    () =>
      sortRecords(
        active.filter((key) => needsAttention('expiring', key, nowMs)),
        { field: 'expiresAt', isDescending: false },
        nowMs,
      ),
    [active, nowMs],
  );
  const newest = useMemo(() => sortRecords(keys, NEWEST_FIRST, nowMs).slice(0, MAX_LISTED), [keys]);
  const count = (attention: Attention) => active.filter((key) => needsAttention(attention, key, nowMs)).length;
  const show = (attention: Attention) => onFilter({ ...NO_FILTER, attention });
  return (
    <div class="overview">
      <div class="tiles">
        <Tile name="keys" count={keys.length} onOpen={() => onFilter(NO_FILTER)} />
        <Tile name="expiring within 30 days" count={expiring.length} onOpen={() => show('expiring')} />
        <Tile name="unused for 90 days" count={count('unused')} onOpen={() => show('unused')} />
        <Tile name="never used" count={count('never')} onOpen={() => show('never')} />
      </div>
      <StateChart keys={keys} nowMs={nowMs} onFilter={onFilter} />
      <LastUsedChart keys={active} nowMs={nowMs} />
      <section class="card" aria-label="Expiring soon">
        <h2>Expiring soon</h2>
        <ShortList
          keys={expiring.slice(0, MAX_LISTED)}
          empty={`No active keys expire within ${EXPIRING_DAYS} days.`}
          detail={(record) => <Expiry record={record} nowMs={nowMs} />}
        />
      </section>
      <section class="card" aria-label="Newest keys">
        <h2>Newest keys</h2>
        <ShortList
          keys={newest}
          empty="No keys yet."
          detail={(record) => (
            <>
              created <Time at={record.createdAt} nowMs={nowMs} /> · last used{' '}
              <LastUsed record={record} nowMs={nowMs} />
            </>
          )}
        />
      </section>
    </div>
  );
}

function Tile({ name, count, onOpen }: { name: string; count: number; onOpen: () => void }) {
  return (
    <button type="button" class="tile" onClick={onOpen}>
      <strong>{count.toLocaleString('en')}</strong> {name}
    </button>
  );
}

const CHART_WIDTH = 600;

/** Shows a bar with one part for each state. */
function StateChart({ keys, nowMs, onFilter }: OverviewProps) {
  const states = keys.map((key) => keyState(key, nowMs));
  const counts = STATES.map((state) => [state, states.filter((one) => one === state).length] as const);
  const total = Math.max(1, keys.length);
  let from = 0;
  const parts = counts.map(([state, count]) => {
    const x = from;
    from += (count / total) * CHART_WIDTH;
    return <rect key={state} class={`fill-${state}`} x={x} y={0} width={from - x} height={28} />;
  });
  return (
    <section class="card" aria-label="Keys by state">
      <h2>Keys by state</h2>
      <svg viewBox={`0 0 ${CHART_WIDTH} 28`} class="bar" preserveAspectRatio="none" aria-hidden="true">
        {parts}
      </svg>
      <ul class="legend">
        {counts.map(([state, count]) => (
          <li key={state}>
            <button type="button" onClick={() => onFilter({ ...NO_FILTER, state })}>
              <span class={`swatch fill-${state}`} aria-hidden="true" />
              {state} <strong>{count.toLocaleString('en')}</strong>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const COLUMNS_HEIGHT = 150;
const COLUMN_WIDTH = CHART_WIDTH / BANDS.length;

/** Shows a column chart of the active keys by the time since their last use. */
function LastUsedChart({ keys, nowMs }: Pick<OverviewProps, 'keys' | 'nowMs'>) {
  const counts = BANDS.map((band) => [band, keys.filter((key) => lastUsedBand(key, nowMs) === band).length] as const);
  const most = Math.max(1, ...counts.map(([, count]) => count));
  const description = counts.map(([band, count]) => `${BAND_NAMES[band]}: ${count}`).join(', ');
  return (
    <section class="card" aria-label="Active keys by last use">
      <h2>Active keys by last use</h2>
      <svg viewBox={`0 0 ${CHART_WIDTH} ${COLUMNS_HEIGHT + 52}`} class="columns" role="img" aria-label={description}>
        {counts.map(([band, count], index) => {
          const height = (count / most) * COLUMNS_HEIGHT;
          const middle = (index + 0.5) * COLUMN_WIDTH;
          return (
            <g key={band}>
              <rect
                class={`heat-${band}`}
                x={middle - 34}
                y={24 + COLUMNS_HEIGHT - height}
                width={68}
                height={height}
                rx={3}
              />
              <text x={middle} y={16 + COLUMNS_HEIGHT - height}>
                {count.toLocaleString('en')}
              </text>
              <text x={middle} y={COLUMNS_HEIGHT + 46}>
                {BAND_NAMES[band]}
              </text>
            </g>
          );
        })}
        <line x1={0} x2={CHART_WIDTH} y1={COLUMNS_HEIGHT + 24} y2={COLUMNS_HEIGHT + 24} />
      </svg>
    </section>
  );
}

interface ShortListProps {
  readonly keys: readonly ConsoleKey[];
  /** The text if there are no keys. */
  readonly empty: string;
  /** The text after each key's label and owner. */
  readonly detail: (record: ConsoleKey) => ComponentChildren;
}

function ShortList({ keys, empty, detail }: ShortListProps) {
  if (keys.length === 0) return <p class="quiet">{empty}</p>;
  return (
    <ul class="few">
      {keys.map((record) => (
        <li key={record.id}>
          <a href={toHref({ view: 'keys', id: record.id })}>{printable(record.label)}</a>
          {record.owner === undefined ? null : <span class="quiet"> {printable(record.owner)}</span>}
          <span class="detail">{detail(record)}</span>
        </li>
      ))}
    </ul>
  );
}
