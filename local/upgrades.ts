import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { WebSocketSession } from './webSocketApi.ts';

/** API Gateway's limit for one message. */
const MAX_MESSAGE_BYTES = 128 * 1024;

/** The connections that a server has given out of its hands. */
export class Upgrades {
  readonly #writeLog: (line: string) => void;
  readonly #sockets = new Set<Duplex>();
  #isClosing = false;

  constructor(writeLog: (line: string) => void) {
    this.#writeLog = writeLog;
  }

  /** Takes a socket on, to be closed with the others. */
  add(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // A client that goes away is told by its close.
    socket.on('error', () => {});
  }

  /** Completes the handshake and serves the connection. */
  open(session: WebSocketSession, message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: () => session.subprotocol ?? false,
    });
    server.handleUpgrade(message, socket, head, (client) => this.#serve(client, session));
  }

  /** Ends every connection at once, and tells no function: those are stopping too. */
  closeAll(): void {
    this.#isClosing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(client: WebSocket, session: WebSocketSession): void {
    const report = (error: unknown) => this.#writeLog(`local gateway: ${String(error)}`);
    client.on('message', (data: Buffer) => {
      session
        .receive(data)
        .then((answer) => answer !== undefined && client.readyState === client.OPEN && client.send(answer))
        .catch(report);
    });
    // A message that breaks the protocol or the limit ends the connection by itself.
    client.on('error', () => {});
    client.on('close', (statusCode, reason) => {
      if (!this.#isClosing) session.end(statusCode, String(reason)).catch(report);
    });
  }
}
