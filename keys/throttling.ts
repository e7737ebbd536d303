import { setTimeout as sleepMs } from 'node:timers/promises';
import { storeErrorName } from './storeFault.ts';

/** How the write side waits. */
export interface Patience {
  /** Resolves after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<unknown>;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export const DEFAULT_PATIENCE: Patience = { sleep: (ms) => sleepMs(ms), random: Math.random };

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
  return THROTTLED.has(storeErrorName(error));
}

/**
 * Waits before a try, `retry` counting from 0: up to 50 ms, doubling up to 3 s, and any time below that ("Exponential
 * Backoff And Jitter", AWS Architecture Blog: full jitter), so that callers who were refused together do not come back
 * together.
 */
export async function backOff(retry: number, { sleep, random }: Patience): Promise<void> {
  await sleep(random() * Math.min(CAP_MS, BASE_MS * 2 ** retry));
}
