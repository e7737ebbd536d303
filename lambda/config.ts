import { LatchkeyError } from '../keys/errors.ts';
import { DEFAULT_KEY_PREFIX, isKeyPrefix, type KeyFormat } from '../keys/secret.ts';

/** Where a request may carry its key. Header names are in lower case. */
export type KeySource =
  | { readonly kind: 'bearer' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string };

/** What a payload-2.0 event is answered with. */
export type HttpApiResponse = 'iam' | 'simple';

/** The function's settings, read once at cold start. */
export interface Config {
  readonly tableName: string;
  readonly keyFormat: KeyFormat;
  /** In order of preference. */
  readonly keySources: readonly KeySource[];
  readonly usageWriteSeconds: number;
  readonly recordCacheSeconds: number;
  readonly staleIfErrorSeconds: number;
  readonly httpApiResponse: HttpApiResponse;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_SECONDS = 365 * 24 * 3600;
/** RFC 9110 §5.6.2: what a header's name is made of. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const QUERY_NAME = /^[!-+\--~]+$/;

/**
 * Reads the `LATCHKEY_…` variables.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with every problem in its message: variable, value got, value wanted
 */
export function readConfig(environment: Environment): Config {
  const problems: string[] = [];
  const read = <T>(name: string, fallback: T, wanted: string, parse: (text: string) => T | undefined): T => {
    const text = environment[name];
    if (text === undefined) return fallback;
    const value = parse(text);
    if (value === undefined) problems.push(`${name}: got ${JSON.stringify(text)}, wanted ${wanted}`);
    return value ?? fallback;
  };
  const seconds = (name: string, fallback: number, least: number) =>
    read(name, fallback, `whole seconds from ${least} to ${MAX_SECONDS}`, (text) => parseSeconds(text, least));
  const oneOf = <T extends string>(name: string, fallback: T, choices: readonly T[]) =>
    read(name, fallback, choices.join(' or '), (text) => choices.find((choice) => choice === text));

  const tableName = read('LATCHKEY_TABLE', '', TABLE_WANTED, parseTableName);
  if (environment['LATCHKEY_TABLE'] === undefined) problems.push(`LATCHKEY_TABLE: got nothing, wanted ${TABLE_WANTED}`);
  const config: Config = {
    tableName,
    keyFormat: Object.freeze({
      prefix: read('LATCHKEY_KEY_PREFIX', DEFAULT_KEY_PREFIX, PREFIX_WANTED, parsePrefix),
      acceptForeignKeys: oneOf('LATCHKEY_ACCEPT_FOREIGN_KEYS', 'false', ['true', 'false']) === 'true',
    }),
    keySources: read('LATCHKEY_KEY_SOURCES', DEFAULT_SOURCES, SOURCES_WANTED, parseKeySources),
    usageWriteSeconds: seconds('LATCHKEY_USAGE_WRITE_SECONDS', 900, 1),
    recordCacheSeconds: seconds('LATCHKEY_RECORD_CACHE_SECONDS', 60, 0),
    staleIfErrorSeconds: seconds('LATCHKEY_STALE_IF_ERROR_SECONDS', 0, 0),
    httpApiResponse: oneOf('LATCHKEY_HTTP_API_RESPONSE', 'iam', ['iam', 'simple']),
  };
  if (problems.length > 0) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  return Object.freeze(config);
}

const TABLE_WANTED = 'the name or ARN of a DynamoDB table';
const PREFIX_WANTED = 'a lower-case letter, then letters or digits, then an underscore, at most 16 characters';
const SOURCES_WANTED = 'a list of bearer, header:NAME and query:NAME, separated by commas, none of them twice';
const DEFAULT_SOURCES = freezeSources([{ kind: 'bearer' }, { kind: 'query', name: 'api_key' }]);

function parseTableName(text: string): string | undefined {
  return /^[a-zA-Z0-9_.:/-]{3,1024}$/.test(text) ? text : undefined;
}

function parsePrefix(text: string): string | undefined {
  return isKeyPrefix(text) ? text : undefined;
}

function parseSeconds(text: string, least: number): number | undefined {
  if (!/^(0|[1-9]\d{0,8})$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= MAX_SECONDS ? value : undefined;
}

function parseKeySources(text: string): readonly KeySource[] | undefined {
  const sources: KeySource[] = [];
  for (const entry of text.split(',')) {
    const source = parseKeySource(entry);
    if (source === undefined) return undefined;
    sources.push(source);
  }
  const distinct = new Set(sources.map((source) => JSON.stringify(source)));
  return distinct.size === sources.length ? freezeSources(sources) : undefined;
}

function parseKeySource(entry: string): KeySource | undefined {
  if (entry === 'bearer') return { kind: 'bearer' };
  const [, kind, name = ''] = /^(header|query):(.+)$/.exec(entry) ?? [];
  if (kind === 'header' && HEADER_NAME.test(name)) return { kind, name: name.toLowerCase() };
  if (kind === 'query' && QUERY_NAME.test(name)) return { kind, name };
  return undefined;
}

function freezeSources(sources: KeySource[]): readonly KeySource[] {
  return Object.freeze(sources.map((source) => Object.freeze(source)));
}
