import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from './gatewayError.ts';

/**
 * Listens on 127.0.0.1 and returns the port. Port 0 selects a free port. Throws GatewayError `PORT_UNUSABLE`, naming
 * the command-line option of the port.
 */
export async function listenOnLoopback(server: Server, port: number, option: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'it is in use' : cause.message;
      const message = `${option}: cannot listen on port ${port}: ${reason}; pass another port, or 0 for a free one`;
      reject(new GatewayError('PORT_UNUSABLE', message, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  // A busy process could otherwise close an idle connection on which the client sends its next request.
  server.keepAliveTimeout = 0;
  return (server.address() as AddressInfo).port;
}

/** Closes a server and all of its open connections. */
export async function closeNow(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}

/** Checks that a server can listen on the port. Throws GatewayError `PORT_UNUSABLE`, naming the command-line option. */
export async function checkPort(port: number, option: string): Promise<void> {
  const server = createServer();
  await listenOnLoopback(server, port, option);
  await closeNow(server);
}
