import { randomBytes } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { CALL_TIMEOUT_MS } from '../../keys/dynamodb.ts';
import type { ConsoleToStart, RunningConsole } from '../../operator/consoleToStart.ts';
import { CliError } from '../../operator/errors.ts';
import { createConsoleApp, START_PATH } from './consoleApp.ts';
import { Session } from './guards.ts';
import { readPageFiles } from './pageFiles.ts';

const TOKEN_BYTES = 32;

/**
 * Serves the console on 127.0.0.1.
 *
 * @throws CliError `PORT_UNUSABLE`; `FILE_UNUSABLE` where the page is not built
 */
export async function startConsole({ port: wantedPort, ...table }: ConsoleToStart): Promise<RunningConsole> {
  const files = readPageFiles();
  const session = new Session(() => randomBytes(TOKEN_BYTES).toString('base64url'));
  const server = createServer();
  const stop = stopperOf(server);
  const port = await listen(server, wantedPort);
  const app = createConsoleApp({ ...table, port, session, files });
  server.on('request', getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  return { url: `http://127.0.0.1:${port}${START_PATH}?token=${session.token}`, stop };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is in use' : cause.message;
      const message = `--port: cannot listen on port ${port}: ${why}; give another, or 0 for any that is free`;
      reject(new CliError('PORT_UNUSABLE', message, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

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
