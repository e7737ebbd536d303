import { LatchkeyError } from '../../keys/errors.ts';
import { KEY_SOURCES_EXPECTED, type KeySourceSetting, parseKeySources } from '../../lambda/keySources.ts';
import { ROUTE_PATTERN_EXPECTED } from '../../lambda/routes.ts';
import type { OwnerAccess } from '../keyManagementProps.ts';
import type { ScopeMapping } from '../propChecks.ts';

/** The options from `npm run deploy -- -c OPTION=VALUE`. */
export interface AppContext {
  readonly stackName: string;
  readonly keySources?: readonly KeySourceSetting[];
  readonly scopes?: ScopeMapping;
  readonly monitoring?: Monitoring;
  readonly accountLogRole?: boolean;
  readonly terminationProtection?: boolean;
  readonly owners?: OwnerAccess;
}

/** The extent of the sample's monitoring. */
export type Monitoring = 'none' | 'alarms' | 'dashboard';

const MONITORING: readonly Monitoring[] = ['none', 'alarms', 'dashboard'];

const DEFAULT_STACK_NAME = 'LatchkeyStack';

const EXPECTED = {
  name: "a stack's name: a letter, then letters, digits and hyphens, at most 128 characters",
  keySources: KEY_SOURCES_EXPECTED,
  scopes: `a JSON object of scope → list of ${ROUTE_PATTERN_EXPECTED}`,
  monitoring: 'none, alarms or dashboard (the alarms and a dashboard)',
  accountLogRole: 'true or false',
  terminationProtection: 'true or false',
  issuer: 'the https URL of the issuer of your customers’ tokens',
  audience: 'the audiences of these tokens, separated by commas',
  orgClaim: 'the claim with the id of a customer’s organisation',
} as const;

/** The context values of the CDK's own commands `acknowledge` and `cli-telemetry`. */
const CDK_NAMES: ReadonlySet<string> = new Set(['acknowledged-issue-numbers', 'cli-telemetry']);

/**
 * Reads the app's options from the CDK's context. Almost all context names of the CDK contain a colon or a slash. Every
 * other name is an option of the app.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with a list of every problem: option, expected value, actual value
 */
export function readAppContext(context: Readonly<Record<string, unknown>>): AppContext {
  const options = Object.keys(context).filter((name) => !/[:/]/.test(name) && !CDK_NAMES.has(name));
  const unknown = options.filter((name) => !(name in EXPECTED));
  const problems = unknown.map(
    (name) => `${name}: expected one of the options ${Object.keys(EXPECTED).join(', ')}, got an unknown option`,
  );
  const read = <T>(name: keyof typeof EXPECTED, parse: (value: unknown) => T | undefined): T | undefined => {
    const value = context[name];
    if (value === undefined) return undefined;
    const parsed = parse(value);
    if (parsed === undefined) problems.push(`${name}: expected ${EXPECTED[name]}, got ${JSON.stringify(value)}`);
    return parsed;
  };
  const stackName = read('name', readStackName) ?? DEFAULT_STACK_NAME;
  const settings = {
    keySources: read('keySources', readKeySources),
    scopes: read('scopes', readScopes),
    monitoring: read('monitoring', (value) => MONITORING.find((each) => each === value)),
    accountLogRole: read('accountLogRole', readFlag),
    terminationProtection: read('terminationProtection', readFlag),
    owners: toOwners({
      issuer: read('issuer', readText),
      audience: read('audience', readList),
      orgClaim: read('orgClaim', readText),
    }),
  };
  problems.push(...ownerProblems(context));
  if (problems.length > 0) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  return { stackName, ...withoutAbsent(settings) };
}

/** Returns one problem for each option that the others of owners need. */
function ownerProblems(context: Readonly<Record<string, unknown>>): readonly string[] {
  const given = (['issuer', 'audience', 'orgClaim'] as const).find((name) => context[name] !== undefined);
  const missing = (['issuer', 'audience'] as const).filter((name) => context[name] === undefined);
  if (given === undefined) return [];
  return missing.map((name) => `${name}: expected ${EXPECTED[name]}, because of ${given}, got nothing`);
}

/** Returns the tokens of owners, if their issuer and audience are known. The construct checks the values. */
function toOwners({ issuer, audience, orgClaim }: MaybeOwners): OwnerAccess | undefined {
  if (issuer === undefined || audience === undefined) return undefined;
  return { issuer, audience, ...(orgClaim !== undefined && { orgClaim }) };
}

type MaybeOwners = { readonly [Name in 'issuer' | 'audience' | 'orgClaim']: OwnerAccess[Name] | undefined };

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Omits absent options, because the stack's props don't accept `undefined`. */
function withoutAbsent<T extends object>(settings: T): Present<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** Reads a flag: text from the command line, or a JSON value from cdk.json. */
function readFlag(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

/** Checks CloudFormation's rule for stack names ("CreateStack", AWS CloudFormation API Reference). */
function readStackName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(value) ? value : undefined;
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readList(value: unknown): readonly string[] | undefined {
  return readText(value)?.split(',');
}

function readKeySources(value: unknown): readonly KeySourceSetting[] | undefined {
  const entries = typeof value === 'string' ? value.split(',') : [];
  return parseKeySources(entries) && entries.filter(isKeySourceSetting);
}

function isKeySourceSetting(entry: string): entry is KeySourceSetting {
  return parseKeySources([entry]) !== undefined;
}

/** Reads the scope mapping. The construct checks its patterns and their size. */
function readScopes(value: unknown): ScopeMapping | undefined {
  const mapping = typeof value === 'string' ? parseObject(value) : undefined;
  return mapping !== undefined && Object.values(mapping).every(isListOfTexts) ? mapping : undefined;
}

function parseObject(text: string): Record<string, string[]> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, string[]>) : undefined;
  } catch {
    return undefined;
  }
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
