import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Timestamp } from '../../keys/timestamp.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api } from './api.ts';
import { chainOf } from './rotationChain.ts';
import { hrefOf } from './route.ts';
import { Expiry, LastUsed, StateBadge, Time } from './Time.tsx';

/** What can be done to a key. */
export type KeyAction = 'edit' | 'rotate' | 'disable' | 'enable' | 'revoke';

interface KeyPanelProps {
  readonly record: ConsoleKey;
  readonly byId: ReadonlyMap<string, ConsoleKey>;
  readonly isReadOnly: boolean;
  readonly nowMs: number;
  readonly onAction: (action: KeyAction) => void;
  readonly onClose: () => void;
  /** Takes the key as the server has it, each time it was asked. */
  readonly onRead: (record: ConsoleKey) => void;
}

const READ_EVERY_MS = 5000;

/** All that is known of one key, as the table has it: it is read anew every few seconds. */
export function KeyPanel(props: KeyPanelProps) {
  const { record, byId, isReadOnly, nowMs, onAction, onClose, onRead } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  // At once: what is pressed next is the panel's.
  useLayoutEffect(() => heading.current?.focus(), [record.id]);
  useEffect(() => {
    const read = () => {
      if (!document.hidden) void api.read(record.id).then(onRead, () => {});
    };
    read();
    const timer = setInterval(read, READ_EVERY_MS);
    return () => clearInterval(timer);
  }, [record.id]);
  return (
    <aside class="panel" aria-label={`Key ${record.label}`}>
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {record.label}
        </h2>
        <button type="button" class="icon" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      {isReadOnly ? null : <Actions record={record} onAction={onAction} />}
      <Facts record={record} nowMs={nowMs} />
      <Chain record={record} byId={byId} nowMs={nowMs} />
    </aside>
  );
}

function Actions({ record: { state, disabledAt, rotatedTo }, onAction }: Pick<KeyPanelProps, 'record' | 'onAction'>) {
  if (state === 'revoked') return null;
  const toggle = disabledAt === undefined ? 'disable' : 'enable';
  return (
    <div class="actions" role="group" aria-label="Change this key">
      <button type="button" onClick={() => onAction('edit')}>
        Edit
      </button>
      {state === 'active' && rotatedTo === undefined ? (
        <button type="button" onClick={() => onAction('rotate')}>
          Rotate
        </button>
      ) : null}
      <button type="button" onClick={() => onAction(toggle)}>
        {toggle === 'disable' ? 'Disable' : 'Enable'}
      </button>
      <button type="button" class="danger" onClick={() => onAction('revoke')}>
        Revoke
      </button>
    </div>
  );
}

function Facts({ record, nowMs }: Pick<KeyPanelProps, 'record' | 'nowMs'>) {
  const time = (at: Timestamp | undefined) => (at === undefined ? undefined : <Time at={at} nowMs={nowMs} />);
  const { keyPrefix, owner, scopes, plan, metadata } = record;
  const facts: readonly (readonly [name: string, value: ComponentChildren])[] = [
    ['State', <StateBadge state={record.state} />],
    ['Id', <code>{record.id}</code>],
    ['Key', keyPrefix && <code>{keyPrefix}…</code>],
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
    ['Metadata', metadata && <pre>{JSON.stringify(metadata, null, 2)}</pre>],
  ];
  return (
    <dl>
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
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
                <code>{id}</code>, whose record is gone
              </span>
            ) : (
              <>
                <a href={hrefOf({ view: 'keys', id })} aria-current={id === record.id ? 'true' : undefined}>
                  <code>{key.keyPrefix === undefined ? id.slice(0, 8) : `${key.keyPrefix}…`}</code>
                </a>{' '}
                <StateBadge state={key.state} /> <Time at={key.createdAt} nowMs={nowMs} />
              </>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
