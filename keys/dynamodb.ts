import { setTimeout as sleepMs } from 'node:timers/promises';
import type { $Command } from '@aws-sdk/client-dynamodb';
import { LatchkeyError } from './errors.ts';

/** Returns a handler for a rejected promise. It throws `STORE_UNAVAILABLE` with the failure as its cause. */
export function translateStoreFault(operation: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof LatchkeyError) throw error;
    throw new LatchkeyError('STORE_UNAVAILABLE', `the ${operation} failed: ${getStoreErrorName(error)}`, {
      cause: error,
    });
  };
}

/** Returns the name of a failure of the SDK, the network or the engine, such as `ResourceNotFoundException`. */
export function getStoreErrorName(error: unknown): string {
  if (!(error instanceof Error)) return 'UnknownError';
  const { code } = error as NodeJS.ErrnoException;
  return error.name === 'Error' && typeof code === 'string' ? code : error.name;
}

/** Runs the work with a timeout. After it, the result is dropped, even if the work ignores the signal. */
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

/** How a registry waits between tries. */
export interface RetryOptions {
  /** Resolves after this many milliseconds. */
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
}

export const DEFAULT_RETRY_OPTIONS: RetryOptions = { sleep: (ms) => sleepMs(ms), random: Math.random };

/** How often a throttled call is made in all. Each call has the SDK's own tries. */
export const MAX_TRIES = 10;

const BASE_MS = 50;
const CAP_MS = 3000;

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
]);

/** Returns whether DynamoDB rejected a call only for its rate, and so did nothing. */
export function isThrottled(error: unknown): boolean {
  return THROTTLED.has(getStoreErrorName(error));
}

/**
 * Waits before a retry, counted from 0. The time is random, up to a limit that starts at 50 ms and doubles up to 3 s (full jitter
 * in "Exponential Backoff And Jitter", AWS Architecture Blog). So callers that were throttled together don't retry together.
 */
export async function backOff(retry: number, { sleep, random }: RetryOptions): Promise<void> {
  await sleep(random() * Math.min(CAP_MS, BASE_MS * 2 ** retry));
}

/** A command of the SDK that wasn't sent yet. */
export interface UnsentCommand<Input extends object, Output extends object> {
  readonly middlewareStack: $Command<Input, Output, never>['middlewareStack'];
}

/**
 * Makes the command fail if a successful answer isn't a JSON object. The SDK reads an empty answer, a list and `null` as an answer
 * without results. Then a broken store would make a key unknown, a table empty, and a write successful.
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
 * How long an AWS client waits outside the authorizer, in milliseconds. With its retries, a call ends within half a minute.
 */
export const CALL_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/** How long a call may take in all, with its retries. The limits above end with the header of an answer, and its body may never arrive. */
export const CALL_TIMEOUT_MS = 30_000;
