import { useMemo } from 'preact/hooks';
import { type SortField, sortRecords } from '../../keys/recordOrder.ts';
import { keyState } from '../../keys/state.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { type Attention, listAttention, needsAttention } from './attention.ts';
import { ExpiryChart, IssueChart } from './charts.tsx';
import { NoKeys } from './EmptyStates.tsx';
import { NEWEST_FIRST } from './keyList.ts';
import type { KeyStore } from './keyStore.ts';
import type { SessionInfo } from './api.ts';
import { LastUseBars } from './LastUseBars.tsx';
import { PlansCard } from './PlansCard.tsx';
import { toListHref } from './route.ts';
import { AttentionList, NewestList } from './ShortList.tsx';
import { OverviewSkeleton } from './Skeleton.tsx';
import { StateBar } from './StateBar.tsx';
import { UsageCard } from './Usage.tsx';

interface OverviewProps {
  readonly store: KeyStore;
  readonly table: SessionInfo['table'];
  readonly nowMs: number;
  readonly blocked: string | undefined;
  readonly onNew: () => void;
}

/** Shows the numbers of keys, the keys that need attention, and what happened in the last weeks. */
export function Overview({ store, table, nowMs, blocked, onNew }: OverviewProps) {
  const { keys, isLoading, error } = store;
  const active = useMemo(() => keys.filter((key) => keyState(key, nowMs) === 'active'), [keys, nowMs]);
  const attention = useMemo(() => listAttention(keys, nowMs), [keys, nowMs]);
  const newest = useMemo(() => sortRecords(keys, NEWEST_FIRST, nowMs), [keys]);
  if (keys.length === 0 && isLoading) return <OverviewSkeleton />;
  if (keys.length === 0) return error === undefined ? <NoKeys {...{ table, blocked, onNew }} /> : null;
  return (
    <div class="overview">
      <Figures active={active} nowMs={nowMs} />
      <StateBar keys={keys} nowMs={nowMs} />
      <AttentionList keys={attention} nowMs={nowMs} />
      <NewestList keys={newest} nowMs={nowMs} />
      <UsageCard table={table} byId={store.byId} />
      <ExpiryChart active={active} nowMs={nowMs} />
      <IssueChart keys={keys} nowMs={nowMs} />
      <LastUseBars active={active} nowMs={nowMs} />
      <PlansCard {...{ keys, nowMs }} plans={table.plans} />
    </div>
  );
}

interface Figure {
  readonly name: string;
  readonly count: number;
  readonly href: string;
}

/** Shows the number of active keys, and of those that need attention. Each number leads to its list. */
function Figures({ active, nowMs }: { active: readonly ConsoleKey[]; nowMs: number }) {
  const count = (attention: Attention) => active.filter((key) => needsAttention(attention, key, nowMs)).length;
  const figures: readonly Figure[] = [
    { name: 'Active keys', count: active.length, href: toListHref({ state: 'active' }) },
    { name: 'Expiring within 7 days', count: count('expiring'), href: attentionHref('expiring', 'expiresAt') },
    { name: 'Unused for 90 days', count: count('unused'), href: attentionHref('unused', 'lastUsedAt') },
    { name: 'Never used', count: count('never'), href: attentionHref('never', 'createdAt') },
  ];
  return (
    <ul class="card figures" aria-label="Numbers of keys">
      {figures.map(({ name, count, href }) => (
        <li key={name}>
          <a href={href}>
            <span class="name">{name}</span>
            <strong>{count.toLocaleString('en')}</strong>
          </a>
        </li>
      ))}
    </ul>
  );
}

function attentionHref(attention: Attention, field: SortField): string {
  return toListHref({ attention }, { field, isDescending: false });
}
