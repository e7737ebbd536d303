import { Stack, Token, Tokenization, type Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { readConfig, type Config } from '../lambda/config.ts';
import { Plans } from '../lambda/plans.ts';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import {
  environmentExcess,
  holdsToken,
  isKnown,
  policyExcess,
  propError,
  resourceExcesses,
  type ScopeMapping,
  wholeNumberProblems,
} from './propChecks.ts';
import { tableReference } from './tableGrants.ts';
import { planProblems } from './planProps.ts';

/** What the props ask of the function. */
export interface AuthorizerSettings {
  /** The function's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The environment as the function reads it, with the function's default for each value that only the deployment knows. */
  readonly config: Config;
  /** The warning about a policy that is longer than the size known to work, or `undefined`. */
  readonly policyWarning: string | undefined;
}

/** The prop that each variable of the function is set by. */
const PROP_OF: Readonly<Record<string, keyof ApiKeyAuthorizerProps>> = {
  LATCHKEY_KEY_PREFIX: 'keyPrefix',
  LATCHKEY_KEY_SOURCES: 'keySources',
  LATCHKEY_ACCEPT_FOREIGN_KEYS: 'acceptForeignKeys',
  LATCHKEY_LAST_USED_SECONDS: 'lastUsedInterval',
  LATCHKEY_RECORD_CACHE_SECONDS: 'recordCacheTtl',
  LATCHKEY_RESULTS_CACHE_SECONDS: 'resultsCacheTtl',
  LATCHKEY_STALE_IF_ERROR_SECONDS: 'staleIfError',
  LATCHKEY_HTTP_API_RESPONSE: 'httpApiResponse',
  LATCHKEY_SCOPES: 'scopes',
  LATCHKEY_METRICS: 'metrics',
  LATCHKEY_PRIME: 'prime',
  LATCHKEY_DEBUG_SAMPLE_RATE: 'debugSampleRate',
  LATCHKEY_PLANS: 'plans',
};

/**
 * Turns props into settings, with the namespace of `planNamespace`. Reads them with the function's own reader, so that a bad value
 * fails the synthesis and not the first request. A value over a limit of Lambda or API Gateway fails it too. Passes on a value that
 * only the deployment knows; the function checks it when it starts. The props that shape the template must be known at synthesis.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: prop, value got, value wanted
 */
export function authorizerSettings(
  scope: Construct,
  props: ApiKeyAuthorizerProps,
  namespace: string,
): AuthorizerSettings {
  const problems = [...laterProblems(props), ...capacityProblems(props)];
  const table = tableReference(scope, props.table.table);
  const environment = environmentOf(scope, props, namespace);
  const checked = checkedPart(scope, environment, props);
  const config = readSettings(checked, problems);
  if (config === undefined) throw propError(scope, ...problems);
  if (config.resultsCacheSeconds > 0 && config.keySources.length > 1) problems.push(ONE_SOURCE_EXPECTED);
  const environmentProblem = environmentExcess(checked, table.kind);
  if (environmentProblem !== undefined) problems.push(`${longestPropOf(checked)}: ${environmentProblem}`);
  const resourceProblems = resourceExcesses(knownScopes(props.scopes ?? {}));
  problems.push(...resourceProblems.map((problem) => `scopes: ${problem}`));
  problems.push(...planProblems(props.plans ?? {}).map((problem) => `plans: ${problem}`));
  if (problems.length > 0) throw propError(scope, ...problems);
  return {
    environment: { LATCHKEY_TABLE: table.value, ...environment },
    config,
    policyWarning: policyExcess(config.scopes.allPatterns),
  };
}

const ONE_SOURCE_EXPECTED =
  'resultsCacheTtl: got a cache with several keySources, wanted one: API Gateway asks for every identity source of a cache ' +
  'at once and would refuse a request that brings its key in one of them. Name the one that callers use, or leave the ' +
  'cache to recordCacheTtl';

/** Checks Lambda's quotas: memory is 128 MB to 10,240 MB, and provisioned environments count towards the reserved ones. */
function capacityProblems(props: ApiKeyAuthorizerProps): readonly string[] {
  const { memorySize, provisionedConcurrentExecutions: provisioned, reservedConcurrentExecutions: reserved } = props;
  const isMore = isKnown(provisioned) && isKnown(reserved) && provisioned > reserved;
  return [
    ...wholeNumberProblems('memorySize', memorySize, { least: 128, most: 10_240 }),
    ...wholeNumberProblems('provisionedConcurrentExecutions', provisioned, { least: 1 }),
    ...wholeNumberProblems('reservedConcurrentExecutions', reserved, { least: 0 }),
    ...(isMore
      ? [
          `provisionedConcurrentExecutions: got ${provisioned}, wanted at most the reservedConcurrentExecutions, ${reserved}`,
        ]
      : []),
  ];
}

function environmentOf(
  scope: Construct,
  props: ApiKeyAuthorizerProps,
  namespace: string,
): Readonly<Record<string, string>> {
  const values: Record<string, unknown> = {
    ...props,
    keySources: props.keySources?.join(','),
    lastUsedInterval: toSeconds(props.lastUsedInterval),
    recordCacheTtl: toSeconds(props.recordCacheTtl),
    resultsCacheTtl: toSeconds(props.resultsCacheTtl),
    staleIfError: toSeconds(props.staleIfError),
    scopes: props.scopes && scopesText(scope, props.scopes),
    plans: props.plans && Plans.toText(props.plans, namespace),
  };
  const settings = Object.entries(PROP_OF).map(([variable, prop]) => [variable, values[prop]] as const);
  return Object.fromEntries(
    settings.filter(([, value]) => value !== undefined).map(([variable, value]) => [variable, toText(value)]),
  );
}

/** Keeps a token: `String()` would print a number that only the deployment knows as a meaningless one. */
function toText(value: unknown): string {
  return typeof value === 'number' ? Tokenization.stringifyNumber(value) : String(value);
}

function toSeconds(duration: Duration | undefined): number | undefined {
  return duration !== undefined && canBeSeconds(duration) ? duration.toSeconds({ integral: false }) : undefined;
}

/** Writes an entry without patterns as `null`, so that the reader rejects it. JSON.stringify alone would drop it. */
function scopesText(scope: Construct, scopes: ScopeMapping): string {
  if (holdsToken(scopes)) return Stack.of(scope).toJsonString(scopes);
  return JSON.stringify(scopes, (_, value: unknown) => value ?? null);
}

/** Returns the environment without values that only the deployment knows, so that the function's defaults are checked instead. */
function checkedPart(
  scope: Construct,
  environment: Readonly<Record<string, string>>,
  { scopes }: ApiKeyAuthorizerProps,
): Readonly<Record<string, string>> {
  const known = Object.entries(environment).filter(([, text]) => !Token.isUnresolved(text));
  const ofScopes = scopes === undefined ? {} : { LATCHKEY_SCOPES: scopesText(scope, knownScopes(scopes)) };
  return { ...Object.fromEntries(known), ...ofScopes };
}

/** The configuration, or `undefined` with the problems in `problems`, which name props and not variables. */
function readSettings(environment: Readonly<Record<string, string>>, problems: string[]): Config | undefined {
  try {
    return readConfig({ ...environment, LATCHKEY_TABLE: 'known-at-deployment' });
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== 'CONFIG_INVALID') throw error;
    problems.push(error.message.replaceAll(/LATCHKEY_[A-Z_]+/g, (variable) => PROP_OF[variable] ?? variable));
    return undefined;
  }
}

