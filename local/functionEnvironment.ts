import { randomUUID } from 'node:crypto';
import { devNull } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { REGION } from './template.ts';

export interface FunctionConfig {
  readonly name: string;
  readonly arn: string;
  /** The path of the module that exports the handler. */
  readonly file: string;
  readonly handlerName: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

/** Invokes a function by its name. Throws FunctionError. */
export type Invoke = (functionName: string, event: object) => Promise<unknown>;

/** The failure of a function. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  readonly errorType: string;
  /** `true` if the function responded, with an error or a malformed response. `false` if it timed out or exited. */
  readonly didRespond: boolean;

  constructor(errorType: string, message: string, didRespond: boolean) {
    super(message);
    this.errorType = errorType;
    this.didRespond = didRespond;
  }
}

interface FunctionEnvironmentDeps {
  readonly dynamodbEndpoint: string;
  /** Receives the function's output unchanged. */
  readonly writeLog: (text: string | Uint8Array) => void;
}

interface Reply {
  /** The number of the invocation, or `undefined` if the function has done its work before the end. */
  readonly id?: number;
  readonly json?: string;
  readonly error?: { readonly errorType: string; readonly errorMessage: string };
}

/** The time that Lambda gives a function with an internal extension after SIGTERM. */
const SHUTDOWN_MS = 500;

interface Invocation {
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: FunctionError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A warm execution environment of a function: a thread with its own environment variables. Its modules keep their state
 * between invocations. It starts with the first invocation. It restarts after the function exited or timed out.
 */
export class FunctionEnvironment {
  readonly #config: FunctionConfig;
  readonly #deps: FunctionEnvironmentDeps;
  readonly #pending = new Map<number, Invocation>();
  #worker: Worker | undefined;
  #lastId = 0;

  constructor(config: FunctionConfig, deps: FunctionEnvironmentDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** @throws FunctionError */
  invoke(event: object): Promise<unknown> {
    const { timeoutSeconds } = this.#config;
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#lastId;
    const deadlineMs = Date.now() + timeoutSeconds * 1000;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#timeOut(worker), timeoutSeconds * 1000);
      this.#pending.set(id, { resolve, reject, timer });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage({ id, event: JSON.stringify(event), awsRequestId: randomUUID(), deadlineMs });
    });
  }

  /** Stops the function. It gets SIGTERM first and can then write its pending counts, as in Lambda. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const done = new Promise((resolve) => {
      worker.on('message', ({ id }: Reply) => id === undefined && resolve(undefined));
      worker.once('exit', resolve);
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage('shutdown');
    await Promise.race([done, sleep(SHUTDOWN_MS, undefined, { ref: false })]);
    await worker.terminate();
  }

  /** Ends the function without SIGTERM. Its pending counts are lost. */
  async kill(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const { name, arn, file, handlerName, memoryMb } = this.#config;
    const worker = new Worker(new URL('functionRuntime.mjs', import.meta.url), {
      env: this.#environment(),
      // The function must not run under the gateway's TypeScript loader.
      execArgv: [],
      stdout: true,
      stderr: true,
      workerData: {
        file,
        handlerName,
        context: {
          functionName: name,
          invokedFunctionArn: arn,
          memoryLimitInMB: String(memoryMb),
          functionVersion: '$LATEST',
        },
      },
    });
    worker.stdout.on('data', this.#deps.writeLog);
    worker.stderr.on('data', this.#deps.writeLog);
    worker.on('message', (reply: Reply) => this.#settle(reply));
    worker.on('error', (error) => this.#fail(worker, new FunctionError('Runtime.ExitError', String(error), false)));
    worker.on('exit', () => this.#fail(worker, new FunctionError('Runtime.ExitError', 'the function exited', false)));
    return worker;
  }

  /** Hides this machine's AWS profiles from the function, because they could point the SDK elsewhere. */
  #environment(): Record<string, string> {
    const { name, environment, memoryMb } = this.#config;
    return {
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      // Metrics are noise in a terminal. The template can enable them.
      LATCHKEY_METRICS: 'false',
      // The SDK's advice on the Node version is noise here.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      ...environment,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: this.#deps.dynamodbEndpoint,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    };
  }

  #settle({ id = 0, json, error }: Reply): void {
    const invocation = this.#pending.get(id);
    if (invocation === undefined) return;
    this.#pending.delete(id);
    clearTimeout(invocation.timer);
    if (error === undefined) invocation.resolve(JSON.parse(json ?? 'null'));
    else invocation.reject(new FunctionError(error.errorType, error.errorMessage, true));
  }

  /** Terminates the whole execution environment. A function that never yields can't be stopped in another way. */
  #timeOut(worker: Worker): void {
    const { timeoutSeconds } = this.#config;
    this.#fail(worker, new FunctionError('Sandbox.Timedout', `Task timed out after ${timeoutSeconds} seconds`, false));
    void worker.terminate();
  }

  #fail(worker: Worker, error: FunctionError): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
  }
}
