import { LatchkeyError } from '../keys/errors.ts';
import { maskKeys } from '../keys/findKeys.ts';
import { SCOPE_EXPECTED } from '../keys/scope.ts';
import {
  EXTERNAL_KEYS_EXPECTED,
  KEY_PREFIXES_EXPECTED,
  parseExternalKeys,
  parseKeyPrefixes,
} from '../keys/keyFormat.ts';
import { DEFAULT_KEY_PREFIX } from '../keys/keyPrefix.ts';
import type { ExternalKeys, KeyFormat } from '../keys/secret.ts';
import { parseTrustedProxies, TRUSTED_PROXIES_EXPECTED, type TrustedProxies } from './callerAddress.ts';
import { DEFAULT_KEY_SOURCES, KEY_SOURCES_EXPECTED, parseKeySources, type KeySource } from './keySources.ts';
import { Plans, PLANS_EXPECTED } from './plans.ts';
import { ROUTE_PATTERN_EXPECTED } from './routes.ts';
import { Scopes } from './scopes.ts';

/** The format of the response to a payload-2.0 event. */
export type HttpApiResponse = 'iam' | 'simple';

/** The value by which API Gateway counts a request: the identifier of the key's plan, or the presented key. */
export type UsageIdentifier = 'plan' | 'presented-key';

/** The response to a request beyond a limit: a refusal, or an allowed request that tells the integration. */
export type OnLimit = 'deny' | 'tell';

/** The response to a request if the table of limits doesn't answer. */
export type OnLimiterFailure = 'allow' | 'deny';

/** One setting of the function. */
export interface Setting<T> {
  /** The function's environment variable. */
  readonly variable: string;
  /** The value if the environment variable isn't set. */
  readonly default: T;
  /** The expected format, for messages. */
  readonly expected: string;
  /** Parses the environment variable's value. Returns `undefined` if the value isn't valid. */
  readonly parse: (text: string) => T | undefined;
  /** Returns the part of an invalid value that a message should show. The default is the whole value. */
  readonly invalidPartOf?: (text: string) => string;
}

const MAX_SECONDS = 365 * 24 * 3600;
/** API Gateway's maximum TTL of an authorizer's result. */
const MAX_RESULTS_CACHE_SECONDS = 3600;

const TABLE_EXPECTED = 'the name or ARN of a DynamoDB table';

/**
 * Every setting of the Lambda function, by its name in the verifier's options and `Config`. `readConfig`, the verifier
 * and the construct all read this constant, so their settings always agree.
 */
export const SETTINGS = {
  tableName: setting<string>({
    variable: 'LATCHKEY_TABLE',
    default: '',
    expected: TABLE_EXPECTED,
    parse: parseTable,
  }),
  keyPrefixes: setting<readonly string[]>({
    variable: 'LATCHKEY_KEY_PREFIXES',
    default: Object.freeze([DEFAULT_KEY_PREFIX]),
    expected: KEY_PREFIXES_EXPECTED,
    parse: parseKeyPrefixes,
  }),
  keySources: setting({
    variable: 'LATCHKEY_KEY_SOURCES',
    default: DEFAULT_KEY_SOURCES,
    expected: KEY_SOURCES_EXPECTED,
    parse: (text) => parseKeySources(text.split(',')),
  }),
  externalKeys: setting<ExternalKeys | false>({
    variable: 'LATCHKEY_EXTERNAL_KEYS',
    default: false,
    expected: EXTERNAL_KEYS_EXPECTED,
    parse: parseExternalKeys,
  }),
  trustedProxies: setting<TrustedProxies | undefined>({
    variable: 'LATCHKEY_TRUSTED_PROXIES',
    default: undefined,
    expected: TRUSTED_PROXIES_EXPECTED,
    parse: parseTrustedProxies,
  }),
  lastUsedSeconds: seconds('LATCHKEY_LAST_USED_SECONDS', 900, { least: 1 }),
  recordCacheSeconds: seconds('LATCHKEY_RECORD_CACHE_SECONDS', 60),
  resultsCacheSeconds: seconds('LATCHKEY_RESULTS_CACHE_SECONDS', 0, {
    most: MAX_RESULTS_CACHE_SECONDS,
  }),
  staleIfErrorSeconds: seconds('LATCHKEY_STALE_IF_ERROR_SECONDS', 0),
  httpApiResponse: setting<HttpApiResponse>({
    variable: 'LATCHKEY_HTTP_API_RESPONSE',
    default: 'iam',
    expected: 'iam or simple',
    parse: (text) => (text === 'iam' || text === 'simple' ? text : undefined),
  }),
  scopes: setting({
    variable: 'LATCHKEY_SCOPES',
    default: new Scopes(),
    expected: `a JSON object of scope (${SCOPE_EXPECTED}) → list of ${ROUTE_PATTERN_EXPECTED}`,
    parse: Scopes.parse,
    invalidPartOf: Scopes.invalidPartOf,
  }),
  plans: setting<Plans | undefined>({
    variable: 'LATCHKEY_PLANS',
    default: undefined,
    expected: PLANS_EXPECTED,
    parse: Plans.parse,
    invalidPartOf: Plans.invalidPartOf,
  }),
  limitsTable: setting<string | undefined>({
    variable: 'LATCHKEY_LIMITS_TABLE',
    default: undefined,
    expected: TABLE_EXPECTED,
    parse: parseTable,
  }),
  onLimit: setting<OnLimit>({
    variable: 'LATCHKEY_ON_LIMIT',
    default: 'deny',
    expected: 'deny or tell',
    parse: (text) => (text === 'deny' || text === 'tell' ? text : undefined),
  }),
  onLimiterFailure: setting<OnLimiterFailure>({
    variable: 'LATCHKEY_ON_LIMITER_FAILURE',
    default: 'allow',
    expected: 'allow or deny',
    parse: (text) => (text === 'allow' || text === 'deny' ? text : undefined),
  }),
  usage: flag('LATCHKEY_USAGE', false),
  usageIdentifier: setting<UsageIdentifier>({
    variable: 'LATCHKEY_USAGE_IDENTIFIER',
    default: 'plan',
    expected: 'plan or presented-key',
    parse: (text) => (text === 'plan' || text === 'presented-key' ? text : undefined),
  }),
  metrics: flag('LATCHKEY_METRICS', true),
  prime: flag('LATCHKEY_PRIME', true),
  debugSampleRate: setting({
    variable: 'LATCHKEY_DEBUG_SAMPLE_RATE',
    default: 0,
    expected: 'a decimal number from 0 to 1',
    parse: (text) => (/^(0(\.\d{1,20})?|1(\.0{1,20})?)$/.test(text) ? Number(text) : undefined),
  }),
};

