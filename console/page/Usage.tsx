import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import type { BusiestKey } from '../../keys/usageReport.ts';
import type { ConsoleUsage } from '../server/usageRoutes.ts';
import type { SessionInfo } from './api.ts';
import type { KeysById } from './keyStore.ts';
import { toHref } from './route.ts';
import { Tabs } from '../../components/Tabs.tsx';
import { UsageChart } from '../../components/UsageChart.tsx';
import { IN_ENGLISH } from '../../components/language.ts';
import { countsText, type UsageSpan } from '../../components/usageText.ts';
import { sourcesText } from './sourcesText.ts';
import { type UsageRead, useUsage } from './useUsage.ts';

const SPANS: readonly (readonly [UsageSpan, string])[] = [
  ['hour', '24 hours'],
  ['day', '30 days'],
];

interface KeyUsageProps {
  readonly id: string;
  readonly table: SessionInfo['table'];
}

/** Shows the requests of one key. */
export function KeyUsage({ id, table }: KeyUsageProps) {
  const [span, setSpan] = useState<UsageSpan>('hour');
  const read = useUsage(id, span, table);
  return (
    <section aria-label="Requests" class="usage">
      <h3>Requests</h3>
      <Spans {...{ table, read, span, setSpan }}>{(usage) => <Latency usage={usage} />}</Spans>
    </section>
  );
}

interface UsageCardProps {
  readonly table: SessionInfo['table'];
  readonly byId: KeysById;
}

/** Shows the requests of all keys, and the busiest keys. */
export function UsageCard({ table, byId }: UsageCardProps) {
  const [span, setSpan] = useState<UsageSpan>('hour');
  const read = useUsage(undefined, span, table);
  return (
    <section class="card wide usage" aria-label="Requests">
      <h2>Requests</h2>
      <Spans {...{ table, read, span, setSpan }}>
        {({ busiest = [] }) => <BusiestList busiest={busiest} byId={byId} />}
      </Spans>
    </section>
  );
}

interface SpansProps {
  readonly table: SessionInfo['table'];
  readonly read: UsageRead;
  readonly span: UsageSpan;
  readonly setSpan: (span: UsageSpan) => void;
  /** Returns what belongs beside the chart. */
  readonly children: (usage: ConsoleUsage) => ComponentChildren;
}

/** Shows the tabs of the spans above the chart of the selected one. */
function Spans({ table, read, span, setSpan, children }: SpansProps) {
  if (!table.hasUsage) return <NoUsageTable />;
  const { usage, failure } = read;
  return (
    <Tabs
      label="Time span"
      names={SPANS.map(([, name]) => name)}
      selected={SPANS.findIndex(([name]) => name === span)}
      onSelect={(index) => setSpan(SPANS[index]?.[0] ?? 'hour')}
    >
      {failure === undefined ? null : <p class="refusal">Couldn’t read the usage: {failure}</p>}
      {usage === undefined ? <div class="usage-space" aria-hidden="true" /> : null}
      {usage === undefined ? null : (
        <>
          {usage.corrupt.map((line) => (
            <p key={line} class="refusal">
              {line}
            </p>
          ))}
          {usage.total.total === 0 ? (
            <p class="usage-space calm">No requests in the last {SPANS.find(([name]) => name === span)?.[1]}</p>
          ) : (
            <div class="usage-parts">
              <div class="usage-chart">
                <UsageChart usage={usage} span={span} />
                <p class="quiet note">{sourcesText(usage.total.sources)}</p>
              </div>
              {children(usage)}
            </div>
          )}
        </>
      )}
    </Tabs>
  );
}

function NoUsageTable() {
  return (
    <p class="quiet">
      Latchkey doesn’t count the requests of this table yet. Add <code>ApiKeyUsage</code> to its stack, then start the
      console with <code>--stack</code> or <code>--usage-table</code>. See docs/usage.md.
    </p>
  );
}

function Latency({ usage: { total } }: { usage: ConsoleUsage }) {
  if (total.latency === undefined) return null;
  const { p50, p90, p99 } = total.latency;
  return (
    <dl class="latency">
      {[
        ['Median latency', p50],
        ['90 % within', p90],
        ['99 % within', p99],
      ].map(([name, ms]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{ms?.toLocaleString('en')} ms</dd>
        </div>
      ))}
    </dl>
  );
}

const MAX_LISTED = 6;

/** Shows the busiest keys with their numbers of requests. Each line leads to its key. */
function BusiestList({ busiest, byId }: { busiest: readonly BusiestKey[]; byId: KeysById }) {
  const most = Math.max(1, ...busiest.map(({ total }) => total));
  return (
    <section aria-label="Busiest keys" class="busiest">
      <h3>Busiest keys</h3>
      <ul class="lines">
        {busiest.slice(0, MAX_LISTED).map((key) => (
          <li key={key.keyId} title={countsText(key, IN_ENGLISH)}>
            <KeyLink id={key.keyId} byId={byId}>
              <span class="track" aria-hidden="true">
                <span class="part fill-allowed" style={{ width: `${(100 * key.total) / most}%` }} />
              </span>
              <strong>{key.total.toLocaleString('en')}</strong>
            </KeyLink>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface KeyLinkProps {
  readonly id: string;
  readonly byId: KeysById;
  readonly children: ComponentChildren;
}

function KeyLink({ id, byId, children }: KeyLinkProps) {
  const key = byId.get(id);
  if (key === undefined) {
    return (
      <span class="line">
        <span class="name quiet">{printable(id)} (deleted)</span>
        {children}
      </span>
    );
  }
  return (
    <a href={toHref({ view: 'keys', id })}>
      <span class="name">{printable(key.label)}</span>
      {children}
    </a>
  );
}
