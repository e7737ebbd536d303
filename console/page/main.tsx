import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Console } from './Console.tsx';
import { api, type ApiError, type SessionInfo } from './api.ts';

render(<App />, document.body);

/** The page: the console, or why there is none. */
export function App() {
  const [session, setSession] = useState<SessionInfo>();
  const [error, setError] = useState<ApiError>();
  const isAsked = useRef(false);
  useEffect(() => {
    if (isAsked.current) return;
    isAsked.current = true;
    api.session().then(setSession, setError);
  }, []);
  if (session !== undefined) return <Console session={session} />;
  return (
    <main class="closed">
      <h1>Latchkey</h1>
      <p role="status">{error === undefined ? 'Opening…' : error.message}</p>
    </main>
  );
}
