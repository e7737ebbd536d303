import { Duration, Stack, Token, Tokenization } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { type Config, readConfig, SETTING_INFO, type SettingName, SETTINGS } from '../lambda/config.ts';
import { Plans } from '../lambda/plans.ts';
import { acceptedKeysOutput, keyFormatTexts } from './acceptedKeys.ts';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import { mayCache } from './keySources.ts';
import { runtimeProblems } from './latchkeyFunction.ts';
import { limitProblems, limitsReference } from './limitChecks.ts';
import { planProblems } from './planChecks.ts';
import { plansEnforcedBy } from './planProps.ts';
import {
  containsToken,
  isKnown,
  policyExcess,
  propError,
  resourceExcesses,
  type ScopeMapping,
  wholeNumberProblems,
} from './propChecks.ts';
import { type TableReference, tableReference } from './tableGrants.ts';

/** The settings of the function that result from the props. */
export interface AuthorizerSettings {
  /** The function's environment variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** The settings that the function reads from these variables. The function's default replaces each token. */
  readonly config: Config;
  /** The accepted keys in the format of the output `AcceptedKeys`. */
  readonly acceptedKeys: string;
  /** The prop `resultsCacheTtl` or its default. It may be a token. */
  readonly resultsCacheTtl: Duration;
  /** Returns the sum of both cache TTLs. Throws `CONFIG_INVALID` if the synthesis can't add them. */
  readonly revocationDelay: () => Duration;
  /** The warning about a policy that exceeds the size known to work, or `undefined`. */
  readonly policyWarning: string | undefined;
}

type Prop = keyof ApiKeyAuthorizerProps;
/** The props that become environment variables. */
type SettingProps = Omit<ApiKeyAuthorizerProps, 'table' | 'limits'>;
type Environment = Readonly<Record<string, string>>;

/** Prop → the function's environment variable. */
const VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(SETTING_INFO).map(([name, { prop }]) => [prop, SETTINGS[name as SettingName].variable]),
);
const TABLE_VARIABLE = SETTINGS.tableName.variable;
const LIMITS_VARIABLE = SETTINGS.limitsTable.variable;

/**
 * Returns the settings for the props, with the namespace from `planNamespace`. The function's own parser checks them,
 * so an invalid value fails the synthesis instead of the first request. A value that exceeds a limit of Lambda or API
 * Gateway also fails the synthesis. The function checks tokens at its cold start. Tokens are rejected in props that
 * determine the template.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with a list of every problem: prop, expected value, actual value
 */
export function authorizerSettings(
  scope: Construct,
  props: ApiKeyAuthorizerProps,
  namespace: string,
): AuthorizerSettings {
  const problems = [...tokenProblems(props), ...capacityProblems(props), ...functionProblems(props)];
  const unusablePlans = planProblems(props.plans ?? {}).map((problem) => `plans: ${problem}`);
  // The settings parser describes a problem of a plan less well.
  if (unusablePlans.length > 0) throw propError(scope, ...problems, ...unusablePlans);
  problems.push(...limitProblems(props));
  const table = tableReference(scope, props.table.resource);
  const limits = props.limits && limitsReference(scope, props.limits);
  const environment: Environment = {
    [TABLE_VARIABLE]: table.value,
    ...toEnvironment(scope, props, namespace),
    ...(limits && { [LIMITS_VARIABLE]: limits.value }),
  };
  const known = knownEnvironment(scope, environment, props, {
    [TABLE_VARIABLE]: LONGEST_TABLE[table.kind],
    ...(limits && { [LIMITS_VARIABLE]: LONGEST_TABLE[limits.kind] }),
  });
  const config = readSettings(known, problems);
  if (config === undefined) throw propError(scope, ...problems);
  const resultsCacheTtl = resultsCacheTtlOf(props, config);
  if (mayCache(resultsCacheTtl) && config.keySources.length > 1) problems.push(ONE_SOURCE_EXPECTED);
  problems.push(...environmentProblems(known, table.kind));
  problems.push(...resourceExcesses(knownScopes(props.scopes ?? {})).map((problem) => `scopes: ${problem}`));
  if (config.usageIdentifier === 'presented-key' && (props.externalKeys ?? false) === false) {
    problems.push(EXTERNAL_KEYS_EXPECTED);
  }
  if (problems.length > 0) throw propError(scope, ...problems);
  return {
    environment,
    config,
    acceptedKeys: acceptedKeysOutput(props),
    resultsCacheTtl,
    revocationDelay: () => revocationDelay(scope, props, config),
    policyWarning: policyExcess(config.scopes.allPatterns, { isCached: mayCache(resultsCacheTtl) }),
  };
}

