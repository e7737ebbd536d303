import type { Server, ServerResponse } from 'node:http';
import { CALL_TIMEOUT_MS } from '../../keys/callLimits.ts';

/** By then a call to DynamoDB is over, whatever became of it. */
const STOP_TIMEOUT_MS = CALL_TIMEOUT_MS + 5000;
const CHECK_MS = 20;

/**
 * Keeps account of what the server is asked from now on. What it gives back stops the server: requests that came in whole are
 * answered, so that no key is issued that nobody has seen, or given up after a time; then every connection is closed.
 */
export function stopperOf(server: Server, timeoutMs = STOP_TIMEOUT_MS): () => Promise<void> {
  const open = new Set<ServerResponse>();
  server.on('request', (_, response: ServerResponse) => {
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  return async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await answered(server, open, timeoutMs);
    server.closeAllConnections();
    await closed;
  };
}

/** Of a request whose end has not come, nothing is done yet. */
function answered(server: Server, open: ReadonlySet<ServerResponse>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearInterval(check);
      clearTimeout(timeout);
      resolve();
    };
    const look = () => {
      // Each could bring another request.
      server.closeIdleConnections();
      if (![...open].some(({ req }) => req.complete)) end();
    };
    const check = setInterval(look, CHECK_MS);
    const timeout = setTimeout(end, timeoutMs);
  });
}
