import { relativeTime } from '../../operator/notices.ts';
import { isRefused, REFUSED } from '../../keys/acceptedKeys.ts';
import { keyState, type KeyState } from '../../keys/state.ts';
import type { Timestamp } from '../../keys/timestamp.ts';
import { exactTime } from './exactTime.ts';
import { lastUsedBand } from './keyList.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { expiryUrgency } from './urgency.ts';

/** Shows a relative time, such as `3 days ago`. The tooltip has the exact time in the browser's time zone. */
export function Time({ at, nowMs }: { at: Timestamp; nowMs: number }) {
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(at, nowMs)}
    </time>
  );
}

/** Shows an exact time in the browser's time zone. */
export function ExactTime({ at }: { at: Timestamp }) {
  return (
    <time dateTime={at} title={at}>
      {exactTime(at)}
    </time>
  );
}

/** Shows the time of a key's last use, with a dot that is paler the older the use is. */
export function LastUsed({ record, nowMs }: { record: ConsoleKey; nowMs: number }) {
  const { lastUsedAt } = record;
  return (
    <span class="used">
      <span class={`dot dot-${lastUsedBand(record, nowMs)}`} aria-hidden="true" />
      {lastUsedAt === undefined ? <span class="quiet">never</span> : <Time at={lastUsedAt} nowMs={nowMs} />}
    </span>
  );
}

/** Shows a key's expiry: amber within 7 days, red within 24 hours. A revoked key doesn't have one. */
export function Expiry({ record, nowMs }: { record: ConsoleKey; nowMs: number }) {
  const { expiresAt, revokedAt } = record;
  if (revokedAt !== undefined) return <span class="quiet">–</span>;
  if (expiresAt === undefined) return <span class="quiet">never</span>;
  return (
    <span class={expiryUrgency(record, nowMs)}>
      <Time at={expiresAt} nowMs={nowMs} />
    </span>
  );
}

/** Shows a key's state: a dot and a word if it's active, otherwise a coloured pill. */
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

/** Shows a key's state. Shows a warning if the key is active but the deployment refuses its prefix. */
export function State({ record, nowMs, acceptedKeys, isShort = false }: StateProps) {
  const state = keyState(record, nowMs);
  const isWarned = state === 'active' && isRefused(record, acceptedKeys ?? undefined);
  return (
    <span class={isWarned ? 'warning' : ''} title={isWarned ? REFUSED : undefined}>
      <StateBadge state={state} />
      {isWarned ? ` ⚠ ${isShort ? 'refused' : REFUSED}` : null}
    </span>
  );
}
