import type { RetryOptions } from '../../keys/dynamodb.ts';

/** Retries throttled calls immediately. */
export const NO_WAIT: RetryOptions = { sleep: async () => {}, random: () => 0 };
