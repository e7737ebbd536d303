import { printable } from '../../keys/printable.ts';
import { keyState } from '../../keys/state.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { getRotationChain } from './keyList.ts';
import { ExactTime, StateBadge, Time } from '../../components/Time.tsx';
import { getTimeline, type TimelineEvent } from './timeline.ts';

interface KeyTimelineProps {
  readonly record: ConsoleKey;
  readonly byId: ReadonlyMap<string, ConsoleKey>;
  readonly nowMs: number;
  /** Returns the address of another key. */
  readonly hrefOf: (id: string) => string;
}

const NAMES: Readonly<Record<TimelineEvent['kind'], string>> = {
  created: 'Created',
  rotated: 'Rotated',
  disabled: 'Disabled',
  expired: 'Expired',
  expires: 'Will expire',
  revoked: 'Revoked',
};

/** Shows the events of a key's life: when, by whom and why. Shows the whole chain of a key that was rotated twice. */
export function KeyTimeline({ record, byId, nowMs, hrefOf }: KeyTimelineProps) {
  return (
    <section aria-label="Timeline">
      <h3>Timeline</h3>
      <ol class="timeline">
        {getTimeline(record, byId, nowMs).map((event) => (
          <li key={event.kind} class={`event-${event.kind}`}>
            <Event {...{ event, byId, nowMs, hrefOf }} />
          </li>
        ))}
      </ol>
      <RotationChain {...{ record, byId, nowMs, hrefOf }} />
    </section>
  );
}

interface EventProps extends Omit<KeyTimelineProps, 'record'> {
  readonly event: TimelineEvent;
}

function Event({ event, byId, nowMs, hrefOf }: EventProps) {
  const { kind, at, by, why, keyId } = event;
  return (
    <>
      <p>
        <strong>{NAMES[kind]}</strong>
        {keyId === undefined ? null : (
          <>
            {kind === 'created' ? ' from ' : ' to '}
            <KeyLink id={keyId} {...{ byId, hrefOf }} />
          </>
        )}
        {by === undefined ? null : ` by ${printable(by)}`}
      </p>
      {why === undefined ? null : <p class="why">{printable(why)}</p>}
      <p class="quiet">
        {at === undefined ? (
          'time unknown'
        ) : (
          <>
            <Time at={at} nowMs={nowMs} /> · <ExactTime at={at} />
          </>
        )}
      </p>
    </>
  );
}

interface KeyLinkProps extends Pick<KeyTimelineProps, 'byId' | 'hrefOf'> {
  readonly id: string;
  readonly isCurrent?: boolean;
}

/** Links to a key by its prefix. Shows only the id if the table no longer contains the key. */
function KeyLink({ id, byId, hrefOf, isCurrent }: KeyLinkProps) {
  const key = byId.get(id);
  if (key === undefined) {
    return (
      <span>
        <code>{printable(id)}</code> (no longer in the table)
      </span>
    );
  }
  return (
    <a href={hrefOf(id)} aria-current={isCurrent === true ? 'true' : undefined}>
      <code>{printable(key.keyPrefix === undefined ? id.slice(0, 8) : `${key.keyPrefix}…`)}</code>
    </a>
  );
}

/** The timeline already links to the neighbours in a chain of two. */
const MIN_CHAIN = 3;

function RotationChain({ record, byId, nowMs, hrefOf }: KeyTimelineProps) {
  const chain = getRotationChain(record, byId);
  if (chain.length < MIN_CHAIN) return null;
  return (
    <>
      <h3>Rotations</h3>
      <ol class="chain">
        {chain.map(({ id, key }) => (
          <li key={id}>
            <KeyLink id={id} {...{ byId, hrefOf }} isCurrent={id === record.id} />
            {key === undefined ? null : (
              <>
                <StateBadge state={keyState(key, nowMs)} />
                <span class="quiet">
                  <Time at={key.createdAt} nowMs={nowMs} />
                </span>
              </>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
