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
 * Starts the console's server on 127.0.0.1.
 *
 * @throws CliError `PORT_UNUSABLE`; `FILE_UNUSABLE` if the page isn't built
 */
export async function startConsole({
  port: requestedPort,
  portOption = '--port',
  ...table
}: ConsoleToStart): Promise<RunningConsole> {
  const files = readPageFiles();
  const session = new Session(() => randomBytes(TOKEN_BYTES).toString('base64url'));
  // The page polls every five seconds, which is Node's default. The server could close a connection during a request.
  const server = createServer({ keepAliveTimeout: 0 });
  const stop = createGracefulStop(server);
  const port = await listen(server, requestedPort, portOption);
  const app = createConsoleApp({ ...table, port, session, files });
  server.on('request', getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const newUrl = () => `http://127.0.0.1:${port}${START_PATH}?token=${session.newToken()}`;
  return { url: newUrl(), newUrl, stop };
}

async function listen(server: Server, port: number, option: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is in use' : cause.message;
      const message = `${option}: cannot listen on port ${port}: ${why}; pass another port, or 0 for a free one`;
      reject(new CliError('PORT_UNUSABLE', message, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Timeout of the stop. It's longer than the timeout of a call to DynamoDB. */
const STOP_TIMEOUT_MS = CALL_TIMEOUT_MS + 5000;
const CHECK_MS = 20;

/**
 * Tracks the server's requests from now on, and returns a function that stops the server. That function first waits up
 * to `timeoutMs` for the responses to complete requests. Otherwise an issued key could be lost. Then it closes all
 * connections.
 */
export function createGracefulStop(server: Server, timeoutMs = STOP_TIMEOUT_MS): () => Promise<void> {
  const open = new Set<ServerResponse>();
  server.on('request', (_, response: ServerResponse) => {
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  return async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await waitForAnswers(server, open, timeoutMs);
    server.closeAllConnections();
    await closed;
  };
}

/**
 * Resolves after the responses to all complete requests, or after the timeout. It doesn't wait for incomplete requests,
 * because they haven't changed anything yet.
 */
function waitForAnswers(server: Server, open: ReadonlySet<ServerResponse>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearInterval(check);
      clearTimeout(timeout);
      resolve();
    };
    const look = () => {
      // A client could send another request over an idle connection.
      server.closeIdleConnections();
      if (![...open].some(({ req }) => req.complete)) end();
    };
    const check = setInterval(look, CHECK_MS);
    const timeout = setTimeout(end, timeoutMs);
  });
}
