import type { PublicRecord } from '../keys/record.ts';
import type { KeyState } from '../keys/state.ts';
import type { Timestamp } from '../keys/timestamp.ts';
import { distance } from './distance.ts';
import { exactTime } from './exactTime.ts';
import { expiryUrgency, lastUsedBand } from './urgency.ts';
import { useLanguage } from './useLanguage.ts';

/** Shows a relative time, such as `3 days ago`. The tooltip has the exact time in the browser's time zone. */
export function Time({ at, nowMs }: { at: Timestamp; nowMs: number }) {
  const language = useLanguage();
  return (
    <time dateTime={at} title={exactTime(at, language)}>
      {distance(at, nowMs, language)}
    </time>
  );
}

/** Shows an exact time in the browser's time zone. */
export function ExactTime({ at }: { at: Timestamp }) {
  return (
    <time dateTime={at} title={at}>
      {exactTime(at, useLanguage())}
    </time>
  );
}

/** Shows the time of a key's last use, with a dot that is paler the older the use is. */
export function LastUsed({ record, nowMs }: { record: Pick<PublicRecord, 'lastUsedAt'>; nowMs: number }) {
  const { lastUsedAt } = record;
  const { texts } = useLanguage();
  return (
    <span class="used">
      <span class={`dot dot-${lastUsedBand(record, nowMs)}`} aria-hidden="true" />
      {lastUsedAt === undefined ? <span class="quiet">{texts.never}</span> : <Time at={lastUsedAt} nowMs={nowMs} />}
    </span>
  );
}

interface ExpiryProps {
  readonly record: Pick<PublicRecord, 'expiresAt' | 'revokedAt' | 'disabledAt'>;
  readonly nowMs: number;
}

/** Shows a key's expiry: amber within 7 days, red within 24 hours. A revoked key doesn't have one. */
export function Expiry({ record, nowMs }: ExpiryProps) {
  const { expiresAt, revokedAt } = record;
  const { texts } = useLanguage();
  if (revokedAt !== undefined) return <span class="quiet">–</span>;
  if (expiresAt === undefined) return <span class="quiet">{texts.never}</span>;
  return (
    <span class={expiryUrgency(record, nowMs)}>
      <Time at={expiresAt} nowMs={nowMs} />
    </span>
  );
}

/** Shows a key's state: a dot and a word if it's active, otherwise a coloured pill. */
export function StateBadge({ state }: { state: KeyState }) {
  return <span class={`badge badge-${state}`}>{useLanguage().texts[state]}</span>;
}
