import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { CliError } from '../../cli/cliError.ts';
import type { ConsoleToStart, RunningConsole } from '../../cli/consoleToStart.ts';
import { createConsoleApp, START_PATH } from './consoleApp.ts';
import { readPageFiles } from './pageFiles.ts';
import { Session } from './session.ts';
import { stopperOf } from './stopperOf.ts';

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
