import { setTimeout as sleepMs } from 'node:timers/promises';
import type { $Command } from '@aws-sdk/client-dynamodb';
import { LatchkeyError } from './errors.ts';

/** Makes any failure of the store a `STORE_UNAVAILABLE` with that failure as its cause. For the end of a promise. */
export function translateStoreFault(operation: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof LatchkeyError) throw error;
    throw new LatchkeyError('STORE_UNAVAILABLE', `the ${operation} failed: ${getStoreErrorName(error)}`, {
      cause: error,
    });
  };
}

/** The name that the SDK, the network or the engine gave a failure, such as `ResourceNotFoundException`. */
export function getStoreErrorName(error: unknown): string {
  if (!(error instanceof Error)) return 'UnknownError';
  const { code } = error as NodeJS.ErrnoException;
  return error.name === 'Error' && typeof code === 'string' ? code : error.name;
}

/** Runs the work with a bound of its own, whatever the work does with the signal; past it the result is dropped. */
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

/** How the write side waits. */
export interface RetryOptions {
  /** Resolves after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<unknown>;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export const DEFAULT_RETRY_OPTIONS: RetryOptions = { sleep: (ms) => sleepMs(ms), random: Math.random };

/** How often a call is made in all that DynamoDB throttles each time, beyond what the SDK tries within each. */
export const MAX_TRIES = 10;

const BASE_MS = 50;
const CAP_MS = 3000;

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
]);

/** Whether DynamoDB refused a call for its rate alone, so that it did nothing. */
export function isThrottled(error: unknown): boolean {
  return THROTTLED.has(getStoreErrorName(error));
}

/**
 * Waits before a try, `retry` counting from 0: up to 50 ms, doubling up to 3 s, and any time below that ("Exponential
 * Backoff And Jitter", AWS Architecture Blog: full jitter), so that callers who were refused together do not come back
 * together.
 */
export async function backOff(retry: number, { sleep, random }: RetryOptions): Promise<void> {
  await sleep(random() * Math.min(CAP_MS, BASE_MS * 2 ** retry));
}

/** A command of the SDK's that has not been sent. */
export interface UnsentCommand<Input extends object, Output extends object> {
  readonly middlewareStack: $Command<Input, Output, never>['middlewareStack'];
}

/**
 * Has the command fail on a good answer that is no JSON object. The SDK reads an empty one, a list and `null`
 * as an answer with nothing in it: a broken store would make a key unknown, a table empty, and a write done.
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
        throw Object.assign(new Error('the answer is no 200 with a JSON object'), { name: 'UnreadableAnswer' });
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
 * How long a client of AWS waits where nobody is kept waiting for a request: longer than the authorizer does, but not for
 * ever. With its retries a call is over within half a minute.
 */
export const CALL_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/** How long a call may take in all, with its retries. The limits above end with the head of an answer: its body may never come. */
export const CALL_TIMEOUT_MS = 30_000;
