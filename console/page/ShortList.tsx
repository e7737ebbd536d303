import type { ComponentChildren } from 'preact';
import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { needsAttention } from './attention.ts';
import { toHref, toListHref } from './route.ts';
import { Expiry, LastUsed, Time } from '../../components/Time.tsx';

interface ListProps {
  readonly keys: readonly ConsoleKey[];
  readonly nowMs: number;
}

const MAX_LISTED = 6;

/** Shows the most urgent keys that need attention, each with its reason. */
export function AttentionList({ keys, nowMs }: ListProps) {
  return (
    <ShortList
      name="Needs attention"
      keys={keys}
      empty="All keys are in use, and none expires within 7 days."
      href={toListHref({ attention: 'any' }, { field: 'expiresAt', isDescending: false })}
      detail={(record) => <Reason record={record} nowMs={nowMs} />}
    />
  );
}

function Reason({ record, nowMs }: { record: ConsoleKey; nowMs: number }) {
  if (needsAttention('expiring', record, nowMs)) {
    return (
      <>
        expires <Expiry record={record} nowMs={nowMs} />
      </>
    );
  }
  if (needsAttention('never', record, nowMs)) {
    return (
      <>
        never used, created <Time at={record.createdAt} nowMs={nowMs} />
      </>
    );
  }
  return (
    <>
      last used <LastUsed record={record} nowMs={nowMs} />
    </>
  );
}

/** Shows the newest keys. */
export function NewestList({ keys, nowMs }: ListProps) {
  return (
    <ShortList
      name="Newest keys"
      keys={keys}
      empty="No keys yet."
      href={toListHref({})}
      detail={(record) => (
        <>
          created <Time at={record.createdAt} nowMs={nowMs} />
        </>
      )}
    />
  );
}

interface ShortListProps {
  readonly name: string;
  readonly keys: readonly ConsoleKey[];
  /** The text if there are no keys. */
  readonly empty: string;
  /** The address of the whole list. */
  readonly href: string;
  /** The text at the end of each line. */
  readonly detail: (record: ConsoleKey) => ComponentChildren;
}

function ShortList({ name, keys, empty, href, detail }: ShortListProps) {
  return (
    <section class="card half" aria-label={name}>
      <h2>
        {name} <span class="quiet">{name === 'Needs attention' ? keys.length.toLocaleString('en') : null}</span>
        <a class="view-all" href={href} aria-label={`View all: ${name}`}>
          View all
        </a>
      </h2>
      {keys.length === 0 ? <p class="calm">{empty}</p> : null}
      <ul class="few">
        {keys.slice(0, MAX_LISTED).map((record) => (
          <li key={record.id}>
            <a href={toHref({ view: 'keys', id: record.id })}>{printable(record.label)}</a>
            <span class="quiet owner">{record.owner === undefined ? null : printable(record.owner)}</span>
            <span class="detail">{detail(record)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