/** The settings by which another function issues and verifies keys like an authorizer. */
export interface VerifySettings {
  /** The authorizer's environment variables that matter to it, with those of the tables. */
  readonly environment: Environment;
  /** The authorizer's revocation delay, or `undefined` if the synthesis can't add its TTLs. */
  readonly revocationDelay: Duration | undefined;
}

/** The settings that matter to a function that isn't behind API Gateway's authorizer. */
const VERIFY_SETTINGS: readonly SettingName[] = [
  'tableName',
  'keyPrefixes',
  'externalKeys',
  'lastUsedSeconds',
  'recordCacheSeconds',
  'staleIfErrorSeconds',
  'plans',
  'limitsTable',
  'onLimiterFailure',
];

/** Returns the part of an authorizer's settings that another function shares. */
export function verifySettings({ environment, revocationDelay }: AuthorizerSettings): VerifySettings {
  const variables = new Set(VERIFY_SETTINGS.map((name) => SETTINGS[name].variable));
  const shared = Object.entries(environment).filter(([variable]) => variables.has(variable));
  return { environment: Object.fromEntries(shared), revocationDelay: unlessUnknown(revocationDelay) };
}

function unlessUnknown(revocationDelay: () => Duration): Duration | undefined {
  try {
    return revocationDelay();
  } catch (error) {
    if (error instanceof LatchkeyError) return undefined;
    throw error;
  }
}

/** The attributes of an authorizer that another stack or app creates. */
export type ImportedAttributes = Pick<ApiKeyAuthorizerProps, 'keySources' | 'resultsCacheTtl' | 'httpApiResponse'>;

/**
 * Returns the settings for the attributes of an imported authorizer, by the rules of `authorizerSettings`.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with a list of every problem: attribute, expected value, actual value
 */
export function importedSettings(
  scope: Construct,
  attributes: ImportedAttributes,
): Pick<AuthorizerSettings, 'config' | 'resultsCacheTtl'> {
  const problems = [...tokenProblems(attributes)];
  const tables = { [TABLE_VARIABLE]: LONGEST_TABLE.name };
  const config = readSettings(
    knownEnvironment(scope, toEnvironment(scope, attributes, ''), attributes, tables),
    problems,
  );
  if (config === undefined) throw propError(scope, ...problems);
  const resultsCacheTtl = resultsCacheTtlOf(attributes, config);
  if (mayCache(resultsCacheTtl) && config.keySources.length > 1) problems.push(ONE_SOURCE_EXPECTED);
  if (problems.length > 0) throw propError(scope, ...problems);
  return { config, resultsCacheTtl };
}

/** Returns the prop, which may be a token, or its default. */
function resultsCacheTtlOf({ resultsCacheTtl }: ImportedAttributes, { resultsCacheSeconds }: Config): Duration {
  return resultsCacheTtl ?? Duration.seconds(resultsCacheSeconds);
}

/** Returns the sum of the TTLs. CloudFormation can't add, so a token is the sum only if the other TTL is 0. */
function revocationDelay(scope: Construct, props: SettingProps, config: Config): Duration {
  const recordCacheTtl = props.recordCacheTtl ?? Duration.seconds(config.recordCacheSeconds);
  const ttls = [recordCacheTtl, resultsCacheTtlOf(props, config)];
  const tokens = ttls.filter((ttl) => ttl.isUnresolved());
  if (tokens.length === 0) return Duration.seconds(config.recordCacheSeconds + config.resultsCacheSeconds);
  const [token, ...others] = ttls.filter((ttl) => ttl.isUnresolved() || ttl.toSeconds() > 0);
  if (token !== undefined && others.length === 0) return token;
  const problem =
    'revocationDelay: expected recordCacheTtl and resultsCacheTtl known at synthesis, or one of them to be 0, got a TTL that only ' +
    'the deployment knows: CloudFormation cannot add two numbers';
  throw propError(scope, problem);
}

const ONE_SOURCE_EXPECTED =
  'resultsCacheTtl: expected a single entry in keySources, got several: API Gateway requires every identity source of a ' +
  'cache at once. It would refuse a request with a key in only one of them. Name the one that callers use, or rely on ' +
  'recordCacheTtl instead';

const NO_CACHE_EXPECTED =
  'resultsCacheTtl: expected 0, because of trustedProxies, got a TTL that only the deployment knows: API Gateway would compare ' +
  'the address of the proxy with the allowedIps of a key';

const EXTERNAL_KEYS_EXPECTED =
  'usageIdentifier: expected the prop externalKeys for "presented-key", got none: the authorizer would refuse every key of API Gateway';

/**
 * Checks Lambda's quotas. Memory is 128 to 10,240 MB. Provisioned concurrency counts towards the reserved concurrency.
 */
