import { LatchkeyError, type ErrorCode } from '../../keys/errors.ts';
import { type LastUsedWrite, NO_LOOKUP, type Trace } from '../../lambda/authorize.ts';
import { toCachedKey } from '../../lambda/cachedKey.ts';
import type { HandledRequest } from '../../lambda/metrics.ts';
import { Scopes } from '../../lambda/scopes.ts';
import { makeKey } from './keys.ts';

/** The part of a handled request that the metrics count. */
export type CountedRequest = Omit<HandledRequest, 'requestId' | 'arrivedAtMs'>;

interface AllowedFields extends Partial<Pick<Trace, 'cacheHit' | 'lookupMs'>> {
  readonly apiType?: string;
  readonly lastUsedWrite?: LastUsedWrite;
}

const KEY = toCachedKey(makeKey().record, { scopes: new Scopes(), plans: undefined });

/** Returns a request that was allowed from the cache. A last-used write wasn't due. */
export function allowedRequest({ apiType = 'http-api', ...trace }: AllowedFields = {}): CountedRequest {
  return {
    decision: { effect: 'allow', key: KEY },
    trace: { cacheHit: true, lastUsedWrite: 'not due', ...trace },
    apiType,
  };
}

/** Returns a request that was refused or failed with this code, without a look-up. */
export function refusedRequest(outcome: 'denied' | 'fault', code: string, apiType = 'http-api'): CountedRequest {
  return { decision: outcome === 'fault' ? fault(code) : denial(code), trace: NO_LOOKUP, apiType };
}

function fault(code: string): CountedRequest['decision'] {
  return { effect: 'fault', error: new LatchkeyError(code as ErrorCode, 'failed') };
}

function denial(code: string): CountedRequest['decision'] {
  if (code === 'AUTH_REQUIRED') return { effect: 'unauthenticated' };
  return { effect: 'deny', code: code as 'INSUFFICIENT_SCOPE', key: KEY };
}
