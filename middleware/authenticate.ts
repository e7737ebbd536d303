import type { LimitTaker } from '../keys/limits.ts';
import type { KeyReader } from '../keys/reader.ts';
import type { PublicRecord } from '../keys/record.ts';
import { authorize, type AuthorizeDeps } from '../lambda/authorize.ts';
import { createAuthorizeDeps } from '../lambda/authorizeDeps.ts';
import type { AuthorizerContext } from '../lambda/cachedKey.ts';
import type { Config } from '../lambda/config.ts';
import { presentedKey } from '../lambda/credentials.ts';
import { notify } from '../lambda/notify.ts';
import { type Route, toRequestRoute } from '../lambda/routes.ts';
import { type RefusedRequest, refuse } from './refusal.ts';
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
}

export interface AuthenticatorDeps {
  readonly config: Config;
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** The store of limits. It is required if the options have a plan with `enforce: 'authorizer'`. */
  readonly limitStore?: LimitTaker | undefined;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  readonly onLastUsedWriteFailed: (record: PublicRecord, error: unknown) => unknown;
  readonly onRefused: (refused: RefusedRequest) => unknown;
}

/**
 * Checks the key of each request of a server, exactly as the authorizer does. Its caches and its throttle of last-used
 * writes live as long as the authenticator. Create one authenticator and share it between all routes.
 */
export class Authenticator {
  readonly #config: Config;
  readonly #deps: AuthorizeDeps;
  readonly #callbacks: Pick<AuthenticatorDeps, 'onLastUsedWriteFailed' | 'onRefused'>;

  constructor({ config, lookup, limitStore, now, ...callbacks }: AuthenticatorDeps) {
    this.#config = config;
    this.#deps = createAuthorizeDeps({ config, lookup, limitStore, now });
    this.#callbacks = callbacks;
  }

  /**
   * Checks the request's key: its format, its state, the required scopes, and the route if scopes are mapped. The
   * promise resolves after the use of an allowed key is recorded.
   *
   * Every refusal is a result, even an outage. The status is 401 without a key, and 403 for a key that may not be used.
   * It is 503 if the key couldn't be checked, which doesn't show whether the key is valid.
   *
   * @throws LatchkeyError `INPUT_INVALID` if `require` isn't a scope or a list of scopes
   */
  async authenticate(
    request: Request | RequestParts,
    { require, route }: AuthenticateOptions = {},
  ): Promise<Authentication> {
    const { keySources, keyFormat, scopes } = this.#config;
    const required = readRequired(require);
    const { method, path, fields } = readRequest(request);
    const presented = presentedKey({ kind: 'request', event: fields }, keySources, keyFormat);
    const checkedRoute = scopes.isEmpty ? NO_ROUTE : ((route as Route | undefined) ?? toRequestRoute(method, path));
    const { decision, trace } = await authorize(presented, checkedRoute, this.#deps.now(), this.#deps, required);
    if (decision.effect !== 'allow') {
      const refused = refuse(decision, keySources);
      void notify(this.#callbacks.onRefused, refused);
      return refused;
    }
    const { record, context } = decision.key;
    if (trace.lastUsedWrite === 'failed') {
      void notify(this.#callbacks.onLastUsedWriteFailed, record, trace.lastUsedError);
    }
    return Object.freeze({ effect: 'allow', record, context });
  }
}

/** The route if the scope mapping is empty. Decisions then don't depend on the route. */
const NO_ROUTE = '' as Route;
