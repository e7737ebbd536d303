import { Stack, Token, Tokenization, type Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { readConfig, type Config } from '../lambda/config.ts';
import { Plans } from '../lambda/plans.ts';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import { planProblems } from './planProps.ts';
import { canBeSeconds, knownScopes, laterProblems } from './laterValues.ts';
import { holdsToken, isKnown, propError, wholeNumberProblems } from './propChecks.ts';
import { environmentExcess, policyExcess, resourceExcesses, type ScopeMapping } from './sizeLimits.ts';
import { tableReference } from './tableReference.ts';

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
  LATCHKEY_USAGE_WRITE_SECONDS: 'usageWriteInterval',
  LATCHKEY_RECORD_CACHE_SECONDS: 'recordCacheTtl',
  LATCHKEY_RESULT_CACHE_SECONDS: 'resultCacheTtl',
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
  if (config.resultCacheSeconds > 0 && config.keySources.length > 1) problems.push(ONE_SOURCE_WANTED);
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

const ONE_SOURCE_WANTED =
  'resultCacheTtl: got a cache with several keySources, wanted one: API Gateway asks for every identity source of a cache ' +
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
    usageWriteInterval: toSeconds(props.usageWriteInterval),
    recordCacheTtl: toSeconds(props.recordCacheTtl),
    resultCacheTtl: toSeconds(props.resultCacheTtl),
    staleIfError: toSeconds(props.staleIfError),
    scopes: props.scopes && scopesText(scope, props.scopes),
    plans: props.plans && Plans.textOf(props.plans, namespace),
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
