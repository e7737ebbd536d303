import { relativeTime } from '../../operator/notices.ts';
import { isRefusedAsForeign, keyState, type KeyState, REFUSED_AS_FOREIGN } from '../../keys/state.ts';
import { toEpochMs, type Timestamp } from '../../keys/timestamp.ts';
import { DAY_MS, EXPIRING_DAYS, lastUsedBand } from './keyList.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';

/** Shows a relative time, such as `3 days ago`, with the full timestamp as a tooltip. */
export function Time({ at, nowMs }: { at: Timestamp; nowMs: number }) {
  return (
    <time dateTime={at} title={at}>
      {relativeTime(at, nowMs)}
    </time>
  );
}

/** Shows the time of a key's last use, with a dot. The dot's colour depends on the age, from red to grey. */
export function LastUsed({ record, nowMs }: { record: ConsoleKey; nowMs: number }) {
  const { lastUsedAt } = record;
  return (
    <span class="heat">
      <span class={`dot heat-${lastUsedBand(record, nowMs)}`} aria-hidden="true" />
      {lastUsedAt === undefined ? 'never' : <Time at={lastUsedAt} nowMs={nowMs} />}
    </span>
  );
}

/** Shows a key's expiry, with a warning if it is within 30 days. */
export function Expiry({ record, nowMs }: { record: ConsoleKey; nowMs: number }) {
  const { expiresAt } = record;
  if (expiresAt === undefined) return <span class="quiet">never</span>;
  const isNear = keyState(record, nowMs) === 'active' && toEpochMs(expiresAt) - nowMs <= EXPIRING_DAYS * DAY_MS;
  return (
    <span class={isNear ? 'warning' : ''}>
      {isNear ? <span aria-hidden="true">⚠ </span> : null}
      <Time at={expiresAt} nowMs={nowMs} />
    </span>
  );
}

/** Shows a key's state as a coloured badge. */
export function StateBadge({ state }: { state: KeyState }) {
  return <span class={`badge badge-${state}`}>{state}</span>;
}

interface StateProps {
  readonly record: ConsoleKey;
  readonly nowMs: number;
  readonly acceptedKeys: string | null;
  /** Shows only the word `refused`, with the reason in the tooltip. */
  readonly isShort?: boolean;
}

/** Shows a key's state. Shows a warning if the key is active but the deployment refuses it as a foreign key. */
export function State({ record, nowMs, acceptedKeys, isShort = false }: StateProps) {
  const state = keyState(record, nowMs);
  const isRefused = state === 'active' && isRefusedAsForeign(record, acceptedKeys ?? undefined);
  return (
    <span class={isRefused ? 'warning' : ''} title={isRefused ? REFUSED_AS_FOREIGN : undefined}>
      <StateBadge state={state} />
      {isRefused ? ` ⚠ ${isShort ? 'refused' : REFUSED_AS_FOREIGN}` : null}
    </span>
  );
}
