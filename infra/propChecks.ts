import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { scopedPolicyDocument } from '../lambda/policy.ts';
import { methodArnEnds, parseRoutePattern, type RoutePattern } from '../lambda/routes.ts';

/**
 * Returns the error that a construct throws about its props: `CONFIG_INVALID`, with the construct's path and every problem in the
 * message, as in `Orders/Authorizer: keyPrefix: got "SK_", wanted …`.
 */
export function propError(construct: IConstruct, ...problems: readonly string[]): LatchkeyError {
  return new LatchkeyError('CONFIG_INVALID', `${construct.node.path}: ${problems.join('; ')}`);
}

/** The range of a number, both ends included. */
export interface NumberRange {
  readonly least: number;
  readonly most?: number;
}

/** Returns the problem of a number that isn't whole or is out of range. `undefined` and a token have no problem. */
export function wholeNumberProblems(
  prop: string,
  value: number | undefined,
  { least, most = Infinity }: NumberRange,
): readonly string[] {
  if (!isKnown(value) || (Number.isInteger(value) && value >= least && value <= most)) return [];
  const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`;
  return [`${prop}: got ${value}, wanted a whole number ${range}`];
}

/** Whether a prop has a value that can be checked: one is given, and it isn't a token that CloudFormation resolves later. */
export function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value);
}

/** Whether a value is a token that CloudFormation resolves later, or an object or a list that holds one. */
export function holdsToken(value: unknown): boolean {
  if (Token.isUnresolved(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, member]) => Token.isUnresolved(name) || holdsToken(member));
}

/** Which routes each scope opens, as props spell it: scope → patterns. */
export type ScopeMapping = Readonly<Record<string, readonly string[]>>;

/** Lambda quotas, "Environment variables": 4 KB for all of a function. */
const MAX_ENVIRONMENT_BYTES = 4096;

/** The longest name that DynamoDB allows, alone and in an ARN. Only the deployment knows the table's own name. */
const LONGEST_TABLE = {
  name: 'n'.repeat(255),
  arn: `arn:aws-us-gov:dynamodb:us-isof-south-1:123456789012:table/${'n'.repeat(255)}`,
} as const;

/** "Output from an API Gateway Lambda authorizer": the length of one `Resource` in a policy. */
const MAX_RESOURCE_CHARACTERS = 512;

/**
 * A policy length that works. API Gateway documents 8 KB for an authorizer's result on WebSocket APIs, whose policy names only
 * `$connect` and always fits (test/unit/lambda/policy.test.ts). AWS documents no limit for REST and HTTP APIs.
 */
const MAX_POLICY_CHARACTERS = 8192;

/**
 * No stage's ARN is longer: partition and Region are the longest that AWS has, accounts have 12 digits, API Gateway's ids 10
 * characters, and a stage's name at most 128.
 */
const LONGEST_STAGE_ARN = `arn:aws-us-gov:execute-api:us-isof-south-1:123456789012:a1b2c3d4e5/${'s'.repeat(128)}`;

/**
 * By how much the function's variables are too big for Lambda, or `undefined`. Lambda measures them as one JSON object, in
 * which every quote of a value counts twice: the error that it refuses them with shows the text that it measured.
 */
export function environmentExcess(
  environment: Readonly<Record<string, string>>,
  tableReference: 'name' | 'arn',
): string | undefined {
  const measured = JSON.stringify({ LATCHKEY_TABLE: LONGEST_TABLE[tableReference], ...environment });
  const bytes = Buffer.byteLength(measured);
  if (bytes <= MAX_ENVIRONMENT_BYTES) return undefined;
  return (
    `got ${bytes} bytes of environment variables with every other prop and the longest table ${tableReference}, wanted at most ` +
    `${MAX_ENVIRONMENT_BYTES}, Lambda's limit: ${bytes - MAX_ENVIRONMENT_BYTES} too many. Make this prop shorter, which takes ` +
    'the most of them'
  );
}

/** Returns one problem for each pattern that is longer than API Gateway allows for a policy's `Resource`, with the excess. */
export function resourceExcesses(mapping: ScopeMapping): string[] {
  return Object.entries(mapping).flatMap(([scope, patterns]) =>
    patterns.flatMap((pattern) => resourceExcess(scope, pattern)),
  );
}

/** Returns a warning if the policy for a key with every scope is longer than 8 KB on REST and HTTP APIs, or `undefined`. */
export function policyExcess(allPatterns: readonly RoutePattern[]): string | undefined {
  const arnEnds = methodArnEnds(allPatterns);
  const characters = JSON.stringify(scopedPolicyDocument(LONGEST_STAGE_ARN, arnEnds)).length;
  if (characters <= MAX_POLICY_CHARACTERS) return undefined;
  return (
    `got ${arnEnds.length} resources: a key of every scope gets a policy of up to ${characters} characters, more than ` +
    `${MAX_POLICY_CHARACTERS}. AWS documents no limit for REST and HTTP APIs, and Latchkey hasn't tried such a policy on a live ` +
    'account. To make it shorter, map fewer routes, or cover several by one pattern with a * in the path; a * for the method is ' +
    'written out as every method'
  );
}

function resourceExcess(scope: string, text: string): string[] {
  const pattern = parseRoutePattern(text);
  if (pattern === undefined) return [];
  const characters = Math.max(0, ...methodArnEnds([pattern]).map((end) => `${LONGEST_STAGE_ARN}/${end}`.length));
  if (characters <= MAX_RESOURCE_CHARACTERS) return [];
  return [
    `got "${text}" of the scope "${scope}", a Resource of ${characters} characters in a stage of the longest name, wanted at most ` +
      `${MAX_RESOURCE_CHARACTERS}, API Gateway's limit: ${characters - MAX_RESOURCE_CHARACTERS} too many. ` +
      'End the path earlier, with a *',
  ];
}
