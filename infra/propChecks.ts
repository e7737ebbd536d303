import { Token, TokenComparison } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { scopedPolicyDocument } from '../lambda/policy.ts';
import { methodArnEnds, parseRoutePattern, type RoutePattern } from '../lambda/routes.ts';

/**
 * Returns the error `CONFIG_INVALID` for a construct's props. The message contains the construct's path and every
 * problem, such as `Orders/Authorizer: keyPrefixes: expected …, got "SK_"`.
 */
export function propError(construct: IConstruct, ...problems: readonly string[]): LatchkeyError {
  return new LatchkeyError('CONFIG_INVALID', `${construct.node.path}: ${problems.join('; ')}`);
}

/**
 * Checks that an option has one of the expected values, because callers in JavaScript and through jsii may pass any
 * string.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if `expected` doesn't contain the value
 */
export function checkText(construct: IConstruct, option: string, value: string, expected: readonly string[]): void {
  if (expected.includes(value)) return;
  throw propError(construct, `${option}: expected ${expected.join(' or ')}, got ${JSON.stringify(value)}`);
}

/** A range of numbers that includes both ends. */
export interface NumberRange {
  readonly least: number;
  readonly most?: number;
}

/** Returns a problem if a number isn't whole or is out of range. `undefined` and tokens are valid. */
export function wholeNumberProblems(
  prop: string,
  value: number | undefined,
  { least, most = Infinity }: NumberRange,
): readonly string[] {
  if (!isKnown(value) || (Number.isInteger(value) && value >= least && value <= most)) return [];
  const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`;
  return [`${prop}: expected a whole number ${range}, got ${value}`];
}

/** Returns whether the synthesis can check a prop: its value is present and isn't a token. */
export function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value);
}

/**
 * Returns whether two Regions or accounts differ. It's `false` if one of them is a token, because the deployment may
 * resolve the token to the other value.
 */
export function isDifferent(one: string, other: string): boolean {
  return Token.compareStrings(one, other) === TokenComparison.DIFFERENT;
}

/**
 * Returns whether a value is a token, or an object or a list that contains one. CloudFormation resolves tokens at
 * deployment.
 */
export function containsToken(value: unknown): boolean {
  if (Token.isUnresolved(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, member]) => Token.isUnresolved(name) || containsToken(member));
}

/** Scope → patterns of the routes that it opens. */
export type ScopeMapping = { readonly [scope: string]: readonly string[] };

/** Maximum length of one `Resource` in a policy ("Output from an API Gateway Lambda authorizer"). */
const MAX_RESOURCE_CHARACTERS = 512;

/**
 * A policy length that is known to work. API Gateway documents 8 KB for an authorizer's result on WebSocket APIs. Their
 * policy contains only `$connect` and always fits (test/unit/lambda/policy.test.ts). AWS doesn't document a limit for
 * REST and HTTP APIs.
 */
const MAX_POLICY_CHARACTERS = 8192;

/**
 * The longest ARN of a stage. It contains AWS's longest partition and Region, an API id of 10 characters and a stage
 * name of 128.
 */
const LONGEST_STAGE_ARN = `arn:aws-us-gov:execute-api:us-isof-south-1:123456789012:a1b2c3d4e5/${'s'.repeat(128)}`;

/**
 * Returns one problem for each pattern that exceeds API Gateway's limit for a policy's `Resource`. The problem includes
 * the excess.
 */
export function resourceExcesses(mapping: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(mapping).flatMap(([scope, patterns]) =>
    patterns.flatMap((pattern) => resourceExcess(scope, pattern)),
  );
}

/** The longest list of IP addresses that a key can have. */
const LONGEST_RANGES = Array.from({ length: 20 }, () => `${'ffff:'.repeat(7)}ffff/127`);

/**
 * Returns a warning if the policy for a key with every scope is longer than 8 KB, otherwise `undefined`. A cached policy
 * also contains the key's `allowedIps`.
 */
export function policyExcess(
  allPatterns: readonly RoutePattern[],
  { isCached }: { readonly isCached: boolean },
): string | undefined {
  const arnEnds = methodArnEnds(allPatterns);
  const ranges = isCached ? LONGEST_RANGES : undefined;
  const characters = JSON.stringify(scopedPolicyDocument(LONGEST_STAGE_ARN, arnEnds, ranges)).length;
  if (characters <= MAX_POLICY_CHARACTERS) return undefined;
  return (
    `expected a policy of at most ${MAX_POLICY_CHARACTERS} characters, got ${arnEnds.length} resources: a key with every scope gets ` +
    `a policy of up to ${characters} characters. AWS documents no limit for REST and HTTP APIs, and Latchkey hasn't tried such a policy on a live ` +
    'account. To shorten it, map fewer routes, or cover several with one pattern that has a * in the path. The policy writes out ' +
    'a * for the method as every method'
  );
}

function resourceExcess(scope: string, text: string): string[] {
  const pattern = parseRoutePattern(text);
  if (pattern === undefined) return [];
  const characters = Math.max(0, ...methodArnEnds([pattern]).map((end) => `${LONGEST_STAGE_ARN}/${end}`.length));
  if (characters <= MAX_RESOURCE_CHARACTERS) return [];
  return [
    `expected at most ${MAX_RESOURCE_CHARACTERS} characters in a Resource, API Gateway's limit, got ${characters} from "${text}" of the ` +
      `scope "${scope}" with the longest stage name: ${characters - MAX_RESOURCE_CHARACTERS} too many. End the path earlier, with a *`,
  ];
}
