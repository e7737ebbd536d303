import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { keyState } from '../../keys/state.ts';
import { printable, printableLines } from '../../keys/printable.ts';
import { toTimestamp, type Timestamp } from '../../keys/timestamp.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, ApiError } from './api.ts';
import { getRotationChain } from './keyList.ts';
import { toHref } from './route.ts';
import { Expiry, LastUsed, State, StateBadge, Time } from './Time.tsx';

/** An action on a key. */
export type KeyAction = 'edit' | 'rotate' | 'disable' | 'enable' | 'revoke';

interface KeyPanelProps {
  readonly record: ConsoleKey;
  readonly byId: ReadonlyMap<string, ConsoleKey>;
  readonly isReadOnly: boolean;
  /** The key prefix that the deployment accepts, or `any`; null if unknown. */
  readonly acceptedKeys: string | null;
  readonly nowMs: number;
  readonly onAction: (action: KeyAction) => void;
  readonly onClose: () => void;
  /** Receives the key from the table after each read. */
  readonly onRead: (record: ConsoleKey) => void;
  /** Runs if the key is no longer in the table. */
  readonly onMissing: () => void;
  /** The heading. It gets the focus when the panel opens. */
  readonly heading: RefObject<HTMLHeadingElement | null>;
}

const POLL_INTERVAL_MS = 5000;

/** Shows all fields of one key, and its actions. Reads the key again every five seconds. */
export function KeyPanel(props: KeyPanelProps) {
  const { record, byId, isReadOnly, acceptedKeys, nowMs, onAction, onClose, heading } = props;
  const failure = usePolling(props);
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
            Couldn't refresh this key (last read <Time at={failure.since} nowMs={nowMs} />
            ): {failure.message}
          </p>
        )}
      </div>
      {isReadOnly ? null : <Actions {...{ record, nowMs, onAction }} />}
      <Facts {...{ record, nowMs, acceptedKeys }} />
      <RotationChain record={record} byId={byId} nowMs={nowMs} />
    </aside>
  );
}

interface ReadFailure {
  /** The time of the last successful read. */
  readonly since: Timestamp;
  readonly message: string;
}

/**
 * Reads the key every five seconds while the page is visible. Returns the last read's failure, or `undefined` if it
 * succeeded.
 */
function usePolling({ record, onRead, onMissing }: KeyPanelProps): ReadFailure | undefined {
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
        // The result is older than a change that the page made during the read.
        if (latest.current === before) onRead(now);
      } catch (error) {
        setFailure({ since, message: error instanceof ApiError ? error.message : String(error) });
        if (error instanceof ApiError && error.code === 'NOT_FOUND') onMissing();
      }
    };
    void read();
    const timer = setInterval(() => void read(), POLL_INTERVAL_MS);
    return () => clearInterval(timer);
  }, [record.id]);
  return failure;
}

function Actions({ record, nowMs, onAction }: Pick<KeyPanelProps, 'record' | 'nowMs' | 'onAction'>) {
  const state = keyState(record, nowMs);
  if (state === 'revoked') return null;
  // The second click of a double click can hit a button that appeared after the first click.
  const once = (action: KeyAction) => (event: MouseEvent) => {
    if (event.detail < 2) onAction(action);
  };
  return (
    <div class="actions" role="group" aria-label="Actions">
      <button type="button" onClick={once('edit')}>
        Edit
      </button>
      {state === 'active' && record.rotatedTo === undefined ? (
        <button type="button" onClick={once('rotate')}>
          Rotate
        </button>
      ) : null}
      {/* Two elements, because Enable must not inherit the focus of Disable. A second Enter would undo the first. */}
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
    ['ID', <code>{printable(record.id)}</code>],
    ['Key', keyPrefix && <code>{printable(keyPrefix)}…</code>],
    ['Owner', owner],
    ['Scopes', scopes === undefined ? 'full access' : scopes.join(' ') || 'no access'],
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

function RotationChain({ record, byId, nowMs }: Pick<KeyPanelProps, 'record' | 'byId' | 'nowMs'>) {
  const chain = getRotationChain(record, byId);
  if (chain.length < 2) return null;
  return (
    <section aria-label="Rotations">
      <h3>Rotations</h3>
      <ol class="chain">
        {chain.map(({ id, key }) => (
          <li key={id} class={id === record.id ? 'current' : ''}>
            {key === undefined ? (
              <span>
                <code>{printable(id)}</code> (no longer in the table)
              </span>
            ) : (
              <>
                <a href={toHref({ view: 'keys', id })} aria-current={id === record.id ? 'true' : undefined}>
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