function capacityProblems(props: ApiKeyAuthorizerProps): readonly string[] {
  const { memorySize, provisionedConcurrentExecutions: provisioned, reservedConcurrentExecutions: reserved } = props;
  const isMore = isKnown(provisioned) && isKnown(reserved) && provisioned > reserved;
  const provisionedExpected = `at most the reservedConcurrentExecutions, ${reserved}`;
  return [
    ...wholeNumberProblems('memorySize', memorySize, { least: 128, most: 10_240 }),
    ...wholeNumberProblems('provisionedConcurrentExecutions', provisioned, { least: 1 }),
    ...wholeNumberProblems('reservedConcurrentExecutions', reserved, { least: 0 }),
    ...(isMore ? [`provisionedConcurrentExecutions: expected ${provisionedExpected}, got ${provisioned}`] : []),
  ];
}

/** Rejects a runtime that can't run the bundles, and settings of a log group that the construct doesn't create. */
function functionProblems({ runtime, logGroup, logRetention, logRemovalPolicy, plans }: ApiKeyAuthorizerProps) {
  // Usage plans may have a function whose log group the construct creates.
  const hasUsagePlans = Object.keys(plansEnforcedBy('gateway', plans)).length > 0;
  const unused = logGroup === undefined || hasUsagePlans ? {} : { logRetention, logRemovalPolicy };
  const given = Object.entries(unused).filter(([, value]) => value !== undefined);
  return [
    ...runtimeProblems(runtime),
    ...given.map(
      ([prop, value]) => `${prop}: expected it to be set on your logGroup instead, got ${value} and a logGroup`,
    ),
  ];
}

/** Returns the function's environment variables for all props except the tables. */
function toEnvironment(scope: Construct, props: SettingProps, namespace: string): Environment {
  const values: Readonly<Record<string, unknown>> = {
    ...props,
    table: undefined,
    limits: undefined,
    ...keyFormatTexts(scope, props),
    keySources: props.keySources?.map(String).join(','),
    lastUsedInterval: toSeconds(props.lastUsedInterval),
    recordCacheTtl: toSeconds(props.recordCacheTtl),
    resultsCacheTtl: toSeconds(props.resultsCacheTtl),
    staleIfError: toSeconds(props.staleIfError),
    trustedProxies: Array.isArray(props.trustedProxies) ? props.trustedProxies.join(',') : props.trustedProxies,
    scopes: props.scopes && toScopesText(scope, props.scopes),
    plans: props.plans && Plans.toText(props.plans, namespace),
  };
  const settings = Object.entries(VARIABLES).map(([prop, variable]) => [variable, values[prop]] as const);
  return Object.fromEntries(
    settings.filter(([, value]) => value !== undefined).map(([variable, value]) => [variable, toText(value)]),
  );
}

/** Keeps a token, because `String()` would print the placeholder of a number. */
function toText(value: unknown): string {
  return typeof value === 'number' ? Tokenization.stringifyNumber(value) : String(value);
}

function toSeconds(duration: Duration | undefined): number | undefined {
  return duration !== undefined && canBeSeconds(duration) ? duration.toSeconds({ integral: false }) : undefined;
}

/** Writes an entry without patterns as `null`, which the parser rejects. JSON.stringify would drop the entry. */
function toScopesText(scope: Construct, scopes: Readonly<Record<string, readonly string[]>>): string {
  if (containsToken(scopes)) return Stack.of(scope).toJsonString(scopes);
  return JSON.stringify(scopes, (_, value: unknown) => value ?? null);
}

/**
 * The longest table name that DynamoDB allows, and the longest ARN. The table's own name isn't known before the
 * deployment.
 */
const LONGEST_TABLE = {
  name: 'n'.repeat(255),
  arn: `arn:aws-us-gov:dynamodb:us-isof-south-1:123456789012:table/${'n'.repeat(255)}`,
} as const;

/**
 * Returns the environment variables with these tables and without tokens. The parser uses its defaults instead of
 * tokens.
 */
function knownEnvironment(
  scope: Construct,
  environment: Environment,
  { scopes }: SettingProps,
  tables: Environment,
): Environment {
  const known = Object.entries(environment).filter(([, text]) => !Token.isUnresolved(text));
  const knownScopesOnly =
    scopes === undefined ? {} : { [SETTINGS.scopes.variable]: toScopesText(scope, knownScopes(scopes)) };
  return { ...Object.fromEntries(known), ...knownScopesOnly, ...tables };
}

/**
 * Returns the configuration, or `undefined` if it isn't valid. Adds the problems to `problems`, with the names of props
 * instead of environment variables.
 */
function readSettings(environment: Environment, problems: string[]): Config | undefined {
  try {
    return readConfig(environment);
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== 'CONFIG_INVALID') throw error;
    problems.push(error.message.replaceAll(/LATCHKEY_[A-Z_]+/g, toProp));
    return undefined;
  }
}

