import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from './gatewayError.ts';
import type { Api, GatewayReply, GatewayRequest, Header } from './gatewayRequest.ts';

/** API Gateway's payload limit. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** The HTTP server, on the loopback interface only. The first segment of a path names the API it serves. */
export class GatewayServer {
  readonly #apis = new Map<string, Api>();
  readonly #writeLog: (line: string) => void;
  readonly #server: Server;

  constructor(writeLog: (line: string) => void) {
    this.#writeLog = writeLog;
    this.#server = createServer((message, response) => {
      void this.#serve(message, response);
    });
  }

  /** Serves an API under `/PREFIX/…`. Until the first is mounted every request is answered with 503. */
  mount(prefix: string, api: Api): void {
    this.#apis.set(prefix, api);
  }

  /** Returns the base URL. Port 0 takes a free one. Throws GatewayError `PORT_UNUSABLE`. */
  async listen(port: number): Promise<string> {
    return `http://127.0.0.1:${await listenOnLoopback(this.#server, port, '--port')}`;
  }

  stop(): Promise<void> {
    return closeNow(this.#server);
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, await this.#answer(message));
    } catch (error) {
      this.#writeLog(`local gateway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      send(response, plain(500, 'Local gateway error'));
    }
  }

  async #answer(message: IncomingMessage): Promise<GatewayReply> {
    const [target = '', rawQuery = ''] = (message.url ?? '').split(/\?(.*)/s);
    const [, prefix = '', path = ''] = /^\/([^/]*)(.*)$/.exec(target) ?? [];
    const api = this.#apis.get(prefix);
    if (this.#apis.size === 0) return plain(503, 'The local gateway is starting');
    if (api === undefined) return plain(404, `No such API; there are /${[...this.#apis.keys()].join('/… and /')}/…`);
    const body = await readBody(message);
    if (body === undefined) return plain(413, 'Request Entity Too Large');
    return api(toRequest(message, { path: path || '/', rawQuery, body }));
  }
}

/**
 * Listens on 127.0.0.1 and returns the port.
 *
 * @throws GatewayError `PORT_UNUSABLE`, naming the option that gave the port
 */
export async function listenOnLoopback(server: Server, port: number, option: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is in use' : cause.message;
      const message = `${option}: cannot listen on port ${port}: ${why}; give another, or 0 for any that is free`;
      reject(new GatewayError('PORT_UNUSABLE', message, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Closes a server with whatever connections clients hold open. */
export async function closeNow(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}

function toRequest(
  message: IncomingMessage,
  target: Pick<GatewayRequest, 'path' | 'rawQuery' | 'body'>,
): GatewayRequest {
  return {
    ...target,
    id: randomUUID(),
    method: message.method ?? 'GET',
    headers: pairs(message.rawHeaders),
    sourceIp: message.socket.remoteAddress ?? '127.0.0.1',
    protocol: `HTTP/${message.httpVersion}`,
    receivedMs: Date.now(),
  };
}

function pairs(rawHeaders: readonly string[]): readonly Header[] {
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []));
}

async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

function plain(statusCode: number, message: string): GatewayReply {
  return { statusCode, headers: [['Content-Type', 'application/json']], body: JSON.stringify({ message }) };
}

function send(response: ServerResponse, { statusCode, headers, body }: GatewayReply): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = statusCode;
  for (const [name, value] of headers) response.appendHeader(name, value);
  response.end(body);
}
