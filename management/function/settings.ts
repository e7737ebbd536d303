import { LatchkeyError } from '../../keys/errors.ts';
import { isPlanName, PLAN_EXPECTED, show } from '../../keys/fields.ts';
import { isScope, SCOPE_EXPECTED } from '../../keys/scope.ts';
import { type Config, readConfig } from '../../lambda/config.ts';
import { isLoopback } from '../loopback.ts';
import type { OwnerRules } from '../ownerRules.ts';

/** How owners sign in by JWT, and what they may do. */
export interface OwnerSettings {
  readonly rules: OwnerRules;
  /** The claim with the user's id. */
  readonly ownerClaim: string;
  /** The claim with the organisation that owns the keys. Without it, each user owns their keys. */
  readonly orgClaim: string | undefined;
}

/** The hosted page, and what the owners who use it may do. */
export interface PortalSettings {
  readonly rules: OwnerRules;
  readonly name: string;
  readonly logoUrl: string | undefined;
  readonly accentColor: string | undefined;
  readonly returnOrigins: readonly string[];
  /** The URL of the API as browsers reach it, if it isn't the API's own, such as behind CloudFront. */
  readonly url: string | undefined;
}

/** The rate of an owner's requests. */
export interface OwnerRate {
  /** The average number of requests per second. */
  readonly rateLimit: number;
  readonly burstLimit: number;
}

/** The settings of the function. */
export interface ManagementSettings {
  /** The settings of the authorizer, which `POST /keys/verify` uses. */
  readonly config: Config;
  /** The name or the ARN of the state table. */
  readonly stateTable: string;
  /** The name or the ARN of the usage table, if usage is stored. */
  readonly usageTable: string | undefined;
  /** Whether the function serves the paths of operators. */
  readonly operators: boolean;
  readonly owners: OwnerSettings | undefined;
  readonly portal: PortalSettings | undefined;
  /** The rate of each owner's requests. Without it, their requests aren't limited. */
  readonly rateLimit: OwnerRate | undefined;
  /** The time after which a revoked key is refused everywhere, in seconds, if it's known. */
  readonly revocationDelaySeconds: number | undefined;
}

/** The environment variables that only this function has. It also has the authorizer's own. */
export const MANAGEMENT_VARIABLES = {
  stateTable: 'LATCHKEY_STATE_TABLE',
  usageTable: 'LATCHKEY_USAGE_TABLE',
  management: 'LATCHKEY_MANAGEMENT',
} as const;

/** The number of keys that an owner may have by default. */
export const DEFAULT_KEYS_PER_OWNER = 20;
/** The highest `maxKeysPerOwner`. Each new key of an owner reads all of them. */
export const MOST_KEYS_PER_OWNER = 1000;
const DEFAULT_OWNER_CLAIM = 'sub';
/** Ten years, the longest grace period of a rotation. */
const MOST_LIFETIME_SECONDS = 3650 * 86_400;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment variables, which only the construct sets.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: variable, expected format, actual value
 */
export function readManagementSettings(environment: Environment): ManagementSettings {
  const problems: string[] = [];
  const config = readAuthorizerConfig(environment, problems);
  const stateTable = readTable(environment, MANAGEMENT_VARIABLES.stateTable, problems);
  const usageTable =
    environment[MANAGEMENT_VARIABLES.usageTable] === undefined
      ? undefined
      : readTable(environment, MANAGEMENT_VARIABLES.usageTable, problems);
  const { management: variable } = MANAGEMENT_VARIABLES;
  const management = new Fields(variable, parseJson(environment[variable]), problems);
  const settings = {
    operators: management.read('operators', BOOLEAN) ?? true,
    owners: readOwners(management.section('owners')),
    portal: readPortal(management.section('portal')),
    rateLimit: readRate(management.section('rateLimit')),
    revocationDelaySeconds: management.read('revocationDelaySeconds', SECONDS),
  };
  management.end();
  if (settings.rateLimit !== undefined && config !== undefined && config.limitsTable === undefined) {
    problems.push(
      'LATCHKEY_LIMITS_TABLE: expected the name or ARN of a DynamoDB table, because owners have a rate limit',
    );
  }
  if (problems.length > 0 || config === undefined) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  return { config, stateTable, usageTable, ...settings };
}

