import { randomUUID } from 'node:crypto';
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  getHeader,
  type AccessDetails,
  type Api,
  type GatewayReply,
  type GatewayRequest,
  type Header,
} from './gatewayRequest.ts';
import { closeNow, listenOnLoopback } from './loopback.ts';
import { SUBPROTOCOL_HEADER, SWITCHING_PROTOCOLS, type WebSocketApi } from './webSocketApi.ts';

/** API Gateway's maximum payload size. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** API Gateway's maximum size of one WebSocket message. */
const MAX_MESSAGE_BYTES = 128 * 1024;

/** A request that the gateway has answered. */
export interface ServedRequest extends AccessDetails {
  readonly method: string;
  /** The path with the prefix of the API, without the query. */
  readonly path: string;
  readonly statusCode: number;
  readonly durationMs: number;
}

interface GatewayServerDeps {
  readonly writeLog: (line: string) => void;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Receives each request after its reply. */
  readonly onServed: (request: ServedRequest) => void;
}

/** The gateway's HTTP server on the loopback interface. The first segment of a path selects the API. */
export class GatewayServer {
  readonly #apis = new Map<string, Api>();
  readonly #webSocketApis = new Map<string, WebSocketApi>();
  readonly #deps: GatewayServerDeps;
  readonly #server: Server;
  readonly #webSocketServer = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (_, request) => this.#subprotocols.get(request) ?? false,
  });
  /** The subprotocol that an API has selected for an upgrade request. */
  readonly #subprotocols = new WeakMap<IncomingMessage, string>();
  /** The connections with an upgrade request. The HTTP server doesn't close them. */
  readonly #upgradeSockets = new Set<Socket>();

  constructor(deps: GatewayServerDeps) {
    this.#deps = deps;
    this.#server = createServer((message, response) => {
      void this.#serve(message, response);
    });
    this.#server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      void this.#upgrade(message, socket, head);
    });
  }

  /** Serves an API under `/PREFIX/…`. Every request gets a 503 until the first API is mounted. */
  mount(prefix: string, api: Api): void {
    this.#apis.set(prefix, api);
  }

  /** Serves an API at the root, for paths that begin with one of these segments. Its paths keep the segment. */
  mountAtRoot(segments: readonly string[], api: Api): void {
    for (const segment of segments) {
      this.mount(segment, (request) => api({ ...request, path: request.sentPath }));
    }
  }

  /** Opens WebSocket connections under `/PREFIX/…` and echoes their messages. Other requests get a 426. */
  mountWebSocket(prefix: string, api: WebSocketApi): void {
    this.mount(prefix, async () => plain(426, 'Upgrade Required'));
    this.#webSocketApis.set(prefix, api);
  }

  /** Returns the base URL. Port 0 selects a free port. Throws GatewayError `PORT_UNUSABLE`. */
  async listen(port: number): Promise<string> {
    return `http://127.0.0.1:${await listenOnLoopback(this.#server, port, '--port')}`;
  }

  stop(): Promise<void> {
    for (const socket of this.#upgradeSockets) socket.destroy();
    return closeNow(this.#server);
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedMs = this.#deps.now();
    const reply = await this.#guard(() => this.#answer(message, receivedMs));
    send(response, reply);
    this.#report(message, reply, receivedMs);
  }

  /** Opens a WebSocket connection. It responds to the request without the upgrade if it can't. */
  async #upgrade(message: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const receivedMs = this.#deps.now();
    this.#upgradeSockets.add(socket);
    socket.once('close', () => this.#upgradeSockets.delete(socket));
    // A reset connection would end the process without a listener.
    socket.on('error', () => {});
    const { prefix, ...target } = parseTarget(message);
    const api = message.headers.upgrade?.toLowerCase() === 'websocket' ? this.#webSocketApis.get(prefix) : undefined;
    const reply = await this.#guard(async () => {
      if (api === undefined) return this.#answer(message, receivedMs);
      return api(toRequest(message, { ...target, body: Buffer.alloc(0), receivedMs }));
    });
    this.#report(message, reply, receivedMs);
    if (socket.destroyed) return;
    if (api !== undefined && reply.statusCode === SWITCHING_PROTOCOLS) {
      const [subprotocol] = getHeader(reply, SUBPROTOCOL_HEADER);
      if (subprotocol !== undefined) this.#subprotocols.set(message, subprotocol);
      return this.#webSocketServer.handleUpgrade(message, socket, head, echo);
    }
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => socket.end());
    send(response, reply);
  }

  #report({ method = 'GET', url = '' }: IncomingMessage, reply: GatewayReply, receivedMs: number): void {
    const { statusCode, code, keyId, label } = reply;
    const [path = ''] = url.split('?');
    this.#deps.onServed({ method, path, statusCode, durationMs: this.#deps.now() - receivedMs, code, keyId, label });
  }

  async #guard(answer: () => Promise<GatewayReply>): Promise<GatewayReply> {
    try {
      return await answer();
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      for (const line of `local gateway: ${text}`.split('\n')) this.#deps.writeLog(line);
      return plain(500, 'Local gateway error');
    }
  }

  async #answer(message: IncomingMessage, receivedMs: number): Promise<GatewayReply> {
    const { prefix, ...target } = parseTarget(message);
    const api = this.#apis.get(prefix);
    if (this.#apis.size === 0) return plain(503, 'The local gateway is starting');
    if (api === undefined) {
      return plain(404, `No API has this prefix; expected one of /${[...this.#apis.keys()].join('/, /')}/`);
    }
    const body = await readBody(message);
    if (body === undefined) return plain(413, 'Request Entity Too Large');
    return api(toRequest(message, { ...target, body, receivedMs }));
  }
}

/** Sends each message back. A message that violates the protocol or the size limit ends the connection. */
function echo(client: WebSocket): void {
  client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
  client.on('error', () => {});
}

/** Splits the URL into the prefix of the API, the path for the API, and the query. */
function parseTarget({ url = '' }: IncomingMessage) {
  const [target = '', rawQuery = ''] = url.split(/\?(.*)/s);
  const [, prefix = '', path = ''] = /^\/([^/]*)(.*)$/s.exec(target) ?? [];
  return { prefix, sentPath: target, path: path || '/', rawQuery };
}

function toRequest(
  message: IncomingMessage,
  target: Pick<GatewayRequest, 'sentPath' | 'path' | 'rawQuery' | 'body' | 'receivedMs'>,
): GatewayRequest {
  const sourceIp = message.socket.remoteAddress ?? '127.0.0.1';
  return {
    ...target,
    id: randomUUID(),
    method: message.method ?? 'GET',
    headers: withForwardedFor(toPairs(message.rawHeaders), sourceIp),
    scheme: 'http',
    sourceIp,
    protocol: `HTTP/${message.httpVersion}`,
  };
}

function toPairs(rawHeaders: readonly string[]): readonly Header[] {
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []));
}

/** Appends the address of the connection to `X-Forwarded-For`, as API Gateway does. */
function withForwardedFor(headers: readonly Header[], sourceIp: string): readonly Header[] {
  const sent = headers.filter(isForwardedFor).map(([, value]) => value);
  return [...headers.filter((header) => !isForwardedFor(header)), ['X-Forwarded-For', [...sent, sourceIp].join(', ')]];
}

function isForwardedFor([name]: Header): boolean {
  return name.toLowerCase() === 'x-forwarded-for';
}

/** Reads the body. Returns `undefined` if it exceeds the payload limit. */
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
