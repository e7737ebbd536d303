import { LatchkeyError } from '../keys/errors.ts';
import type { KeyReader } from '../keys/reader.ts';
import { publicRecord, type PublicRecord } from '../keys/record.ts';
import { authorize, type AuthorizeDeps, type AuthorizeObserver, type Decision } from './authorize.ts';
import { type Config, type HttpApiResponse, readConfig } from './config.ts';
import { type KeySourceSetting, presentedKey, type PresentedKey } from './credentials.ts';
import { LastUsedThrottle } from './lastUsed.ts';
import { Plans } from './plans.ts';
import { deepFreeze } from './policy.ts';
import { RecordCache } from './recordCache.ts';
import type { Route } from './routes.ts';

export interface KeyVerifierDeps {
  readonly config: Config;
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Receives the record, frozen and without its hash, of a key whose last-used write failed. The decision stays as it is. */
  readonly onLastUsedWriteFailed: (record: PublicRecord, error: unknown) => unknown;
}

/**
 * Decides on keys as the authorizer does, for an application that checks them itself: with the same caches, and the same
 * throttle of last-used writes, which live as long as the verifier. Make one and keep it.
 */
export class KeyVerifier {
  readonly #config: Config;
  readonly #deps: AuthorizeDeps;
  readonly #observer: AuthorizeObserver;
  /** By the cached record, the copy that all callers share until the key is read from the table again. */
  readonly #copies = new WeakMap<PublicRecord, PublicRecord>();

  constructor(deps: KeyVerifierDeps) {
    const { config, lookup, now } = deps;
    const throttle = new LastUsedThrottle({ intervalMs: config.lastUsedSeconds * 1000 });
    const cache = new RecordCache({
      recordMs: config.recordCacheSeconds * 1000,
      staleIfErrorMs: config.staleIfErrorSeconds * 1000,
      now,
    });
    this.#config = config;
    this.#deps = { lookup, cache, throttle, scopes: config.scopes, now };
    this.#observer = {
      onCacheHit: ignore,
      onLookup: ignore,
      onLastUsedWrite: ignore,
      onLastUsedWriteFailed: (record, error) => void tell(deps, this.#copyOf(record), error),
    };
  }

  /**
   * Decides on a key, and on a route if scopes are mapped. The key may have `Bearer` before it, as in an `Authorization` header;
   * nothing, an empty text and another scheme are no key. The use of an allowed key is noted before this resolves.
   *
   * A route is `METHOD /path`: a method, one space, and the path as the client sent it, percent-encoded and without its query. If
   * scopes are mapped, a key that has scopes is refused with `INSUFFICIENT_SCOPE` unless a route is given and one of its patterns
   * covers it. No pattern covers a route with a query, a fragment, a dot segment, an empty segment, a space, a control character, a
   * backslash, or an encoded dot, slash or backslash (`%2e`, `%2f`, `%5c`), because your framework may serve it as another path.
   *
   * The decision is frozen. Its record has no `keyHash`. Decisions on one key share the record object until the verifier reads
   * the key from the table again.
   *
   * A refusal is a value. A fault says nothing about the key: answer it as a failure of your own.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`, `RECORD_CORRUPT`
   */
  async verify(keyText: string | null | undefined, route?: string | null): Promise<Decision> {
    const presented = readKey(keyText, this.#config);
    const decided = authorize(presented, (route ?? '') as Route, this.#deps.now(), this.#deps, this.#observer);
    return this.#handedOut(decided instanceof Promise ? await decided : decided);
  }

  /** Replaces the cached record by a copy. If a caller could change the cached one, it would change all later decisions. */
  #handedOut(decision: Decision): Decision {
    if (decision.effect === 'unauthenticated' || decision.record === undefined) return decision;
    const record = this.#copyOf(decision.record);
    return Object.freeze(decision.effect === 'allow' ? { effect: 'allow', record } : { ...decision, record });
  }

  #copyOf(record: PublicRecord): PublicRecord {
    const known = this.#copies.get(record);
    if (known !== undefined) return known;
    const copy: PublicRecord = JSON.parse(JSON.stringify(publicRecord(record)));
    this.#copies.set(record, deepFreeze(copy));
    return copy;
  }
}

/** An application that counts its requests does so itself. */
function ignore(): void {}

/** What the application does there may fail, at once or later: that neither changes the decision nor ends the process. */
async function tell(
  { onLastUsedWriteFailed }: Pick<KeyVerifierDeps, 'onLastUsedWriteFailed'>,
  record: PublicRecord,
  error: unknown,
): Promise<void> {
  try {
    await onLastUsedWriteFailed(record, error);
  } catch {
    // The decision stands, and there is nobody else to tell.
  }
}

/** What is no text, such as a list of several headers, is read as no key can read. */
function readKey(keyText: unknown, { keyFormat }: Config): PresentedKey {
  if (typeof keyText !== 'string' && keyText !== undefined && keyText !== null) return { kind: 'malformed' };
  return presentedKey({ kind: 'token', token: keyText ?? '', takesBareKey: true }, [], keyFormat);
}

