import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { closeNow, listenOnLoopback } from '../../local/loopback.ts';

/** A request that the proxy received. */
export interface ProxiedRequest {
  /** The operation, such as `UpdateItem`. */
  readonly operation: string;
  /** The response's status and error; absent until the response. */
  status?: number;
  errorType?: string;
}

export interface DynamoDbProxyOptions {
  /** The engine's endpoint. */
  readonly endpoint: string;
  /** Returns true if it responded instead of the engine. The proxy forwards the request if not. */
  readonly intercept?: (operation: string, response: ServerResponse, body: string) => boolean;
  /**
   * Called with the engine's response. When it resolves, the proxy sends that response. The proxy doesn't do so if the
   * callback destroyed the response or sent its own.
   */
  readonly beforeAnswer?: (operation: string, response: ServerResponse, body: Buffer) => Promise<void> | void;
  /** Forwards a request only after the engine's response to the one before. */
  readonly isSerial?: boolean;
}

const MOST_TRIES = 250;

/** A proxy in front of DynamoDB that records all requests. */
export class DynamoDbProxy {
  readonly requests: ProxiedRequest[] = [];
  readonly #options: DynamoDbProxyOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #server = createServer((message, response) => {
    // A client may disconnect during its request. The proxy then ignores the error.
    const serving = this.#serve(message, response).catch(() => {});
    this.#underWay.add(serving);
    void serving.then(() => this.#underWay.delete(serving));
  });
  #lastTurn: Promise<unknown> = Promise.resolve();
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

  /** Returns the requests of one operation. */
  of(operation: string): readonly ProxiedRequest[] {
    return this.requests.filter((request) => request.operation === operation);
  }

  /** Resolves when all requests have their responses, even if their clients didn't wait. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Refuses connections. Open connections end after their current response. */
  refuse(): void {
    this.#isRefusing = true;
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Accepts connections again at the same endpoint. */
  async accept(): Promise<void> {
    this.#isRefusing = false;
    for (let triesLeft = MOST_TRIES; !this.#server.listening; triesLeft--) {
      this.#server.listen(this.#port, '127.0.0.1');
      // A refused connection may briefly use this port as its local port.
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
    const { answer, answerBody } = await this.#inTurn(async () => {
      const answer = await this.#forward(message, body);
      return { answer, answerBody: await readAll(answer) };
    });
    request.status = answer.statusCode ?? 0;
    if (request.status !== 200) request.errorType = JSON.parse(answerBody.toString()).__type.split('#')[1];
    await this.#options.beforeAnswer?.(operation, response, answerBody);
    if (response.destroyed || response.headersSent) return;
    const headers = this.#isRefusing ? { ...answer.headers, connection: 'close' } : answer.headers;
    response.writeHead(request.status, headers).end(answerBody);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    if (this.#options.isSerial !== true) return act();
    const turn = this.#lastTurn.then(act);
    this.#lastTurn = turn.catch(() => {});
    return turn;
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