function toProp(variable: string): string {
  return Object.entries(VARIABLES).find(([, name]) => name === variable)?.[0] ?? variable;
}

/** Lambda quotas, "Environment variables": 4 KB for all variables of a function. */
const MAX_ENVIRONMENT_BYTES = 4096;

/**
 * Returns a problem if the environment variables are too big for Lambda. The problem includes the prop that uses most
 * bytes. Lambda measures the variables as one JSON object, in which each quote of a value is escaped. Lambda's error
 * message shows that JSON.
 */
function environmentProblems(environment: Environment, tableKind: TableReference['kind']): readonly string[] {
  const bytes = Buffer.byteLength(JSON.stringify(environment));
  if (bytes <= MAX_ENVIRONMENT_BYTES) return [];
  const others = Object.entries(environment).filter(([variable]) => variable !== TABLE_VARIABLE);
  const [[longest = ''] = []] = others.toSorted(([, a], [, b]) => b.length - a.length);
  return [
    `${toProp(longest)}: expected at most ${MAX_ENVIRONMENT_BYTES} bytes of environment variables, Lambda's limit, got ${bytes} with ` +
      `every other prop and the longest table ${tableKind}: ${bytes - MAX_ENVIRONMENT_BYTES} too many. Shorten this prop, which ` +
      'uses most of them',
  ];
}

type IsToken = (props: SettingProps) => boolean;

/** The props that determine the template. Each has a token check and the reason for the rejection. */
const KNOWN_AT_SYNTHESIS: readonly (readonly [prop: Prop, isToken: IsToken, reason: string])[] = [
  ['keySources', ({ keySources }) => containsToken(keySources), 'the identity sources of each API depend on it'],
  [
    'usageIdentifier',
    ({ usageIdentifier }) => Token.isUnresolved(usageIdentifier),
    'the gateway responses of an API depend on it',
  ],
  ['onLimit', ({ onLimit }) => Token.isUnresolved(onLimit), 'whether integrations must respond with 429 depends on it'],
  [
    'httpApiResponse',
    ({ httpApiResponse }) => Token.isUnresolved(httpApiResponse),
    'the authorizer of an HTTP API depends on it',
  ],
];

/** Returns one problem for each prop with a token that the synthesis can't use. */
function tokenProblems(props: SettingProps): readonly string[] {
  const { lastUsedInterval, recordCacheTtl, resultsCacheTtl, staleIfError, scopes, plans } = props;
  const needed = KNOWN_AT_SYNTHESIS.filter(([, isToken]) => isToken(props));
  const inOtherUnits = Object.entries({ lastUsedInterval, recordCacheTtl, resultsCacheTtl, staleIfError }).filter(
    ([, duration]) => duration !== undefined && !canBeSeconds(duration),
  );
  const named = Object.entries({ scopes, plans }).filter(([, mapping]) =>
    Object.keys(mapping ?? {}).some((name) => Token.isUnresolved(name)),
  );
  return [
    ...needed.map(
      ([prop, , reason]) =>
        `${prop}: expected a value known at synthesis, got one that only the deployment knows: ${reason}`,
    ),
    ...inOtherUnits.map(
      ([prop, duration]) =>
        `${prop}: expected Duration.seconds(), got ${duration?.unitLabel()} that only the deployment knows`,
    ),
    ...named.map(([prop]) => `${prop}: expected names known at synthesis, got a name that only the deployment knows`),
    // The settings parser rejects a TTL above 0 that it knows.
    ...(props.trustedProxies !== undefined && resultsCacheTtl?.isUnresolved() === true ? [NO_CACHE_EXPECTED] : []),
  ];
}

/** Returns whether the CDK can convert the duration to seconds. It can't convert a token in another unit. */
function canBeSeconds(duration: Duration): boolean {
  return !duration.isUnresolved() || duration.unitLabel() === 'seconds';
}

const PLACEHOLDER_ROUTE = 'GET /known-at-deployment';

/** Returns the mapping with a short route in place of each token. The parser can then check the other routes. */
function knownScopes(scopes: ScopeMapping): Readonly<Record<string, readonly string[]>> {
  if (!containsToken(scopes)) return scopes;
  const entries = Object.entries(scopes).map(([name, patterns], index) => {
    const knownName = Token.isUnresolved(name) ? `known-at-deployment-${index}` : name;
    return [knownName, knownPatterns(patterns)] as const;
  });
  return Object.fromEntries(entries);
}

function knownPatterns(patterns: readonly string[]): readonly string[] {
  if (Token.isUnresolved(patterns)) return [PLACEHOLDER_ROUTE];
  // JavaScript callers may pass another type, which the settings parser rejects.
  if (!Array.isArray(patterns)) return patterns;
  return patterns.map((pattern: string) => (Token.isUnresolved(pattern) ? PLACEHOLDER_ROUTE : pattern));
}