/** What a decision on a key depends on, as an application says it. */
export interface DecisionOptions {
  /**
   * What every key begins with: `[a-z][a-z0-9]*_`, at most 16 characters. It must be the deployment's own.
   *
   * @default 'sk_'
   */
  readonly keyPrefix?: string;
  /**
   * Whether keys that were issued elsewhere are accepted once their hash is in the table.
   *
   * @default false
   */
  readonly acceptForeignKeys?: boolean;
  /**
   * The least time between two last-used writes of one key.
   *
   * @default 900
   */
  readonly lastUsedSeconds?: number;
  /**
   * How long a record answers for its key, and so how long a revoked key may be accepted. At 0 every request makes its own read.
   *
   * @default 60
   */
  readonly recordCacheSeconds?: number;
  /**
   * How old a record may answer while DynamoDB is down.
   *
   * @default 0 - an outage is a fault
   */
  readonly staleIfErrorSeconds?: number;
  /**
   * Which routes each scope opens: scope → patterns `METHOD /path`. A scope has no spaces, commas, quotes, braces, brackets
   * or backslashes. `KeyVerifier.verify` says which routes a pattern can cover.
   *
   * @default {} - scopes close no route
   */
  readonly scopes?: Readonly<Record<string, readonly string[]>>;
}

/** What the authorizer's answers depend on, too. */
export interface AuthorizerOptions extends DecisionOptions {
  /**
   * Where a request may carry its key, in order of preference.
   *
   * @default ['bearer', 'query:api_key']
   */
  readonly keySources?: readonly KeySourceSetting[];
  /**
   * What a payload-2.0 event is answered with.
   *
   * @default 'iam'
   */
  readonly httpApiResponse?: HttpApiResponse;
  /**
   * How long the gateway in front keeps an answer.
   *
   * @default 0
   */
  readonly resultsCacheSeconds?: number;
  /**
   * The deployment's plans by name, as the construct takes them; nothing is counted, and limits are not looked at. Answers to REST
   * events name what API Gateway would count the request by, `usageIdentifierKey`, and none where the key's plan is not among them.
   *
   * @default - the deployment has no plans
   */
  readonly plans?: Readonly<Record<string, PlanOptions>>;
}

/** A plan, as far as answers depend on it. */
export interface PlanOptions {
  /**
   * Whether its keys are counted together, and not each by itself.
   *
   * @default false
   */
  readonly shared?: boolean;
  /**
   * Not looked at.
   *
   * @default - none
   */
  readonly throttle?: object;
  /**
   * Not looked at.
   *
   * @default - none
   */
  readonly quota?: object;
}

/** The construct's is made of its place in the app; nothing here depends on it. */
const NAMESPACE = '0'.repeat(16);

/** The variable by which the function knows each option. */
const VARIABLE_OF = {
  tableName: 'LATCHKEY_TABLE',
  keyPrefix: 'LATCHKEY_KEY_PREFIX',
  keySources: 'LATCHKEY_KEY_SOURCES',
  acceptForeignKeys: 'LATCHKEY_ACCEPT_FOREIGN_KEYS',
  lastUsedSeconds: 'LATCHKEY_LAST_USED_SECONDS',
  recordCacheSeconds: 'LATCHKEY_RECORD_CACHE_SECONDS',
  resultsCacheSeconds: 'LATCHKEY_RESULTS_CACHE_SECONDS',
  staleIfErrorSeconds: 'LATCHKEY_STALE_IF_ERROR_SECONDS',
  httpApiResponse: 'LATCHKEY_HTTP_API_RESPONSE',
  scopes: 'LATCHKEY_SCOPES',
  plans: 'LATCHKEY_PLANS',
} as const satisfies Record<keyof AuthorizerOptions | 'tableName', string>;

/**
 * The options as the function's own reader reads them, so that an application and the function never differ.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, value got, value wanted
 */
export function readOptions(options: AuthorizerOptions & { readonly tableName: string }): Config {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(VARIABLE_OF, name));
  const problems = unknown.map((name) => `${name}: got a value, wanted no such option`);
  try {
    const config = readConfig(environmentOf(options));
    if (problems.length === 0) return config;
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    problems.push(withOptionNames(error.message));
  }
  throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
}

function environmentOf(options: AuthorizerOptions & { readonly tableName: string }): Record<string, string> {
  const { keySources, scopes, plans } = options;
  const values: Readonly<Record<string, unknown>> = {
    ...options,
    keySources: Array.isArray(keySources) ? keySources.join(',') : keySources,
    // An entry without patterns is told, not dropped as JSON would.
    scopes: scopes && JSON.stringify(scopes, (_, value: unknown) => value ?? null),
    plans: plans && Plans.textOf(plans, NAMESPACE),
  };
  const variables = Object.entries(VARIABLE_OF).map(([name, variable]) => [variable, values[name]] as const);
  return Object.fromEntries(
    variables.filter(([, value]) => value !== undefined).map(([variable, value]) => [variable, String(value)]),
  );
}

function withOptionNames(message: string): string {
  return Object.entries(VARIABLE_OF).reduce(
    (text, [name, variable]) => text.replaceAll(`${variable}:`, `${name}:`),
    message,
  );
}
