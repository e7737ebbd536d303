import type { ComponentChildren } from 'preact';
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { keyState } from '../../keys/state.ts';
import { printable, printableLines } from '../../keys/printable.ts';
import { toTimestamp, type Timestamp } from '../../keys/timestamp.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, ApiError } from './api.ts';
import { chainOf } from './keyList.ts';
import { hrefOf } from './route.ts';
import { Expiry, LastUsed, State, StateBadge, Time } from './Time.tsx';

/** What can be done to a key. */
export type KeyAction = 'edit' | 'rotate' | 'disable' | 'enable' | 'revoke';

interface KeyPanelProps {
  readonly record: ConsoleKey;
  readonly byId: ReadonlyMap<string, ConsoleKey>;
  readonly isReadOnly: boolean;
  /** Of the deployment; null if unknown. */
  readonly acceptedKeys: string | null;
  readonly nowMs: number;
  readonly onAction: (action: KeyAction) => void;
  readonly onClose: () => void;
  /** Takes the key as the server has it, each time it was asked. */
  readonly onRead: (record: ConsoleKey) => void;
  /** Called where the server has no such key. */
  readonly onMissing: () => void;
  /** Takes the element that has the focus once the panel is opened. */
  readonly heading: RefObject<HTMLHeadingElement | null>;
}

const READ_EVERY_MS = 5000;

/** All that is known of one key, as the table has it: it is read anew every few seconds. */
export function KeyPanel(props: KeyPanelProps) {
  const { record, byId, isReadOnly, acceptedKeys, nowMs, onAction, onClose, heading } = props;
  const failure = useReads(props);
  return (
    <aside class="panel" aria-label={`Key ${printable(record.label)}`}>
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {printable(record.label)}
        </h2>
        <button type="button" class="icon" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      <div role="alert">
        {failure === undefined ? null : (
          <p class="refusal">
            Not read since <Time at={failure.since} nowMs={nowMs} />: {failure.message}
          </p>
        )}
      </div>
      {isReadOnly ? null : <Actions {...{ record, nowMs, onAction }} />}
      <Facts {...{ record, nowMs, acceptedKeys }} />
      <Chain record={record} byId={byId} nowMs={nowMs} />
    </aside>
  );
}

interface ReadFailure {
  /** When the key was last read. */
  readonly since: Timestamp;
  readonly message: string;
}

/** Reads the key every few seconds while somebody can see it; why the last read failed. */
function useReads({ record, onRead, onMissing }: KeyPanelProps): ReadFailure | undefined {
  const [failure, setFailure] = useState<ReadFailure>();
  const latest = useRef(record);
  latest.current = record;
  useEffect(() => {
    let since = toTimestamp(Date.now());
    const read = async () => {
      if (document.hidden) return;
      const before = latest.current;
      try {
        const now = await api.read(record.id);
        since = toTimestamp(Date.now());
        setFailure(undefined);
        // What was changed here meanwhile is newer than what was on its way.
        if (latest.current === before) onRead(now);
      } catch (error) {
        setFailure({ since, message: error instanceof ApiError ? error.message : String(error) });
        if (error instanceof ApiError && error.code === 'NOT_FOUND') onMissing();
      }
    };
    void read();
    const timer = setInterval(() => void read(), READ_EVERY_MS);
    return () => clearInterval(timer);
  }, [record.id]);
  return failure;
}

function Actions({ record, nowMs, onAction }: Pick<KeyPanelProps, 'record' | 'nowMs' | 'onAction'>) {
  const state = keyState(record, nowMs);
  if (state === 'revoked') return null;
  // The second click of a double one can meet the button that the first brought to its place.
  const once = (action: KeyAction) => (event: MouseEvent) => {
    if (event.detail < 2) onAction(action);
  };
  return (
    <div class="actions" role="group" aria-label="Change this key">
      <button type="button" onClick={once('edit')}>
        Edit
      </button>
      {state === 'active' && record.rotatedTo === undefined ? (
        <button type="button" onClick={once('rotate')}>
          Rotate
        </button>
      ) : null}
      {/* Two buttons, so that none has the focus that the other was pressed with. */}
      {record.disabledAt === undefined ? (
        <button key="disable" type="button" onClick={once('disable')}>
          Disable
        </button>
      ) : (
        <button key="enable" type="button" onClick={once('enable')}>
          Enable
        </button>
      )}
      <button type="button" class="danger" onClick={once('revoke')}>
        Revoke
      </button>
    </div>
  );
}

function Facts({ record, nowMs, acceptedKeys }: Pick<KeyPanelProps, 'record' | 'nowMs' | 'acceptedKeys'>) {
  const time = (at: Timestamp | undefined) => (at === undefined ? undefined : <Time at={at} nowMs={nowMs} />);
  const { keyPrefix, owner, scopes, plan, metadata } = record;
  const facts: readonly (readonly [name: string, value: ComponentChildren])[] = [
    ['State', <State {...{ record, nowMs, acceptedKeys }} />],
    ['Id', <code>{printable(record.id)}</code>],
    ['Key', keyPrefix && <code>{printable(keyPrefix)}…</code>],
    ['Owner', owner],
    ['May do', scopes === undefined ? 'everything' : scopes.join(' ') || 'nothing'],
    ['Plan', plan],
    ['Last used', <LastUsed record={record} nowMs={nowMs} />],
    ['Expires', <Expiry record={record} nowMs={nowMs} />],
    ['Created', time(record.createdAt)],
    ['Created by', record.createdBy],
    ['Disabled', time(record.disabledAt)],
    ['Disabled by', record.disabledBy],
    ['Revoked', time(record.revokedAt)],
    ['Revoked by', record.revokedBy],
    ['Reason', record.revokedReason],
    ['Metadata', metadata && <pre>{printableLines(JSON.stringify(metadata, null, 2))}</pre>],
  ];
  return (
    <dl>
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === 'string' ? printable(value) : value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Chain({ record, byId, nowMs }: Pick<KeyPanelProps, 'record' | 'byId' | 'nowMs'>) {
  const chain = chainOf(record, byId);
  if (chain.length < 2) return null;
  return (
    <section aria-label="Rotations">
      <h3>Rotations</h3>
      <ol class="chain">
        {chain.map(({ id, key }) => (
          <li key={id} class={id === record.id ? 'current' : ''}>
            {key === undefined ? (
              <span>
                <code>{printable(id)}</code>, whose record is gone
              </span>
            ) : (
              <>
                <a href={hrefOf({ view: 'keys', id })} aria-current={id === record.id ? 'true' : undefined}>
                  <code>{printable(key.keyPrefix === undefined ? id.slice(0, 8) : `${key.keyPrefix}…`)}</code>
                </a>{' '}
                <StateBadge state={keyState(key, nowMs)} /> <Time at={key.createdAt} nowMs={nowMs} />
              </>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
