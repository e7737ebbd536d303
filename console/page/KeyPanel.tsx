import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { printable, printableLines } from '../../keys/printable.ts';
import { toTimestamp, type Timestamp } from '../../keys/timestamp.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { api, ApiError, type SessionInfo } from './api.ts';
import { cliCommand, curlCommand, KEY_VARIABLE } from './commands.ts';
import { CodeBox, CopyButton } from '../../components/CopyButton.tsx';
import { CrossGlyph } from '../../components/glyphs.tsx';
import { type KeyAction, offerActions } from './keyActions.ts';
import { KeyTimeline } from './KeyTimeline.tsx';
import { PlanUse } from './PlanUse.tsx';
import { ExactTime, Time } from '../../components/Time.tsx';
import { State } from './State.tsx';
import { expiryUrgency, lastUsedBand } from '../../components/urgency.ts';
import { KeyUsage } from './Usage.tsx';
import { whileVisible } from '../../components/whileVisible.ts';

interface KeyPanelProps {
  readonly record: ConsoleKey;
  readonly byId: ReadonlyMap<string, ConsoleKey>;
  readonly table: SessionInfo['table'];
  /** The reason why the page can't change keys at all. `undefined` if it can. */
  readonly blocked: string | undefined;
  readonly nowMs: number;
  readonly onAction: (action: KeyAction) => void;
  readonly onClose: () => void;
  /** Receives the key from the table after each read. */
  readonly onRead: (record: ConsoleKey) => void;
  /** Returns the address of another key. */
  readonly hrefOf: (id: string) => string;
  /** Runs if the key is no longer in the table. */
  readonly onMissing: () => void;
  /** The heading. It gets the focus when the panel opens. */
  readonly heading: RefObject<HTMLHeadingElement | null>;
}

const POLL_INTERVAL_MS = 5000;

/** Shows all fields of one key, its history and its actions. Reads the key again every five seconds. */
export function KeyPanel(props: KeyPanelProps) {
  const { record, byId, table, nowMs, onClose, heading, hrefOf } = props;
  const failure = usePolling(props);
  return (
    <aside class="panel" aria-label={`Key ${printable(record.label)}`}>
      <header>
        <h2 ref={heading} tabIndex={-1} data-fallback-focus>
          {printable(record.label)}
        </h2>
        <State {...{ record, nowMs }} acceptedKeys={table.acceptedKeys} />
        <button type="button" class="icon" aria-label="Close" onClick={onClose}>
          <CrossGlyph />
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
      <Names record={record} />
      <Actions {...props} />
      <TimeFacts record={record} nowMs={nowMs} />
      <KeyUsage id={record.id} table={table} />
      <Access {...props} />
      <KeyTimeline {...{ record, byId, nowMs, hrefOf }} />
      <section aria-label="Use">
        {record.revokedAt === undefined ? (
          <>
            <h3>Use this key</h3>
            <CodeBox name="the curl command" text={curlCommand(`$${KEY_VARIABLE}`, table.apiUrl)} />
          </>
        ) : null}
        <h3>From the terminal</h3>
        <CodeBox name="the Latchkey command" text={cliCommand('show', record.id, table)} />
      </section>
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
    return whileVisible(() => void read(), POLL_INTERVAL_MS);
  }, [record.id]);
  return failure;
}

/** Shows the key's prefix and id with their copy buttons. */
function Names({ record: { id, keyPrefix } }: Pick<KeyPanelProps, 'record'>) {
  return (
    <ul class="names">
      {keyPrefix === undefined ? null : (
        <li>
          <span class="unseen">Prefix: </span>
          <code>{printable(keyPrefix)}…</code>
          <CopyButton text={keyPrefix} name="the prefix" />
        </li>
      )}
      <li>
        <span class="unseen">ID: </span>
        <code>{printable(id)}</code>
        <CopyButton text={id} name="the id" />
      </li>
    </ul>
  );
}

