import { LatchkeyError } from '../keys/errors.ts';
import type { LimitTaker } from '../keys/limits.ts';
import type { KeyReader } from '../keys/reader.ts';
import type { PublicRecord } from '../keys/record.ts';
import type { ExternalKeys } from '../keys/secret.ts';
import {
  authorize,
  type AuthorizeDeps,
  type DenyCode,
  type KeyDecision,
  type LimitRefusal,
  NO_SCOPES,
  type Origin,
} from './authorize.ts';
import { createAuthorizeDeps } from './authorizeDeps.ts';
import { deepFreeze } from './cachedKey.ts';
import {
  type Config,
  type HttpApiResponse,
  readConfig,
  type SettingName,
  SETTINGS,
  type UsageIdentifier,
} from './config.ts';
import { presentedKey, type PresentedKey } from './credentials.ts';
import type { KeySourceSetting } from './keySources.ts';
import type { LimitState } from './limiter.ts';
import { notify } from './notify.ts';
import { type PlanFields, Plans } from './plans.ts';
import type { Route } from './routes.ts';

/**
 * The decision on a key. A fault isn't a decision. The verifier throws it, because an outage must not read as an
 * invalid key.
 */
export type Decision =
  | { readonly effect: 'allow'; readonly record: PublicRecord; readonly limit?: LimitState }
  | {
      readonly effect: 'deny';
      readonly code: LimitRefusal['code'];
      readonly record: PublicRecord;
      readonly limit: LimitRefusal;
    }
  | {
      readonly effect: 'deny';
      readonly code: 'IP_FORBIDDEN' | 'INSUFFICIENT_SCOPE' | 'PLAN_UNAVAILABLE';
      readonly record: PublicRecord;
    }
  | {
      readonly effect: 'deny';
      readonly code: Exclude<
        DenyCode,
        'IP_FORBIDDEN' | 'INSUFFICIENT_SCOPE' | 'PLAN_UNAVAILABLE' | LimitRefusal['code']
      >;
      readonly record?: PublicRecord;
    }
  | { readonly effect: 'unauthenticated' };

/** The client's address. The verifier refuses a key with `allowedIps` without it. */
export interface VerifyOptions {
  /**
   * The address of the connection, such as `request.socket.remoteAddress` or an event's `sourceIp`. Don't take it from a
   * header that the client can send.
   *
   * @default - unknown
   */
  readonly sourceIp?: string | null | undefined;
  /**
   * The header `X-Forwarded-For`. The verifier ignores it without the option `trustedProxies`. Join several headers with
   * commas.
   *
   * @default - none
   */
  readonly forwardedFor?: string | null | undefined;
}

export interface KeyVerifierDeps {
  readonly config: Config;
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** The store of limits. It is required if the options have a plan with `enforce: 'authorizer'`. */
  readonly limitStore?: LimitTaker | undefined;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /**
   * Receives the key's frozen record, without its hash, if a last-used write fails. The callback doesn't change the
   * decision.
   */
  readonly onLastUsedWriteFailed: (record: PublicRecord, error: unknown) => unknown;
}

/**
 * Decides on keys exactly as the authorizer does. Use it in an application that checks keys itself. Its caches and its
 * throttle of last-used writes live as long as the verifier. Create one verifier and reuse it.
 */
export class KeyVerifier {
  readonly #config: Config;
  readonly #deps: AuthorizeDeps;
  readonly #onLastUsedWriteFailed: KeyVerifierDeps['onLastUsedWriteFailed'];

  constructor({ config, lookup, limitStore, now, onLastUsedWriteFailed }: KeyVerifierDeps) {
    this.#config = config;
    this.#deps = createAuthorizeDeps({ config, lookup, limitStore, now });
    this.#onLastUsedWriteFailed = onLastUsedWriteFailed;
  }

