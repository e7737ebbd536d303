import type { Agent, ClientRequest } from 'node:http';
import { buildQueryString, HttpResponse, type HttpHandler, type HttpRequest } from '@smithy/core/protocols';

export interface FunctionRequestHandlerOptions {
  /** The longest that a connection may take, in milliseconds. */
  readonly connectionTimeout?: number;
  /** The longest from the request to the head of the answer, in milliseconds. */
  readonly requestTimeout?: number;
  /**
   * Of the endpoint, `http:` or `https:`.
   *
   * @default - Node's module for it is loaded with the first request
   */
  readonly protocol?: string;
}

type Handling = Parameters<HttpHandler['handle']>[1];

const MAX_SOCKETS = 50;
/** What a connection that was kept open too long ends in; the SDK tries again after it. */
const LOST = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/**
 * How the function's client speaks HTTP. `build.js` puts this in the place of the AWS SDK's `NodeHttpHandler`, of which it does
 * what DynamoDB and the server of credentials need: whole bodies, connections that are kept, and two limits of time, past
 * which a request fails with `TimeoutError`. It loads one of `node:http` and `node:https`, not both.
 */
export class FunctionRequestHandler implements HttpHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #options: FunctionRequestHandlerOptions;
  readonly #agents = new Map<string, Agent>();

  /** As the SDK asks for one: a handler is taken as it is. */
  static create(options: FunctionRequestHandlerOptions | HttpHandler = {}): HttpHandler {
    return 'handle' in options ? options : new FunctionRequestHandler(options);
  }

  constructor(options: FunctionRequestHandlerOptions) {
    this.#options = options;
    if (options.protocol !== undefined) this.#agentOf(options.protocol);
  }

  /** Rejects with `AbortError`, `TimeoutError`, or with Node's error. The limit given here comes before the handler's own. */
  handle(request: HttpRequest, { abortSignal, requestTimeout }: Handling = {}): Promise<{ response: HttpResponse }> {
    return new Promise((resolve, reject) => {
      const sent = transportOf(request.protocol).request({
        agent: this.#agentOf(request.protocol),
        method: request.method,
        // Node wants an IPv6 address without its brackets.
        host: request.hostname.replace(/^\[|\]$/g, ''),
        port: request.port,
        path: pathOf(request),
        headers: request.headers,
        // Node's own, as our calls give it; the SDK allows for others.
        ...(abortSignal instanceof AbortSignal ? { signal: abortSignal } : {}),
      });
      limitConnection(sent, this.#options.connectionTimeout);
      limitAnswer(sent, requestTimeout ?? this.#options.requestTimeout);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        reject(LOST.has(error.code ?? '') ? Object.assign(error, { name: 'TimeoutError' }) : error);
      });
      sent.on('response', (body) => {
        const headers = Object.entries(body.headers).map(([name, value]) => [name, String(value)]);
        const statusCode = body.statusCode ?? -1;
        resolve({ response: new HttpResponse({ statusCode, headers: Object.fromEntries(headers), body }) });
      });
      sent.end(request.body);
    });
  }

  destroy(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  /** No extension of the client changes what it was made with. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): FunctionRequestHandlerOptions {
    return this.#options;
  }

  #agentOf(protocol: string): Agent {
    const known = this.#agents.get(protocol);
    if (known !== undefined) return known;
    const agent = new (transportOf(protocol).Agent)({ keepAlive: true, maxSockets: MAX_SOCKETS });
    this.#agents.set(protocol, agent);
    return agent;
  }
}

/** The body of an answer, in the place of the SDK's own collector, which takes browsers' streams as well. */
export async function collectStream(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// The names that the SDK imports.
export { FunctionRequestHandler as NodeHttpHandler, collectStream as streamCollector };

function transportOf(protocol: string) {
  return protocol === 'http:' ? process.getBuiltinModule('node:http') : process.getBuiltinModule('node:https');
}

function pathOf({ path, query }: HttpRequest): string {
  const queryString = buildQueryString(query ?? {});
  return queryString === '' ? path : `${path}?${queryString}`;
}

/** Ends a request whose socket has not connected by then. */
function limitConnection(sent: ClientRequest, milliseconds: number | undefined): void {
  sent.on('socket', (socket) => {
    if (!socket.connecting) return;
    const connected = limit(sent, 'connection', milliseconds);
    socket.once('connect', connected);
  });
}

/** Ends a request that is not answered by then. */
function limitAnswer(sent: ClientRequest, milliseconds: number | undefined): void {
  const answered = limit(sent, 'answer', milliseconds);
  sent.once('response', answered);
}

/** Ends a request unless what comes back is called in time. */
function limit(sent: ClientRequest, awaited: string, milliseconds: number | undefined): () => void {
  if (milliseconds === undefined) return () => {};
  const timer = setTimeout(() => {
    sent.destroy(Object.assign(new Error(`no ${awaited} within ${milliseconds} ms`), { name: 'TimeoutError' }));
  }, milliseconds);
  const stop = () => clearTimeout(timer);
  sent.once('close', stop);
  return stop;
}