/** Where most of the environment comes from. */
function longestPropOf(environment: Readonly<Record<string, string>>): string {
  const [[longest = ''] = []] = Object.entries(environment).toSorted(([, a], [, b]) => b.length - a.length);
  return PROP_OF[longest] ?? longest;
}

// Some values are known only at deployment, such as a parameter of the stack. The CDK puts tokens in their place.

type IsLater = (props: ApiKeyAuthorizerProps) => boolean;

/** The props that shape the template: how to detect a token in each, and why it is rejected. */
const KNOWN_AT_SYNTHESIS: readonly (readonly [prop: keyof ApiKeyAuthorizerProps, isLater: IsLater, reason: string])[] =
  [
    ['keySources', ({ keySources }) => holdsToken(keySources), 'the identity sources of each API follow from it'],
    ['recordCacheTtl', ({ recordCacheTtl }) => isLater(recordCacheTtl), 'the revocation delay follows from it'],
    ['resultsCacheTtl', ({ resultsCacheTtl }) => isLater(resultsCacheTtl), 'the revocation delay follows from it'],
    [
      'httpApiResponse',
      ({ httpApiResponse }) => Token.isUnresolved(httpApiResponse),
      'the authorizer of an HTTP API follows from it',
    ],
  ];

/** Returns one problem for each prop with a token that the synthesis can't use: prop, value got, value wanted. */
export function laterProblems(props: ApiKeyAuthorizerProps): readonly string[] {
  const { lastUsedInterval, staleIfError, scopes, plans } = props;
  const needed = KNOWN_AT_SYNTHESIS.filter(([, isLaterProp]) => isLaterProp(props));
  const inOtherUnits = Object.entries({ lastUsedInterval, staleIfError }).filter(
    ([, duration]) => duration !== undefined && !canBeSeconds(duration),
  );
  const named = Object.entries({ scopes, plans }).filter(([, mapping]) =>
    Object.keys(mapping ?? {}).some((name) => Token.isUnresolved(name)),
  );
  return [
    ...needed.map(
      ([prop, , reason]) =>
        `${prop}: got a value that only the deployment knows, wanted one known at synthesis: ${reason}`,
    ),
    ...inOtherUnits.map(
      ([prop, duration]) =>
        `${prop}: got ${duration?.unitLabel()} that only the deployment knows, wanted Duration.seconds()`,
    ),
    ...named.map(([prop]) => `${prop}: got a name that only the deployment knows, wanted names known at synthesis`),
  ];
}

/** Whether the CDK can convert the duration to seconds: it can't convert a token from another unit. */
export function canBeSeconds(duration: Duration): boolean {
  return !duration.isUnresolved() || duration.unitLabel() === 'seconds';
}

const LATER_ROUTE = 'GET /known-at-deployment';

/** Returns the mapping with a short route instead of each token, so that the reader can check the other routes. */
export function knownScopes(scopes: ScopeMapping): ScopeMapping {
  if (!holdsToken(scopes)) return scopes;
  const entries = Object.entries(scopes).map(([name, patterns], index) => {
    const knownName = Token.isUnresolved(name) ? `known-at-deployment-${index}` : name;
    return [knownName, knownPatterns(patterns)] as const;
  });
  return Object.fromEntries(entries);
}

function knownPatterns(patterns: readonly string[]): readonly string[] {
  if (Token.isUnresolved(patterns)) return [LATER_ROUTE];
  // JavaScript callers may pass something else; the reader of the settings rejects it.
  if (!Array.isArray(patterns)) return patterns;
  return patterns.map((pattern: string) => (Token.isUnresolved(pattern) ? LATER_ROUTE : pattern));
}

function isLater(duration: Duration | undefined): boolean {
  return duration?.isUnresolved() === true;
}
