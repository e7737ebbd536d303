import { LatchkeyError } from '../keys/errors.ts';
import { readConfig, type Config, type HttpApiResponse } from './config.ts';
import type { KeySourceSetting } from './keySource.ts';
import { Plans } from './plans.ts';

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
  readonly usageWriteSeconds?: number;
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
  readonly resultCacheSeconds?: number;
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
  usageWriteSeconds: 'LATCHKEY_USAGE_WRITE_SECONDS',
  recordCacheSeconds: 'LATCHKEY_RECORD_CACHE_SECONDS',
  resultCacheSeconds: 'LATCHKEY_RESULT_CACHE_SECONDS',
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
