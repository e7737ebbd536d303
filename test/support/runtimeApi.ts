import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { closeNow, listenOnLoopback } from '../../local/loopback.ts';
import type { Outcome } from './bundledFunction.ts';

const VERSION = '/2018-06-01/runtime';
const EXTENSION = '/2020-01-01/extension';
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:authorizer';
const TIMEOUT_MS = 30_000;

/**
 * Lambda's Runtime API on the loopback interface ("Using the Lambda runtime API for custom runtimes", AWS Lambda
 * Developer Guide). It sends events one at a time and receives the responses.
 */
export class RuntimeApi {
  readonly #server = createServer((message, response) => {
    void this.#serve(message, response);
  });
  readonly #outcomes = new Map<string, (outcome: Outcome) => void>();
  readonly #events: { readonly id: string; readonly body: string }[] = [];
  readonly #polls: ServerResponse[] = [];
  /** `registered` until the extension waits for its next event. */
  #extension: 'none' | 'registered' | 'waiting' = 'none';
  #isPolled = false;
  /**
   * Resolves when the runtime polls for its first event, and the registered extension for its own. Resolves to the error
   * if the function doesn't load.
   */
  readonly started: Promise<'ready' | { readonly errorType: string; readonly errorMessage: string }>;
  #resolveStarted: (outcome: 'ready' | { errorType: string; errorMessage: string }) => void = () => {};
  #port = 0;

  private constructor() {
    this.started = new Promise((resolve) => (this.#resolveStarted = resolve));
  }

  static async start(): Promise<RuntimeApi> {
    const api = new RuntimeApi();
    api.#port = await listenOnLoopback(api.#server, 0, 'the Runtime API');
    return api;
  }

  /** The value of `AWS_LAMBDA_RUNTIME_API`. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  invoke(event: unknown): Promise<Outcome> {
    return new Promise((resolve) => {
      const id = randomUUID();
      this.#outcomes.set(id, resolve);
      this.#events.push({ id, body: JSON.stringify(event) });
      this.#handOut();
    });
  }

  stop(): Promise<void> {
    return closeNow(this.#server);
  }

  /** Whether an extension is registered, and waits for its next event. */
  get hasWaitingExtension(): boolean {
    return this.#extension === 'waiting';
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (message.url?.startsWith(EXTENSION)) return this.#serveExtension(message, response);
    const path = message.url?.slice(VERSION.length) ?? '';
    if (message.method === 'GET' && path === '/invocation/next') {
      this.#isPolled = true;
      this.#endInit();
      this.#polls.push(response);
      return this.#handOut();
    }
    const body: unknown = JSON.parse(await readText(message));
    const [, id = '', kind] = /^\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (kind === 'response') this.#outcomes.get(id)?.({ answer: body });
    if (kind === 'error') this.#outcomes.get(id)?.({ ...errorOf(body), inspected: JSON.stringify(body) });
    if (path === '/init/error') this.#resolveStarted(errorOf(body));
    this.#outcomes.delete(id);
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
  }

  /** Serves the Extensions API ("Lambda Extensions API reference"). It never has an event. */
  #serveExtension({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    if (method === 'POST' && url === `${EXTENSION}/register`) {
      this.#extension = 'registered';
      response.writeHead(200, { 'Lambda-Extension-Identifier': 'extension-1' }).end('{}');
    } else if (url === `${EXTENSION}/event/next` && headers['lambda-extension-identifier'] === 'extension-1') {
      this.#extension = 'waiting';
      // The socket closes if the extension gives up.
      response.on('close', () => (this.#extension = 'registered'));
      this.#endInit();
    } else {
      response.writeHead(403).end('{}');
    }
  }

  /** Ends the init phase if the runtime and the extension are ready. */
  #endInit(): void {
    if (this.#isPolled && this.#extension !== 'registered') this.#resolveStarted('ready');
  }

  #handOut(): void {
    if (this.#events.length === 0) return;
    const poll = this.#polls.shift();
    const event = poll === undefined ? undefined : this.#events.shift();
    if (event === undefined) return;
    poll
      ?.writeHead(200, {
        'content-type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': event.id,
        'Lambda-Runtime-Deadline-Ms': String(Date.now() + TIMEOUT_MS),
        'Lambda-Runtime-Invoked-Function-Arn': FUNCTION_ARN,
        'Lambda-Runtime-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
      })
      .end(event.body);
  }
}

function errorOf(body: unknown): { errorType: string; errorMessage: string } {
  const { errorType, errorMessage } = body as Record<string, unknown>;
  return { errorType: String(errorType), errorMessage: String(errorMessage) };
}

async function readText(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