/** Reads the authorizer's own variables. Its parser rejects the variables that it doesn't know. */
function readAuthorizerConfig(environment: Environment, problems: string[]): Config | undefined {
  const own = new Set<string>(Object.values(MANAGEMENT_VARIABLES));
  try {
    return readConfig(Object.fromEntries(Object.entries(environment).filter(([name]) => !own.has(name))));
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

function readTable(environment: Environment, variable: string, problems: string[]): string {
  const text = environment[variable];
  if (text !== undefined && /^[a-zA-Z0-9_.:/-]{3,1024}$/.test(text)) return text;
  problems.push(`${variable}: expected the name or ARN of a DynamoDB table, got ${show(text)}`);
  return '';
}

function readOwners(fields: Fields | undefined): OwnerSettings | undefined {
  if (fields === undefined) return undefined;
  const owners = {
    rules: readRules(fields),
    ownerClaim: fields.read('ownerClaim', CLAIM) ?? DEFAULT_OWNER_CLAIM,
    orgClaim: fields.read('orgClaim', CLAIM),
  };
  fields.end();
  return owners;
}

function readPortal(fields: Fields | undefined): PortalSettings | undefined {
  if (fields === undefined) return undefined;
  const portal = {
    rules: readRules(fields),
    name: fields.read('name', NAME, 'required') ?? '',
    logoUrl: fields.read('logoUrl', HTTPS_URL),
    accentColor: fields.read('accentColor', COLOR),
    returnOrigins: fields.read('returnOrigins', ORIGINS, 'required') ?? [],
    url: fields.read('url', BASE_URL),
  };
  fields.end();
  return portal;
}

function readRules(fields: Fields): OwnerRules {
  const scopes = fields.read('scopes', SCOPES);
  const plans = fields.read('plans', PLAN_NAMES);
  const maxLifetimeSeconds = fields.read('maxLifetimeSeconds', LIFETIME);
  return {
    ...(scopes === undefined ? {} : { scopes }),
    ...(plans === undefined ? {} : { plans }),
    ...(maxLifetimeSeconds === undefined ? {} : { maxLifetimeSeconds }),
    maxKeysPerOwner: fields.read('maxKeysPerOwner', KEY_COUNT) ?? DEFAULT_KEYS_PER_OWNER,
  };
}

function readRate(fields: Fields | undefined): OwnerRate | undefined {
  if (fields === undefined) return undefined;
  const rateLimit = fields.read('rateLimit', RATE, 'required') ?? 0;
  const burstLimit = fields.read('burstLimit', COUNT, 'required') ?? 0;
  fields.end();
  return { rateLimit, burstLimit };
}

/** A valid value of a field. */
interface Expected<T> {
  readonly expected: string;
  readonly isValid: (value: unknown) => value is T;
}

const BOOLEAN: Expected<boolean> = { expected: 'true or false', isValid: (value) => typeof value === 'boolean' };
const CLAIM = text('the name of a claim', (value) => /^[\x21-\x7e]{1,256}$/.test(value));
const NAME = text('1 to 100 characters', (value) => value.trim() !== '' && value.length <= 100);
const HTTPS_URL = text('an https URL', (value) => URL.canParse(value) && new URL(value).protocol === 'https:');
const BASE_URL = text('an https URL without a query or a slash at its end', isBaseUrl);
const COLOR = text('a colour such as #0b6e4f', (value) => /^#[0-9a-f]{6}$/i.test(value));
const SCOPES = list(`a list of different scopes ${SCOPE_EXPECTED}`, isScope);
const PLAN_NAMES = list(`a list of one or more different plans, each ${PLAN_EXPECTED}`, isPlanName, 1);
const ORIGINS = list('a list of origins with https, such as https://app.example.com', isReturnOrigin, 1);
const SECONDS = number('whole seconds from 0', 0, Number.MAX_SAFE_INTEGER);
const LIFETIME = number(`whole seconds from 1 to ${MOST_LIFETIME_SECONDS}`, 1, MOST_LIFETIME_SECONDS);
const KEY_COUNT = number(`a whole number from 1 to ${MOST_KEYS_PER_OWNER}`, 1, MOST_KEYS_PER_OWNER);
const COUNT = number('a whole number above 0', 1, Number.MAX_SAFE_INTEGER);
const RATE: Expected<number> = {
  expected: 'a number above 0',
  isValid: (value): value is number => typeof value === 'number' && value > 0 && Number.isFinite(value),
};

function text(expected: string, fits: (value: string) => boolean): Expected<string> {
  return { expected, isValid: (value): value is string => typeof value === 'string' && fits(value) };
}

function list(expected: string, fits: (value: unknown) => boolean, least = 0): Expected<readonly string[]> {
  return {
    expected,
    isValid: (value): value is readonly string[] =>
      Array.isArray(value) && value.length >= least && value.every(fits) && new Set(value).size === value.length,
  };
}

function number(expected: string, least: number, most: number): Expected<number> {
  return {
    expected,
    isValid: (value): value is number => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  };
}

function isBaseUrl(value: string): boolean {
  return /^https:\/\/[^\s?#@]*[^\s?#@/]$/.test(value) && URL.canParse(value);
}

/** Without TLS, only a host name of this machine is safe. */
function isReturnOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { origin, protocol, hostname } = new URL(value);
  return origin === value && (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)));
}

/** Reads the fields of a JSON object, and reports each problem with the path of its field. */
class Fields {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #problems: string[];
  readonly #known = new Set<string>();

  constructor(path: string, value: unknown, problems: string[]) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) problems.push(`${path}: expected a JSON object, got ${show(value)}`);
    this.#path = path;
    this.#values = isObject ? { ...value } : {};
    this.#problems = problems;
  }

  /** Returns the field's value. Returns `undefined` if the field is absent, or if it was reported. */
  read<T>(name: string, { expected, isValid }: Expected<T>, isRequired?: 'required'): T | undefined {
    this.#known.add(name);
    const value = this.#values[name];
    if (value === undefined && isRequired === undefined) return undefined;
    if (isValid(value)) return value;
    this.#problems.push(`${this.#path}.${name}: expected ${expected}, got ${show(value)}`);
    return undefined;
  }

  /** Returns the fields of an object in this one, or `undefined` if it's absent. */
  section(name: string): Fields | undefined {
    this.#known.add(name);
    const value = this.#values[name];
    return value === undefined ? undefined : new Fields(`${this.#path}.${name}`, value, this.#problems);
  }

  /** Reports every field that nothing has read. */
  end(): void {
    const unknown = Object.keys(this.#values).filter((name) => !this.#known.has(name));
    this.#problems.push(...unknown.map((name) => `${this.#path}.${name}: unknown field`));
  }
}

/** Returns the value of a JSON text, or the text if it isn't JSON. */
function parseJson(value: string | undefined): unknown {
  try {
    return JSON.parse(value ?? '');
  } catch {
    return value;
  }
}
