import { LatchkeyError } from '../../keys/errors.ts';
import { KEY_SOURCES_EXPECTED, type KeySourceSetting, parseKeySources } from '../../lambda/credentials.ts';
import { ROUTE_PATTERN_EXPECTED } from '../../lambda/routes.ts';
import type { ScopeMapping } from '../propChecks.ts';

/** What `npm run deploy -- -c OPTION=VALUE` says of the deployment. */
export interface AppContext {
  readonly stackName: string;
  readonly keySources?: readonly KeySourceSetting[];
  readonly scopes?: ScopeMapping;
}

const DEFAULT_STACK_NAME = 'LatchkeyStack';

const WANTED = {
  name: "a stack's name: a letter, then letters, digits and hyphens, at most 128 characters",
  keySources: KEY_SOURCES_EXPECTED,
  scopes: `a JSON object of scope → list of ${ROUTE_PATTERN_EXPECTED}`,
} as const;

/** What the CDK's own commands `acknowledge` and `cli-telemetry` keep in a context. */
const CDK_NAMES: ReadonlySet<string> = new Set(['acknowledged-issue-numbers', 'cli-telemetry']);

/**
 * Reads the app's own options among the CDK's context. Nearly all of the CDK's names have a colon or a slash; any other is an
 * option.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, value got, value wanted
 */
export function readAppContext(context: Readonly<Record<string, unknown>>): AppContext {
  const options = Object.keys(context).filter((name) => !/[:/]/.test(name) && !CDK_NAMES.has(name));
  const unknown = options.filter((name) => !(name in WANTED));
  const problems = unknown.map((name) => `${name}: got a value, wanted one of ${Object.keys(WANTED).join(', ')}`);
  const read = <T>(name: keyof typeof WANTED, parse: (value: unknown) => T | undefined): T | undefined => {
    const value = context[name];
    if (value === undefined) return undefined;
    const parsed = parse(value);
    if (parsed === undefined) problems.push(`${name}: got ${JSON.stringify(value)}, wanted ${WANTED[name]}`);
    return parsed;
  };
  const stackName = read('name', readStackName) ?? DEFAULT_STACK_NAME;
  const keySources = read('keySources', readKeySources);
  const scopes = read('scopes', readScopes);
  if (problems.length > 0) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  return { stackName, ...(keySources && { keySources }), ...(scopes && { scopes }) };
}

/** CloudFormation's own rule ("CreateStack", AWS CloudFormation API Reference). */
function readStackName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(value) ? value : undefined;
}

function readKeySources(value: unknown): readonly KeySourceSetting[] | undefined {
  const entries = typeof value === 'string' ? value.split(',') : [];
  return parseKeySources(entries) && entries.filter(isKeySourceSetting);
}

function isKeySourceSetting(entry: string): entry is KeySourceSetting {
  return parseKeySources([entry]) !== undefined;
}

/** That the patterns are good, and that there is room for them, is checked with the other settings. */
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
