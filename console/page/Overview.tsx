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
  needs,
  NEWEST_FIRST,
  NO_FILTER,
  type UseBand,
} from './keyList.ts';
import { hrefOf } from './route.ts';
import { Expiry, LastUsed, Time } from './Time.tsx';

interface OverviewProps {
  readonly keys: readonly ConsoleKey[];
  readonly nowMs: number;
  /** Shows the keys that a filter lets through. */
  readonly onFilter: (filter: KeyFilter) => void;
}

const STATES: readonly KeyState[] = ['active', 'disabled', 'expired', 'revoked'];
const BANDS: readonly UseBand[] = ['never', 'day', 'week', 'month', 'quarter', 'older'];
const MAX_LISTED = 8;

/** The keys as numbers and charts. */
export function Overview({ keys, nowMs, onFilter }: OverviewProps) {
  const active = useMemo(() => keys.filter((key) => keyState(key, nowMs) === 'active'), [keys, nowMs]);
  const expiring = useMemo(
    () =>
      sortRecords(
        active.filter((key) => needs('expiring', key, nowMs)),
        { field: 'expiresAt', isDescending: false },
        nowMs,
      ),
    [active, nowMs],
  );
  const newest = useMemo(() => sortRecords(keys, NEWEST_FIRST, nowMs).slice(0, MAX_LISTED), [keys]);
  const count = (attention: Attention) => active.filter((key) => needs(attention, key, nowMs)).length;
  const look = (attention: Attention) => onFilter({ ...NO_FILTER, attention });
  return (
    <div class="overview">
      <div class="tiles">
        <Tile name="keys" count={keys.length} onOpen={() => onFilter(NO_FILTER)} />
        <Tile name="expiring in 30 days" count={expiring.length} onOpen={() => look('expiring')} />
        <Tile name="unused for 90 days" count={count('unused')} onOpen={() => look('unused')} />
        <Tile name="never used" count={count('never')} onOpen={() => look('never')} />
      </div>
      <States keys={keys} nowMs={nowMs} onFilter={onFilter} />
      <Uses keys={active} nowMs={nowMs} />
      <section class="card" aria-label="Expiring soon">
        <h2>Expiring soon</h2>
        <Few
          keys={expiring.slice(0, MAX_LISTED)}
          none={`No active key expires in ${EXPIRING_DAYS} days.`}
          what={(record) => <Expiry record={record} nowMs={nowMs} />}
        />
      </section>
      <section class="card" aria-label="Newest">
        <h2>Newest</h2>
        <Few
          keys={newest}
          none="There is no key yet."
          what={(record) => (
            <>
              <Time at={record.createdAt} nowMs={nowMs} /> · used <LastUsed record={record} nowMs={nowMs} />
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

/** One bar, parted by state. */
function States({ keys, nowMs, onFilter }: OverviewProps) {
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
    <section class="card" aria-label="By state">
      <h2>By state</h2>
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

/** How many active keys were used last how long ago. */
function Uses({ keys, nowMs }: Pick<OverviewProps, 'keys' | 'nowMs'>) {
  const counts = BANDS.map((band) => [band, keys.filter((key) => lastUsedBand(key, nowMs) === band).length] as const);
  const most = Math.max(1, ...counts.map(([, count]) => count));
  const told = counts.map(([band, count]) => `${BAND_NAMES[band]}: ${count}`).join(', ');
  return (
    <section class="card" aria-label="Last used">
      <h2>Active keys by last use</h2>
      <svg viewBox={`0 0 ${CHART_WIDTH} ${COLUMNS_HEIGHT + 52}`} class="columns" role="img" aria-label={told}>
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

interface FewProps {
  readonly keys: readonly ConsoleKey[];
  readonly none: string;
  readonly what: (record: ConsoleKey) => ComponentChildren;
}

function Few({ keys, none, what }: FewProps) {
  if (keys.length === 0) return <p class="quiet">{none}</p>;
  return (
    <ul class="few">
      {keys.map((record) => (
        <li key={record.id}>
          <a href={hrefOf({ view: 'keys', id: record.id })}>{printable(record.label)}</a>
          {record.owner === undefined ? null : <span class="quiet"> {printable(record.owner)}</span>}
          <span class="what">{what(record)}</span>
        </li>
      ))}
    </ul>
  );
}
