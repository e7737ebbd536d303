import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { closeNow, listenOnLoopback } from '../../local/gatewayServer.ts';

/** A request that came by. */
export interface ProxiedRequest {
  /** Such as `UpdateItem`. */
  readonly operation: string;
  /** The answer's status and error; absent while there is none. */
  status?: number;
  errorType?: string;
}

export interface DynamoDbProxyOptions {
  /** Where requests go on to. */
  readonly endpoint: string;
  /** Deals with a request in the engine's place and returns true, or returns false. */
  readonly intercept?: (operation: string, response: ServerResponse, body: string) => boolean;
  /**
   * Called with the engine's answer at hand; it is sent on when this resolves, unless this destroyed the response or began to
   * answer itself.
   */
  readonly beforeAnswer?: (operation: string, response: ServerResponse, body: Buffer) => Promise<void> | void;
}

const MOST_TRIES = 250;

/** Stands in front of a DynamoDB and writes down what really goes over the wire. */
export class DynamoDbProxy {
  readonly requests: ProxiedRequest[] = [];
  readonly #options: DynamoDbProxyOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #server = createServer((message, response) => {
    // A client that left in the middle of its request has sent none.
    const serving = this.#serve(message, response).catch(() => {});
    this.#underWay.add(serving);
    void serving.then(() => this.#underWay.delete(serving));
  });
  #port = 0;
  #isRefusing = false;

  private constructor(options: DynamoDbProxyOptions) {
    this.#options = options;
  }

  static async start(options: DynamoDbProxyOptions): Promise<DynamoDbProxy> {
    const proxy = new DynamoDbProxy(options);
    proxy.#port = await listenOnLoopback(proxy.#server, 0, 'the proxy');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Those that came by of one operation. */
  of(operation: string): readonly ProxiedRequest[] {
    return this.requests.filter((request) => request.operation === operation);
  }

  /** Resolves when every request that came by has its answer noted, also where the client did not wait for it. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Has it refuse connections. One that is in use ends with its answer, or a client would go on by it. */
  refuse(): void {
    this.#isRefusing = true;
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Takes connections again, at the same endpoint. */
  async accept(): Promise<void> {
    this.#isRefusing = false;
    for (let triesLeft = MOST_TRIES; !this.#server.listening; triesLeft--) {
      this.#server.listen(this.#port, '127.0.0.1');
      // A connection that was tried meanwhile may have been given the port for its own end, which it soon leaves.
      await once(this.#server, 'listening').catch((error) => (triesLeft > 0 ? sleepMs(20) : Promise.reject(error)));
    }
  }

  stop(): Promise<void> {
    return closeNow(this.#server);
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(message.headers['x-amz-target']).split('.')[1] ?? '';
    const request: ProxiedRequest = { operation };
    this.requests.push(request);
    const body = await readAll(message);
    if (this.#options.intercept?.(operation, response, body.toString()) === true) return;
    const answer = await this.#forward(message, body);
    const answerBody = await readAll(answer);
    request.status = answer.statusCode ?? 0;
    if (request.status !== 200) request.errorType = JSON.parse(answerBody.toString()).__type.split('#')[1];
    await this.#options.beforeAnswer?.(operation, response, answerBody);
    if (response.destroyed || response.headersSent) return;
    const headers = this.#isRefusing ? { ...answer.headers, connection: 'close' } : answer.headers;
    response.writeHead(request.status, headers).end(answerBody);
  }

  #forward({ method, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      forward(this.#options.endpoint, { method, headers, agent: false }, resolve).on('error', reject).end(body);
    });
  }
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
