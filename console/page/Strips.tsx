import { CopyButton } from '../../components/CopyButton.tsx';
import type { SessionInfo } from './api.ts';
import type { ConnectionState } from './connection.ts';
import type { KeyStore } from './keyStore.ts';

interface StripsProps {
  readonly store: KeyStore;
  readonly connection: ConnectionState;
  readonly session: SessionInfo;
  /** Checks the connection now. */
  readonly onRetry: () => void;
}

/** Shows what is wrong with the whole page: the connection, the session, the last load, or unreadable records. */
export function Strips({ store, connection, session, onRetry }: StripsProps) {
  const { error, corrupt, reload } = store;
  return (
    <>
      <div role="alert">
        {connection === 'ended' ? <EndedStrip command={session.command} /> : null}
        {connection === 'disconnected' ? (
          <p class="strip strip-warning">
            <span>
              <strong>Disconnected.</strong> Changes are off until the console responds again.
            </span>
            <button type="button" onClick={onRetry}>
              Retry
            </button>
          </p>
        ) : null}
        {connection === 'connected' && error !== undefined ? (
          <p class="strip strip-problem">
            <span>
              <strong>Couldn’t load the keys.</strong> {error.message}
            </span>
            <button type="button" onClick={reload}>
              Retry
            </button>
          </p>
        ) : null}
      </div>
      {corrupt.length === 0 ? null : <Corrupt lines={corrupt} />}
    </>
  );
}

/** Shows how to get a new session. The page can't get one itself, because only the printed URL opens a session. */
function EndedStrip({ command }: { command: string }) {
  return (
    <p class="strip strip-problem">
      <strong>The console’s session has ended.</strong> Start the console again, and open the address that it prints:
      <span class="command">
        <code>{command}</code>
        <CopyButton text={command} name="command" />
      </span>
    </p>
  );
}

function Corrupt({ lines }: { lines: readonly string[] }) {
  return (
    <details class="strip strip-problem">
      <summary>
        {lines.length} {lines.length === 1 ? 'record' : 'records'} cannot be read
      </summary>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </details>
  );
}