export type SettingName = keyof typeof SETTINGS;

/** A setting's name in the construct, and its text in the documentation. */
export interface SettingInfo {
  /** The construct's prop. */
  readonly prop: string;
  readonly doc: string;
}

/**
 * The parts of `SETTINGS` that the Lambda function doesn't use. They are separate, so its bundle doesn't contain them.
 */
export const SETTING_INFO: Readonly<Record<SettingName, SettingInfo>> = {
  tableName: { prop: 'table', doc: "the table's name or ARN" },
  keyPrefixes: { prop: 'keyPrefixes', doc: 'the prefixes of issued keys, separated by commas' },
  keySources: { prop: 'keySources', doc: 'the places where a request may carry its key, in order of preference' },
  externalKeys: {
    prop: 'externalKeys',
    doc: 'the imported keys of other systems to accept: `true`, `false` or JSON with `prefixes`, `minLength`, `maxLength`',
  },
  trustedProxies: {
    prop: 'trustedProxies',
    doc: 'the number of proxies before the API, or their addresses; `X-Forwarded-For` is ignored without it',
  },
  lastUsedSeconds: { prop: 'lastUsedInterval', doc: 'the shortest time between two last-used writes of one key' },
  recordCacheSeconds: { prop: 'recordCacheTtl', doc: 'how long a cached record is used; 0 turns the cache off' },
  resultsCacheSeconds: {
    prop: 'resultsCacheTtl',
    doc: "the TTL of API Gateway's authorizer cache",
  },
  staleIfErrorSeconds: {
    prop: 'staleIfError',
    doc: 'the maximum age of a cached record that may be used while DynamoDB is unavailable',
  },
  httpApiResponse: { prop: 'httpApiResponse', doc: 'the type of the response to a payload 2.0 event' },
  scopes: { prop: 'scopes', doc: 'the routes that each scope allows, as JSON' },
  plans: {
    prop: 'plans',
    doc: 'the plans that usage plans of API Gateway or the authorizer enforce; only the construct creates their resources',
  },
  limitsTable: {
    prop: 'limits',
    doc: "the name or ARN of the limits' table; required if the authorizer enforces a plan",
  },
  onLimit: {
    prop: 'onLimit',
    doc: 'whether a request beyond a limit is refused (deny), or allowed with `limited` in its context (tell)',
  },
  onLimiterFailure: {
    prop: 'onLimiterFailure',
    doc: "whether a request is allowed or fails if the limits' table doesn't answer",
  },
  usage: { prop: 'usage', doc: 'whether the requests of each key are counted in the log once a minute' },
  usageIdentifier: {
    prop: 'usageIdentifier',
    doc: 'whether usage plans count a key of API Gateway by itself (presented-key), or every key by its plan',
  },
  metrics: { prop: 'metrics', doc: 'whether requests are counted in embedded metrics' },
  prime: { prop: 'prime', doc: 'whether the table is read once before the first request' },
  debugSampleRate: {
    prop: 'debugSampleRate',
    doc: 'the share of requests logged at DEBUG; also set the log level to DEBUG',
  },
};

type Values = { readonly [Name in SettingName]: (typeof SETTINGS)[Name]['default'] };

