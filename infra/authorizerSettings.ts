import type { Duration } from 'aws-cdk-lib';
import { LatchkeyError } from '../keys/errors.ts';
import { readConfig, type Config } from '../lambda/config.ts';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';

/** What the props ask of the function. */
export interface AuthorizerSettings {
  /** The function's environment, but for the table's name, which is not known before the deployment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same as the function will read it. */
  readonly config: Config;
  readonly resultCacheSeconds: number;
}

/** API Gateway's limit. */
const MAX_RESULT_CACHE_SECONDS = 3600;

/** The prop that each variable of the function is set by. */
const PROP_OF: Readonly<Record<string, keyof ApiKeyAuthorizerProps>> = {
  LATCHKEY_KEY_PREFIX: 'keyPrefix',
  LATCHKEY_KEY_SOURCES: 'keySources',
  LATCHKEY_ACCEPT_FOREIGN_KEYS: 'acceptForeignKeys',
  LATCHKEY_USAGE_WRITE_SECONDS: 'usageWriteInterval',
  LATCHKEY_RECORD_CACHE_SECONDS: 'recordCacheTtl',
  LATCHKEY_STALE_IF_ERROR_SECONDS: 'staleIfError',
  LATCHKEY_HTTP_API_RESPONSE: 'httpApiResponse',
};

/**
 * Turns props into settings. The function's own reader reads them here, so that a bad value fails the synthesis and not
 * the first request.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: prop, value got, value wanted
 */
export function authorizerSettings(props: ApiKeyAuthorizerProps): AuthorizerSettings {
  const environment = environmentOf(props);
  const resultCacheSeconds = toSeconds(props.resultCacheTtl) ?? 0;
  const problems: string[] = [];
  const config = readSettings(environment, problems);
  if (!Number.isInteger(resultCacheSeconds) || resultCacheSeconds > MAX_RESULT_CACHE_SECONDS) {
    problems.push(
      `resultCacheTtl: got ${resultCacheSeconds} seconds, wanted whole seconds from 0 to ${MAX_RESULT_CACHE_SECONDS}`,
    );
  }
  if (resultCacheSeconds > 0 && config !== undefined && config.keySources.length > 1) problems.push(ONE_SOURCE_WANTED);
  if (config !== undefined && problems.length === 0) return { environment, config, resultCacheSeconds };
  throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
}

const ONE_SOURCE_WANTED =
  'resultCacheTtl: got a cache with several keySources, wanted one: API Gateway asks for every identity source of a cache ' +
  'at once and would refuse a request that brings its key in one of them. Name the one that callers use, or leave the ' +
  'cache to recordCacheTtl';

function environmentOf(props: ApiKeyAuthorizerProps): Readonly<Record<string, string>> {
  const values: Record<string, unknown> = {
    ...props,
    keySources: props.keySources?.join(','),
    usageWriteInterval: toSeconds(props.usageWriteInterval),
    recordCacheTtl: toSeconds(props.recordCacheTtl),
    staleIfError: toSeconds(props.staleIfError),
  };
  const settings = Object.entries(PROP_OF).map(([variable, prop]) => [variable, values[prop]] as const);
  return Object.fromEntries(
    settings.filter(([, value]) => value !== undefined).map(([variable, value]) => [variable, String(value)]),
  );
}

/** A duration that only the deployment knows is refused by the CDK here: the revocation delay is stated at synthesis. */
function toSeconds(duration: Duration | undefined): number | undefined {
  return duration?.toSeconds({ integral: false });
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
