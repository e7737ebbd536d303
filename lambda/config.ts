import { LatchkeyError } from '../keys/errors.ts';
import { maskKeys } from '../keys/findKeys.ts';
import { SCOPE_EXPECTED } from '../keys/scope.ts';
import { DEFAULT_KEY_PREFIX, isKeyPrefix, KEY_PREFIX_EXPECTED, type KeyFormat } from '../keys/secret.ts';
import { DEFAULT_KEY_SOURCES, KEY_SOURCES_EXPECTED, parseKeySources, type KeySource } from './credentials.ts';
import { Plans, PLANS_EXPECTED } from './plans.ts';
import { ROUTE_PATTERN_EXPECTED } from './routes.ts';
import { Scopes } from './scopes.ts';

/** What a payload-2.0 event is answered with. */
export type HttpApiResponse = 'iam' | 'simple';

/** The function's settings, read once at cold start. */
export interface Config {
  readonly tableName: string;
  readonly keyFormat: KeyFormat;
  /** In order of preference. */
  readonly keySources: readonly KeySource[];
  readonly lastUsedSeconds: number;
  readonly recordCacheSeconds: number;
  readonly staleIfErrorSeconds: number;
  readonly httpApiResponse: HttpApiResponse;
  readonly scopes: Scopes;
  /** Absent where keys are not limited. */
  readonly plans: Plans | undefined;
  /** How long the gateway in front keeps an answer. */
  readonly resultsCacheSeconds: number;
  /** Whether requests are counted in embedded metrics. */
  readonly metrics: boolean;
  /** Whether the table is read once before the first request. */
  readonly prime: boolean;
  /** The share of requests that have a line at the level `DEBUG`, from 0 to 1. */
  readonly debugSampleRate: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_SECONDS = 365 * 24 * 3600;
/** API Gateway's limit. */
const MAX_RESULTS_CACHE_SECONDS = 3600;

/**
 * Reads the `LATCHKEY_…` variables.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with every problem in its message: variable, value got, value wanted
 */
export function readConfig(environment: Environment): Config {
  const problems: string[] = [];
  const known = new Set<string>();
  const read = <T>(
    name: string,
    fallback: T,
    wanted: string,
    parse: (text: string) => T | undefined,
    gotOf = (text: string) => text,
  ): T => {
    known.add(name);
    const text = environment[name];
    if (text === undefined) return fallback;
    const value = parse(text);
    if (value === undefined) problems.push(`${name}: got ${JSON.stringify(maskKeys(gotOf(text)))}, wanted ${wanted}`);
    return value ?? fallback;
  };
  const seconds = (name: string, fallback: number, least: number, most = MAX_SECONDS) =>
    read(name, fallback, `whole seconds from ${least} to ${most}`, (text) => parseSeconds(text, least, most));
  const oneOf = <T extends string>(name: string, fallback: T, choices: readonly T[]) =>
    read(name, fallback, choices.join(' or '), (text) => choices.find((choice) => choice === text));

  const tableName = read('LATCHKEY_TABLE', '', TABLE_EXPECTED, parseTableName);
  if (environment['LATCHKEY_TABLE'] === undefined)
    problems.push(`LATCHKEY_TABLE: got nothing, wanted ${TABLE_EXPECTED}`);
  const config: Config = {
    tableName,
    keyFormat: Object.freeze({
      prefix: read('LATCHKEY_KEY_PREFIX', DEFAULT_KEY_PREFIX, KEY_PREFIX_EXPECTED, parsePrefix),
      acceptForeignKeys: oneOf('LATCHKEY_ACCEPT_FOREIGN_KEYS', 'false', ['true', 'false']) === 'true',
    }),
    keySources: read('LATCHKEY_KEY_SOURCES', DEFAULT_KEY_SOURCES, KEY_SOURCES_EXPECTED, (text) =>
      parseKeySources(text.split(',')),
    ),
    lastUsedSeconds: seconds('LATCHKEY_LAST_USED_SECONDS', 900, 1),
    recordCacheSeconds: seconds('LATCHKEY_RECORD_CACHE_SECONDS', 60, 0),
    staleIfErrorSeconds: seconds('LATCHKEY_STALE_IF_ERROR_SECONDS', 0, 0),
    httpApiResponse: oneOf('LATCHKEY_HTTP_API_RESPONSE', 'iam', ['iam', 'simple']),
    scopes: read('LATCHKEY_SCOPES', new Scopes(), SCOPES_EXPECTED, Scopes.parse, Scopes.unreadableOf),
    plans: read<Plans | undefined>('LATCHKEY_PLANS', undefined, PLANS_EXPECTED, Plans.parse, Plans.unreadableOf),
    resultsCacheSeconds: seconds('LATCHKEY_RESULTS_CACHE_SECONDS', 0, 0, MAX_RESULTS_CACHE_SECONDS),
    metrics: oneOf('LATCHKEY_METRICS', 'true', ['true', 'false']) === 'true',
    prime: oneOf('LATCHKEY_PRIME', 'true', ['true', 'false']) === 'true',
    debugSampleRate: read('LATCHKEY_DEBUG_SAMPLE_RATE', 0, SHARE_EXPECTED, parseShare),
  };
  problems.push(...unknownVariables(environment, known));
  if (problems.length > 0) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  return Object.freeze(config);
}

/** Variables that had another name before version 0.1.0. */
const NEW_NAMES: Readonly<Record<string, string>> = {
  LATCHKEY_RESULTS_CACHE_SECONDS: 'LATCHKEY_RESULTS_CACHE_SECONDS',
  LATCHKEY_LAST_USED_SECONDS: 'LATCHKEY_LAST_USED_SECONDS',
};

/** Returns one problem for each variable that no setting has, so that a misspelled one fails the start. */
function unknownVariables(environment: Environment, known: ReadonlySet<string>): readonly string[] {
  const unknown = Object.keys(environment).filter((name) => name.startsWith('LATCHKEY_') && !known.has(name));
  return unknown.map((name) => {
    const newName = NEW_NAMES[name];
    return newName === undefined
      ? `${name}: got a value, wanted no such variable`
      : `${name}: was renamed, set ${newName} instead`;
  });
}

const SCOPES_EXPECTED = `a JSON object of scope (${SCOPE_EXPECTED}) → list of ${ROUTE_PATTERN_EXPECTED}`;
const TABLE_EXPECTED = 'the name or ARN of a DynamoDB table';

function parseTableName(text: string): string | undefined {
  return /^[a-zA-Z0-9_.:/-]{3,1024}$/.test(text) ? text : undefined;
}

const SHARE_EXPECTED = 'a decimal number from 0 to 1';

function parseShare(text: string): number | undefined {
  return /^(0(\.\d{1,20})?|1(\.0{1,20})?)$/.test(text) ? Number(text) : undefined;
}

function parsePrefix(text: string): string | undefined {
  return isKeyPrefix(text) ? text : undefined;
}

function parseSeconds(text: string, least: number, most: number): number | undefined {
  if (!/^(0|[1-9]\d{0,8})$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
