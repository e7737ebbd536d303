import type { LimitTaker } from '../keys/limits.ts';
import type { KeyReader } from '../keys/reader.ts';
import type { PublicRecord } from '../keys/record.ts';
import { authorize, type DenyCode, type Origin } from '../lambda/authorize.ts';
import { createAuthorizeDeps } from '../lambda/authorizeDeps.ts';
import type { Config } from '../lambda/config.ts';
import { presentedKey } from '../lambda/credentials.ts';
import { getContext } from '../lambda/policy.ts';
import type { Route } from '../lambda/routes.ts';

/** A key that a service has received, and what the service requires of it. */
export interface VerifyRequest {
  readonly key: string;
  /** The scopes that the key needs. A key without a scope list has every scope. */
  readonly requiredScopes?: readonly string[] | undefined;
  /** The address of the service's client. A key with `allowedIps` is refused without it. */
  readonly sourceIp?: string | undefined;
}

/** The decision on a key. */
export type VerifyAnswer =
  | { readonly valid: true; readonly record: PublicRecord }
  | { readonly valid: false; readonly code: DenyCode; readonly message: string };

export interface KeyCheckDeps {
  readonly config: Config;
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** The store of limits. It is required if the authorizer enforces a plan. */
  readonly limitStore?: LimitTaker | undefined;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Returns a function that decides on keys exactly as the authorizer does. A decision counts as a request: it takes one
 * from the key's limits, and records its use. The function throws LatchkeyError `STORE_UNAVAILABLE`, `RECORD_CORRUPT` or
 * `LIMITER_UNAVAILABLE` for a fault, because a fault says nothing about the key.
 */
export function createKeyCheck({ config, lookup, limitStore, now }: KeyCheckDeps) {
  const deps = createAuthorizeDeps({ config, lookup, limitStore, now });
  return async ({ key, requiredScopes, sourceIp }: VerifyRequest): Promise<VerifyAnswer> => {
    const presented = presentedKey({ kind: 'token', token: key, acceptsBareKey: true }, [], config.keyFormat);
    const { decision } = await authorize(presented, NO_ROUTE, now(), deps, requiredScopes, toOrigin(sourceIp));
    if (decision.effect === 'fault') throw decision.error;
    if (decision.effect === 'allow') return { valid: true, record: decision.key.record };
    const denied = decision.effect === 'deny' ? decision : NOT_A_KEY;
    return { valid: false, code: denied.code, message: getContext(denied)['errorMessage'] ?? '' };
  };
}

/** Returns the address in the shape of a server's request. */
function toOrigin(sourceIp: string | undefined): Origin | undefined {
  return sourceIp === undefined ? undefined : { remoteAddress: sourceIp };
}

/** The deployment's scope mapping isn't among the function's settings, so decisions don't depend on a route. */
const NO_ROUTE = '' as Route;
/** A text without a key, such as `Bearer`. */
const NOT_A_KEY = { effect: 'deny', code: 'INVALID_KEY' } as const;
