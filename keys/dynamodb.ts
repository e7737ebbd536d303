import { setTimeout as sleepMs } from 'node:timers/promises';
import type { $Command } from '@aws-sdk/client-dynamodb';
import { LatchkeyError } from './errors.ts';

/**
 * Returns a handler for a rejected promise. The handler throws `STORE_UNAVAILABLE` with the failure as its cause. `tableName` is
 * the table of the call, if it's known.
 */
export function translateStoreFault(operation: string, tableName?: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof LatchkeyError) throw error;
    throw new LatchkeyError('STORE_UNAVAILABLE', `the ${operation} failed: ${getStoreErrorName(error)}`, {
      cause: error,
      tableName,
    });
  };
}

/** Returns the name of an error from the AWS SDK, the network or DynamoDB, such as `ResourceNotFoundException`. */
export function getStoreErrorName(error: unknown): string {
  if (!(error instanceof Error)) return 'UnknownError';
  const { code } = error as NodeJS.ErrnoException;
  return error.name === 'Error' && typeof code === 'string' ? code : error.name;
}

/** Runs the work with a timeout. Drops the result after the timeout, even if the work ignores the signal. */
export async function withinMs<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: 'TimeoutError' }));
      controller.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The delay and the random source for a registry's retries. */
export interface RetryOptions {
  /** Resolves after this many milliseconds. */
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Returns a number from 0 up to, but not including, 1. */
  readonly random: () => number;
}

export const DEFAULT_RETRY_OPTIONS: RetryOptions = { sleep: (ms) => sleepMs(ms), random: Math.random };

/** Maximum number of calls for a throttled operation. The SDK also retries each call. */
export const MAX_TRIES = 10;

const BASE_MS = 50;
const CAP_MS = 3000;

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
]);

/** Returns whether DynamoDB throttled the call. A throttled call doesn't change anything. */
export function isThrottled(error: unknown): boolean {
  return THROTTLED.has(getStoreErrorName(error));
}

/**
 * Waits before a retry. The first retry is number 0. The delay is random ("Exponential Backoff And Jitter", full
 * jitter, AWS Architecture Blog). Its limit starts at 50 ms and doubles up to 3 s. The jitter prevents throttled
 * callers from retrying together.
 */
export async function backOff(retry: number, { sleep, random }: RetryOptions): Promise<void> {
  await sleep(random() * Math.min(CAP_MS, BASE_MS * 2 ** retry));
}

/** An SDK command before it's sent. */
export interface UnsentCommand<Input extends object, Output extends object> {
  readonly middlewareStack: $Command<Input, Output, never>['middlewareStack'];
}

/**
 * Makes the command fail if a successful response isn't a JSON object. The SDK treats an empty response, a list or
 * `null` as a response without results. A broken store would then make a key look unknown, a table empty and a write
 * successful.
 */
export function requireJsonObject<Input extends object, Output extends object>({
  middlewareStack,
}: UnsentCommand<Input, Output>): void {
  middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { statusCode: number; body: AsyncIterable<Uint8Array> | Uint8Array };
      if (response.statusCode >= 300) return result;
      const body = await readAll(response.body);
      if (response.statusCode !== 200 || !/^\s*\{/.test(body.toString())) {
        throw Object.assign(new Error("the answer isn't a 200 with a JSON object"), { name: 'UnreadableAnswer' });
      }
      response.body = body;
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
}

async function readAll(body: AsyncIterable<Uint8Array> | Uint8Array): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The timeouts of an AWS client outside the authorizer, in milliseconds. A call with its retries ends within half a
 * minute.
 */
export const CALL_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/** Maximum duration of a call with its retries. The timeouts above don't cover the response body. */
export const CALL_TIMEOUT_MS = 30_000;