function Actions({ record, nowMs, blocked, onAction }: KeyPanelProps) {
  const actions = offerActions(record, nowMs, blocked);
  const reasons = [...new Set(actions.flatMap(({ whyNot }) => whyNot ?? []))];
  // The second click of a double click can hit a button that appeared after the first click.
  const once = (action: KeyAction) => (event: MouseEvent) => {
    if (event.detail < 2) onAction(action);
  };
  return (
    <div class="actions" role="group" aria-label="Actions">
      {/* Enable and Disable differ in their keys, because Enable must not inherit the focus of Disable. A second Enter
          would undo the first. */}
      {actions.map(({ action, name, whyNot }) => (
        <button
          key={action}
          type="button"
          class={action === 'revoke' ? 'danger' : ''}
          aria-disabled={whyNot !== undefined}
          aria-describedby={whyNot === undefined ? undefined : `why-${reasons.indexOf(whyNot)}`}
          title={whyNot}
          onClick={whyNot === undefined ? once(action) : undefined}
        >
          {name}
        </button>
      ))}
      {reasons.map((reason, index) => (
        <p key={reason} id={`why-${index}`} class="hint">
          {reason}
        </p>
      ))}
    </div>
  );
}

/** Shows the last use and the expiry, both as a relative and as an exact time. */
function TimeFacts({ record, nowMs }: Pick<KeyPanelProps, 'record' | 'nowMs'>) {
  const { lastUsedAt, expiresAt, revokedAt } = record;
  const hasExpiry = expiresAt !== undefined && revokedAt === undefined;
  return (
    <dl class="time-facts">
      <div>
        <dt>Last used</dt>
        <dd>
          <strong class="used">
            {lastUsedAt === undefined ? (
              'Never'
            ) : (
              <>
                <span class={`dot dot-${lastUsedBand(record, nowMs)}`} aria-hidden="true" />
                <Time at={lastUsedAt} nowMs={nowMs} />
              </>
            )}
          </strong>
          <span class="quiet">{lastUsedAt === undefined ? 'No request so far' : <ExactTime at={lastUsedAt} />}</span>
        </dd>
      </div>
      <div>
        <dt>Expires</dt>
        <dd>
          <strong class={expiryUrgency(record, nowMs)}>
            {hasExpiry ? <Time at={expiresAt} nowMs={nowMs} /> : revokedAt === undefined ? 'Never' : '–'}
          </strong>
          <span class="quiet">
            {hasExpiry ? <ExactTime at={expiresAt} /> : revokedAt === undefined ? 'Works until you end it' : 'Revoked'}
          </span>
        </dd>
      </div>
    </dl>
  );
}

/** Shows the owner, the scopes, the plan with what is left of it, the IP addresses and the metadata. */
function Access({ record, table, blocked, onAction }: KeyPanelProps) {
  const { owner, scopes, plan, allowedIps, metadata } = record;
  return (
    <section aria-label="Access">
      <h3>Access</h3>
      <dl class="facts">
        <div>
          <dt>Owner</dt>
          <dd>{owner === undefined ? <span class="quiet">none</span> : printable(owner)}</dd>
        </div>
        <div>
          <dt>Scopes</dt>
          <dd>
            <Scopes scopes={scopes} />
          </dd>
        </div>
        {plan === undefined ? null : (
          <div>
            <dt>Plan</dt>
            <dd>
              <PlanUse {...{ record, table, blocked }} onReset={() => onAction('reset quota')} />
            </dd>
          </div>
        )}
        {allowedIps === undefined ? null : (
          <div>
            <dt>IP addresses</dt>
            <dd>{allowedIps.length === 0 ? 'None: the key works from nowhere' : <Chips texts={allowedIps} />}</dd>
          </div>
        )}
        {metadata === undefined ? null : (
          <div>
            <dt>Metadata</dt>
            <dd>
              <pre>{printableLines(JSON.stringify(metadata, null, 2))}</pre>
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function Scopes({ scopes }: { scopes: readonly string[] | undefined }) {
  if (scopes === undefined) return <>Everything</>;
  if (scopes.length === 0) return <>Nothing: the key has no scopes</>;
  return <Chips texts={scopes} />;
}

function Chips({ texts }: { texts: readonly string[] }) {
  return (
    <ul class="chips">
      {texts.map((text) => (
        <li key={text} class="chip">
          <code>{printable(text)}</code>
        </li>
      ))}
    </ul>
  );
}
