import type { UseOutcome } from '../keys/lookup.ts';

/** What one request came to: nothing of its event, and of its key nothing but the id. */
export type ObservedRequest = AllowedRequest | RefusedRequest;

/** What became of the last-used write of a request that was allowed. */
export type UsageWrite = UseOutcome | 'not due' | 'failed';

interface AnyRequest {
  /** The surface's name, once the event is known to be of one. */
  readonly surface: string | undefined;
  /** The key's id, where the key is known. */
  readonly keyId: string | undefined;
  /** Whether a well-formed key was answered without a read of the request's own. */
  readonly isCacheHit: boolean;
  /** How long its own read took, in milliseconds; absent where it made none. */
  readonly lookupMs: number | undefined;
}

export interface AllowedRequest extends AnyRequest {
  readonly outcome: 'allowed';
  readonly usageWrite: UsageWrite;
}

export interface RefusedRequest extends AnyRequest {
  readonly outcome: 'denied' | 'fault';
  /** Why: the code that the log has. */
  readonly code: string;
}
