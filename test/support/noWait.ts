import type { RetryOptions } from '../../keys/dynamodb.ts';

/** What is throttled is tried again at once. */
export const NO_WAIT: RetryOptions = { sleep: async () => {}, random: () => 0 };