  /**
   * Decides on a key. It also decides on a route if scopes are mapped. The key may follow the word `Bearer`, for
   * example in an `Authorization` header. `null`, `undefined`, an empty string and another scheme mean that the key is
   * missing. The promise resolves after the use of an allowed key is recorded.
   *
   * A route is `METHOD /path`: a method, one space, and the path. Pass the path that the client sent, percent-encoded
   * and without its query. The verifier checks a key that has scopes if scopes are mapped. It refuses such a key with
   * `INSUFFICIENT_SCOPE` unless you pass a route and one of the key's patterns covers it.
   *
   * Patterns don't cover paths that your framework may serve as another path. They therefore don't cover a route with a
   * query, a fragment, a dot segment or an empty segment. They also don't cover spaces, control characters,
   * backslashes, or encoded dots, slashes and backslashes (`%2e`, `%2f`, `%5c`).
   *
   * The decision is frozen. Its record doesn't have a `keyHash`. Decisions on one key share the record object until the
   * verifier reads the key from the table again.
   *
   * Pass the client's address as `sourceIp`. A key with `allowedIps` is refused with `IP_FORBIDDEN` if the list doesn't
   * contain the address, or if you don't pass it.
   *
   * A refusal is a return value. A fault doesn't show whether the key is valid, so respond with a server error.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`, `RECORD_CORRUPT`, `LIMITER_UNAVAILABLE`
   */
  async verify(
    keyText: string | null | undefined,
    route?: string | null,
    options: VerifyOptions = {},
  ): Promise<Decision> {
    const presented = readKey(keyText, this.#config);
    const checkedRoute = (route ?? '') as Route;
    const origin = toOrigin(options);
    const { decision, trace } = await authorize(
      presented,
      checkedRoute,
      this.#deps.now(),
      this.#deps,
      NO_SCOPES,
      origin,
    );
    if (decision.effect === 'fault') throw decision.error;
    if (decision.effect === 'allow' && trace.lastUsedWrite === 'failed') {
      void notify(this.#onLastUsedWriteFailed, decision.key.record, trace.lastUsedError);
    }
    return toDecision(decision);
  }
}

/** Parses the key. A value that isn't a string, such as a list of headers, counts as a malformed key. */
function readKey(keyText: unknown, { keyFormat }: Config): PresentedKey {
  if (typeof keyText !== 'string' && keyText !== undefined && keyText !== null) return { kind: 'malformed' };
  return presentedKey({ kind: 'token', token: keyText ?? '', acceptsBareKey: true }, [], keyFormat);
}

/** Returns the address in the shape of a request. Without an address, the header proves nothing. */
function toOrigin({ sourceIp, forwardedFor }: VerifyOptions): Origin | undefined {
  if (typeof sourceIp !== 'string') return undefined;
  const headers = typeof forwardedFor === 'string' ? { 'x-forwarded-for': forwardedFor } : {};
  return { remoteAddress: sourceIp, headers };
}

function toDecision(decision: KeyDecision): Decision {
  if (decision.effect === 'unauthenticated') return decision;
  const { key, effect } = decision;
  const limit = decision.effect === 'allow' ? decision.limit?.state : 'limit' in decision ? decision.limit : undefined;
  return Object.freeze({
    effect,
    ...(decision.effect === 'deny' ? { code: decision.code } : {}),
    ...(key === undefined ? {} : { record: key.record }),
    ...(limit === undefined ? {} : { limit: deepFreeze(limit) }),
  }) as Decision;
}

/** The settings that a decision on a key depends on. */
export interface DecisionOptions {
  /**
   * The prefixes of the issued keys to accept, such as `['sk_live_']`. Each has one or more segments
   * `[a-z][a-z0-9]*_`, and at most 24 characters. The verifier refuses other keys before it reads the table.
   *
   * @default ['sk_']
   */
  readonly keyPrefixes?: readonly string[];
  /**
   * The keys of other systems to accept if their hash is in the table. `true` accepts 16 to 255 visible ASCII
   * characters without a comma. An object narrows this by prefix and length.
   *
   * @default false
   */
  readonly externalKeys?: ExternalKeys | boolean;
  /**
   * The proxies whose `X-Forwarded-For` counts: the number of proxies before your API, or their IP addresses and CIDR
   * blocks. The client's address is read from the right of the header. A number is safe only if clients can't bypass the
   * proxies. It affects only keys with `allowedIps`.
   *
   * @default - the header is ignored, and the address of the connection is the client's
   */
  readonly trustedProxies?: number | readonly string[];
  /**
   * Minimum time between two last-used writes of one key, in seconds.
   *
   * @default 900
   */
  readonly lastUsedSeconds?: number;
  /**
   * Record cache TTL in seconds. A revoked key may be accepted for as long. Every request makes its own read if the TTL
   * is 0.
   *
   * @default 60
   */
  readonly recordCacheSeconds?: number;
  /**
   * Maximum age of a cached record that may be used while DynamoDB is unavailable, in seconds.
   *
   * @default 0 - an outage is a fault
   */
  readonly staleIfErrorSeconds?: number;
  /**
   * The routes that each scope opens: scope → patterns `METHOD /path`. A scope can't contain spaces, commas, quotes,
   * braces, brackets or backslashes. See `KeyVerifier.verify` for the routes that a pattern can cover.
   *
   * @default {} - scopes don't close any route
   */
  readonly scopes?: Readonly<Record<string, readonly string[]>>;
  /**
   * The deployment's plans by name, in the construct's format. Requests of a key on a plan with `enforce: 'authorizer'`
   * count against its limits, which all authorizers and verifiers with the same `limitsTable` share. If there is such a
   * plan, a key on a plan that isn't in this list is denied with `PLAN_UNAVAILABLE`. API Gateway counts the other plans.
   * The response to a REST or WebSocket event includes `usageIdentifierKey`, the value by which API Gateway counts the
   * request. The response omits it if the key's plan isn't in this list.
   *
   * @default - the deployment doesn't have plans
   */
  readonly plans?: Readonly<Record<string, PlanOptions>>;
  /**
   * The name or ARN of the limits' table: the stack's output `LimitsTableName`. It is required if a plan has
   * `enforce: 'authorizer'`.
   *
   * @default - none
   */
  readonly limitsTable?: string;
  /**
   * The response if the limits' table doesn't answer within 300 ms. `allow` doesn't limit the request. `deny` makes it a
   * fault with the code `LIMITER_UNAVAILABLE`.
   *
   * @default 'allow'
   */
  readonly onLimiterFailure?: 'allow' | 'deny';
}

/** The settings that the authorizer's responses depend on. */
export interface AuthorizerOptions extends DecisionOptions {
  /**
   * The key sources of a request, in order of preference: `bearer`, `basic`, `header:NAME`, `header:NAME:SCHEME`,
   * `query:NAME`, `cookie:NAME` and `websocket-protocol`.
   *
   * @default ['bearer', 'query:api_key']
   */
  readonly keySources?: readonly KeySourceSetting[];
  /**
   * The format of the response to a payload-2.0 event.
   *
   * @default 'iam'
   */
  readonly httpApiResponse?: HttpApiResponse;
  /**
   * TTL of a response in the gateway's cache, in seconds.
   *
   * @default 0
   */
  readonly resultsCacheSeconds?: number;
  /**
   * The response to a request beyond a limit that the authorizer enforces. `deny` refuses it. `tell` allows it with
   * `limited` in its context, so an integration can respond with 429.
   *
   * @default 'deny'
   */
  readonly onLimit?: 'deny' | 'tell';
  /**
   * The value of `usageIdentifierKey`: the identifier of the key's plan, or the key itself. With `presented-key`, a key
   * of 20 to 128 characters that Latchkey didn't issue identifies itself. API Gateway then counts it on its own usage
   * plans.
   *
   * @default 'plan'
   */
  readonly usageIdentifier?: UsageIdentifier;
}

/** The limits of a plan, in the construct's format. */
export interface PlanOptions extends PlanFields {
  /**
   * The enforcer of the limits: API Gateway by a usage plan, or the authorizer and the verifier.
   *
   * @default 'gateway'
   */
  readonly enforce?: 'gateway' | 'authorizer';
  /**
   * The requests that count together: those of a key with its successors, or those of an owner. It requires
   * `enforce: 'authorizer'`.
   *
   * @default 'key'
   */
  readonly per?: 'key' | 'owner';
  /**
   * Counts all keys of the plan together instead of each key separately.
   *
   * @default false
   */
  readonly shared?: boolean;
  /**
   * The average rate per second as `rateLimit`, and the maximum burst as `burstLimit`.
   *
   * @default - none
   */
  readonly throttle?: { readonly rateLimit?: number; readonly burstLimit?: number };
  /**
   * The number of requests as `limit` in a `period`: a day, a week or a month. With `enforce: 'authorizer'`, it may also
   * be a minute or an hour. The case of the period doesn't matter.
   *
   * @default - none
   */
  readonly quota?: { readonly limit?: number; readonly period?: string; readonly offset?: number };
}

/**
 * A placeholder, because decisions don't depend on the namespace. Only `usageIdentifierKey` does. The construct derives
 * its namespace from its path in the app.
 */
const NAMESPACE = '0'.repeat(16);

/** The settings that only the function has. */
const FUNCTION_SETTINGS: readonly SettingName[] = ['metrics', 'prime', 'debugSampleRate', 'usage'];

/** The options by name, with the function's environment variable for each. */
const VARIABLES: ReadonlyMap<string, string> = new Map(
  Object.entries(SETTINGS)
    .filter(([name]) => !FUNCTION_SETTINGS.some((functionSetting) => functionSetting === name))
    .map(([name, { variable }]) => [name, variable]),
);

/**
 * Reads the options with the function's own parser, so an application and the function read them alike.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, expected format, actual value
 */
export function readOptions(options: AuthorizerOptions & { readonly tableName: string }): Config {
  const unknown = Object.keys(options).filter((name) => !VARIABLES.has(name));
  const problems = unknown.map((name) => `${name}: unknown option`);
  try {
    const config = readConfig(toEnvironment(options));
    if (problems.length === 0) return config;
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    problems.push(withOptionNames(error.message));
  }
  throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
}

function toEnvironment(options: AuthorizerOptions & { readonly tableName: string }): Record<string, string> {
  const { keyPrefixes, externalKeys, keySources, trustedProxies, scopes, plans } = options;
  const values: Readonly<Record<string, unknown>> = {
    ...options,
    keyPrefixes: Array.isArray(keyPrefixes) ? keyPrefixes.join(',') : keyPrefixes,
    externalKeys: typeof externalKeys === 'object' ? JSON.stringify(externalKeys) : externalKeys,
    keySources: Array.isArray(keySources) ? keySources.join(',') : keySources,
    // JSON would drop an entry without patterns. The parser reports `null`.
    trustedProxies: Array.isArray(trustedProxies) ? trustedProxies.join(',') : trustedProxies,
    scopes: scopes && JSON.stringify(scopes, (_, value: unknown) => value ?? null),
    plans: plans && Plans.toText(plans, NAMESPACE),
  };
  const variables = [...VARIABLES].map(([name, variable]) => [variable, values[name]] as const);
  return Object.fromEntries(
    variables.filter(([, value]) => value !== undefined).map(([variable, value]) => [variable, String(value)]),
  );
}

function withOptionNames(message: string): string {
  return [...VARIABLES].reduce((text, [name, variable]) => text.replaceAll(`${variable}:`, `${name}:`), message);
}
