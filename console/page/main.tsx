import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Console } from './Console.tsx';
import { api, type ApiError, type SessionInfo } from './api.ts';

render(<App />, document.body);

/** Opens the session. Shows the console, or the reason why it can't be shown. */
export function App() {
  const [session, setSession] = useState<SessionInfo>();
  const [error, setError] = useState<ApiError>();
  const isRequested = useRef(false);
  useEffect(() => {
    if (isRequested.current) return;
    isRequested.current = true;
    api.session().then(setSession, setError);
  }, []);
  if (session !== undefined) return <Console session={session} />;
  return (
    <main class="closed">
      <h1>Latchkey</h1>
      <p role="status">{error === undefined ? 'Loading…' : error.message}</p>
    </main>
  );
}
