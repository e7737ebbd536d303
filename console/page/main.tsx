import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Console } from './Console.tsx';
import { api, type ApiError, type KeyPage, type SessionInfo } from './api.ts';
import { KeyRowsSkeleton } from './Skeleton.tsx';
import { Mark } from './TopBar.tsx';

render(<App />, document.body);

/** Opens the session. Shows the console, or the reason why it can't be shown. */
export function App() {
  const [session, setSession] = useState<SessionInfo>();
  const [error, setError] = useState<ApiError>();
  const isRequested = useRef(false);
  // The first keys are on their way while the session loads.
  const firstPage = useRef<Promise<KeyPage>>(undefined);
  const load = () => {
    setError(undefined);
    firstPage.current = api.page(null);
    // The load of the keys handles a failure.
    firstPage.current.catch(() => {});
    api.session().then(setSession, setError);
  };
  useEffect(() => {
    if (isRequested.current) return;
    isRequested.current = true;
    load();
  }, []);
  if (session !== undefined) return <Console session={session} firstPage={firstPage.current} />;
  return error === undefined ? <Loading /> : <Closed error={error} onRetry={load} />;
}

function Loading() {
  return (
    <>
      <header class="top">
        <Mark />
      </header>
      <main class="loading">
        <h1 class="unseen">Latchkey</h1>
        <p role="status" class="unseen">
          Loading…
        </p>
        <KeyRowsSkeleton />
      </main>
    </>
  );
}

function Closed({ error: { code, message }, onRetry }: { error: ApiError; onRetry: () => void }) {
  return (
    <main class="closed">
      <Mark />
      <h1>{code === 'SESSION_REQUIRED' ? 'This browser has no session' : 'The console can’t be shown'}</h1>
      <p role="status">{message}</p>
      {code === 'SESSION_REQUIRED' ? null : (
        <button type="button" onClick={onRetry}>
          Retry
        </button>
      )}
    </main>
  );
}