/** The Lambda function's settings. The function reads them once, at its cold start. */
export interface Config extends Omit<Values, 'keyPrefixes' | 'externalKeys'> {
  readonly keyFormat: KeyFormat;
  /** The accepted key sources, in order of preference. */
  readonly keySources: readonly KeySource[];
  /** The deployment's plans, or `undefined` if keys don't have limits. */
  readonly plans: Plans | undefined;
  /** The proxies whose `X-Forwarded-For` counts, or `undefined` if the header is ignored. */
  readonly trustedProxies: TrustedProxies | undefined;
  /** The name or ARN of the table of limits, or `undefined` if there isn't one. */
  readonly limitsTable: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the `LATCHKEY_…` environment variables.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: variable, expected format, actual value
 */
export function readConfig(environment: Environment): Config {
  const problems: string[] = [];
  const { keyPrefixes: prefixes, externalKeys, ...others } = readSettings(environment, problems);
  problems.push(...limitProblems(others), ...proxyProblems(others), ...unknownVariables(environment));
  if (problems.length > 0) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  const keyFormat = externalKeys === false ? { prefixes } : { prefixes, externalKeys };
  return Object.freeze({ ...others, keyFormat: Object.freeze(keyFormat) });
}

/** Reads every setting, and adds each problem to `problems`. An invalid setting gets its default. */
function readSettings(environment: Environment, problems: string[]): Values {
  const values = Object.entries<Setting<unknown>>(SETTINGS).map(([name, each]) => {
    const text = environment[each.variable];
    const value = text === undefined ? undefined : each.parse(text);
    const isMissing = text === undefined && each.variable === SETTINGS.tableName.variable;
    if (isMissing) problems.push(`${each.variable}: expected ${each.expected}, got nothing`);
    if (text !== undefined && value === undefined) {
      const invalid = each.invalidPartOf?.(text) ?? text;
      problems.push(`${each.variable}: expected ${each.expected}, got ${JSON.stringify(maskKeys(invalid))}`);
    }
    return [name, value ?? each.default];
  });
  return Object.fromEntries(values);
}

/** Returns the problems of settings that don't fit the plans that the authorizer enforces. */
function limitProblems({
  plans,
  limitsTable,
  resultsCacheSeconds,
}: Pick<Config, 'plans' | 'limitsTable' | 'resultsCacheSeconds'>): readonly string[] {
  if (plans?.hasLimits !== true) return [];
  const { variable, expected } = SETTINGS.limitsTable;
  const because = 'because the authorizer enforces a plan';
  return [
    ...(limitsTable === undefined ? [`${variable}: expected ${expected}, ${because}, got nothing`] : []),
    ...(resultsCacheSeconds > 0
      ? [
          `${SETTINGS.resultsCacheSeconds.variable}: expected 0, ${because}, got ${resultsCacheSeconds}: a request with a ` +
            'cached response would not be counted',
        ]
      : []),
  ];
}

/** Returns the problem of a cache and trusted proxies. API Gateway compares the address of the last proxy. */
function proxyProblems({
  trustedProxies,
  resultsCacheSeconds,
}: Pick<Config, 'trustedProxies' | 'resultsCacheSeconds'>): readonly string[] {
  if (trustedProxies === undefined || resultsCacheSeconds === 0) return [];
  const { resultsCacheSeconds: cache, trustedProxies: proxies } = SETTINGS;
  return [
    `${cache.variable}: expected 0, because of ${proxies.variable}, got ${resultsCacheSeconds}: ` +
      "API Gateway would compare the proxy's address",
  ];
}

/** New names of the environment variables that version 0.1.0 renamed. */
const NEW_NAMES: Readonly<Record<string, string>> = {
  LATCHKEY_ACCEPT_FOREIGN_KEYS: 'LATCHKEY_EXTERNAL_KEYS',
  LATCHKEY_KEY_PREFIX: 'LATCHKEY_KEY_PREFIXES',
  LATCHKEY_RESULT_CACHE_SECONDS: 'LATCHKEY_RESULTS_CACHE_SECONDS',
  LATCHKEY_USAGE_WRITE_SECONDS: 'LATCHKEY_LAST_USED_SECONDS',
};

/** Returns one problem for each unknown environment variable. A misspelled name therefore fails the cold start. */
function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set(Object.values(SETTINGS).map(({ variable }) => variable));
  const unknown = Object.keys(environment).filter((name) => name.startsWith('LATCHKEY_') && !known.has(name));
  return unknown.map((name) => {
    const newName = NEW_NAMES[name];
    return newName === undefined ? `${name}: unknown variable` : `${name}: was renamed, set ${newName} instead`;
  });
}

function setting<T>(one: Setting<T>): Setting<T> {
  return one;
}

function flag(variable: string, defaultValue: boolean): Setting<boolean> {
  return { variable, default: defaultValue, expected: 'true or false', parse: parseFlag };
}

function parseTable(text: string): string | undefined {
  return /^[a-zA-Z0-9_.:/-]{3,1024}$/.test(text) ? text : undefined;
}

function parseFlag(text: string): boolean | undefined {
  return text === 'true' || text === 'false' ? text === 'true' : undefined;
}

function seconds(
  variable: string,
  defaultValue: number,
  { least = 0, most = MAX_SECONDS }: { readonly least?: number; readonly most?: number } = {},
): Setting<number> {
  const parse = (text: string) => {
    const value = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };
  return { variable, default: defaultValue, expected: `whole seconds from ${least} to ${most}`, parse };
}
