import type { LimitTaker } from '../keys/limits.ts';
import type { KeyReader } from '../keys/reader.ts';
import type { PublicRecord } from '../keys/record.ts';
import { authorize, type AuthorizeDeps, type KeyDecision, type Trace } from '../lambda/authorize.ts';
import { createAuthorizeDeps } from '../lambda/authorizeDeps.ts';
import type { AuthorizerContext } from '../lambda/cachedKey.ts';
import type { Config } from '../lambda/config.ts';
import { presentedKey } from '../lambda/credentials.ts';
import { notify } from '../lambda/notify.ts';
import { getContext } from '../lambda/policy.ts';
import { type Route, toRequestRoute } from '../lambda/routes.ts';
import { type RefusedRequest, refuse } from './refusal.ts';
import { type RequestLimit, toRequestLimit } from './requestLimit.ts';
import { readRequest, type RequestParts } from './requestParts.ts';
import { type KeyRequirements, readRequired } from './requirements.ts';

/** A request whose key is active and has the required scopes. */
export interface AllowedRequest {
  /** Distinguishes an allowed request from a refused one. */
  readonly effect: 'allow';
  /** The key's frozen record, without its hash. */
  readonly record: PublicRecord;
  /** The strings that an integration behind the authorizer receives, such as `keyId` and `owner`. */
  readonly context: AuthorizerContext;
  /** The limits of the key. Absent if its plan has none, or if the table of limits didn't answer. */
  readonly limit?: RequestLimit;
}

/** The result of a check: the key's record, or the response to a refused request. */
export type Authentication = AllowedRequest | RefusedRequest;

/** Options of one check. */
export interface AuthenticateOptions extends KeyRequirements {
  /**
   * The route that mapped `scopes` are checked against: `METHOD /path`, without the query.
   *
   * @default - the request's method, and the path of its URL
   */
  readonly route?: string;
  /**
   * The address of the connection, such as Node's `request.socket.remoteAddress`. Don't take it from a header that the
   * client can send. The middleware of a framework passes it. A key with `allowedIps` is refused without it.
   *
   * @default - unknown
   */
  readonly sourceIp?: string | undefined;
  /**
   * An object that exists once for each request, such as Node's request. Several checks with the same object take only
   * one request from the key's limits. The middleware of a framework passes it.
   *
   * @default - each check takes one request
   */
  readonly countOncePer?: object;
}

export interface AuthenticatorDeps {
  readonly config: Config;
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** The store of limits. It is required if the authorizer enforces a plan. */
  readonly limitStore?: LimitTaker | undefined;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  readonly onLastUsedWriteFailed: (record: PublicRecord, error: unknown) => unknown;
  readonly onLimitUnchecked: (record: PublicRecord, error: unknown) => unknown;
  readonly onRefused: (refused: RefusedRequest) => unknown;
}

type CountingLimiter = NonNullable<AuthorizeDeps['limiter']>;
type Callbacks = Pick<AuthenticatorDeps, 'onLastUsedWriteFailed' | 'onLimitUnchecked' | 'onRefused'>;

/**
 * Checks the key of each request of a server, exactly as the authorizer does. Its caches, its leases of limits and its
 * throttle of last-used writes live as long as the authenticator. Create one authenticator and share it between all
 * routes.
 */
export class Authenticator {
  readonly #config: Config;
  readonly #deps: AuthorizeDeps;
  /** The limiter's outcome of each request that may be checked again. */
  readonly #outcomes = new WeakMap<object, ReturnType<CountingLimiter['take']>>();
  readonly #callbacks: Callbacks;

  constructor({ config, lookup, limitStore, now, ...callbacks }: AuthenticatorDeps) {
    this.#config = config;
    this.#deps = createAuthorizeDeps({ config, lookup, limitStore, now });
    this.#callbacks = callbacks;
  }

  /**
   * Checks the request's key: its format, its state, the client's address, the required scopes, the route if scopes are mapped, and its limits
   * if the middleware enforces its plan. The promise resolves after the use of an allowed key is recorded.
   *
   * Every refusal is a result, even an outage. The status is 401 without a key, and 403 for a key that may not be used.
   * It is 429 beyond a limit. It is 503 if the key couldn't be checked, which doesn't show whether the key is valid.
   *
   * @throws LatchkeyError `INPUT_INVALID` if `require` isn't a scope or a list of scopes
   */
  async authenticate(
    request: Request | RequestParts,
    { require, route, sourceIp, countOncePer }: AuthenticateOptions = {},
  ): Promise<Authentication> {
    const { keySources, keyFormat, scopes } = this.#config;
    const required = readRequired(require);
    const { method, path, fields } = readRequest(request, sourceIp);
    const presented = presentedKey({ kind: 'request', event: fields }, keySources, keyFormat);
    const checkedRoute = scopes.isEmpty ? NO_ROUTE : ((route as Route | undefined) ?? toRequestRoute(method, path));
    const deps = this.#depsFor(countOncePer);
    const { decision, trace } = await authorize(presented, checkedRoute, deps.now(), deps, required, fields);
    if (decision.effect !== 'allow') {
      const refused = refuse(decision, { keySources, nowMs: deps.now() });
      void notify(this.#callbacks.onRefused, refused);
      return refused;
    }
    const { record } = decision.key;
    this.#report(record, trace);
    const state = decision.limit?.state;
    return allowed(decision, state && toRequestLimit(state, deps.now()));
  }

  /** Returns the dependencies of a check. All checks of one request share the limiter's outcome. */
  #depsFor(countOncePer: object | undefined): AuthorizeDeps {
    const { limiter } = this.#deps;
    if (limiter === undefined || countOncePer === undefined) return this.#deps;
    const once: CountingLimiter = {
      subjectOf: (key) => limiter.subjectOf(key),
      take: (subject, nowMs) => {
        const outcome = this.#outcomes.get(countOncePer) ?? limiter.take(subject, nowMs);
        this.#outcomes.set(countOncePer, outcome);
        return outcome;
      },
    };
    return { ...this.#deps, limiter: once };
  }

  /** Reports the failures that didn't change the decision. */
  #report(record: PublicRecord, { lastUsedWrite, lastUsedError, limiterError }: Trace): void {
    const { onLastUsedWriteFailed, onLimitUnchecked } = this.#callbacks;
    if (lastUsedWrite === 'failed') void notify(onLastUsedWriteFailed, record, lastUsedError);
    if (limiterError !== undefined) void notify(onLimitUnchecked, record, limiterError);
  }
}

/** The route if the scope mapping is empty. Decisions then don't depend on the route. */
const NO_ROUTE = '' as Route;

function allowed(
  decision: KeyDecision & { readonly effect: 'allow' },
  limit: RequestLimit | undefined,
): AllowedRequest {
  const request = { effect: 'allow', record: decision.key.record, context: getContext(decision) } as const;
  return Object.freeze(limit === undefined ? request : { ...request, limit });
}
