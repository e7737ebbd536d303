import type { Patience } from '../../keys/dynamodb.ts';

/** What is throttled is tried again at once. */
export const NO_WAIT: Patience = { sleep: async () => {}, random: () => 0 };
