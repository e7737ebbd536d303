import { policyResources, scopedPolicyDocument } from '../lambda/policy.ts';
import { parseRoutePattern, type RoutePattern } from '../lambda/route.ts';

/** Which routes each scope opens, as props spell it: scope → patterns. */
export type ScopeMapping = Readonly<Record<string, readonly string[]>>;

/** Lambda quotas, "Environment variables": 4 KB for all of a function. */
const MAX_ENVIRONMENT_BYTES = 4096;

/** DynamoDB's limit. The table's own name is not known before the deployment. */
const LONGEST_TABLE_NAME = 'n'.repeat(255);

/** "Output from an API Gateway Lambda authorizer": the length of one `Resource` in a policy. */
const MAX_RESOURCE_CHARACTERS = 512;

/**
 * "Quotas for configuring and running a WebSocket API": 8 KB for an authorizer's result. AWS documents no such limit for REST
 * and HTTP APIs; theirs is not known to be higher, so this one is held for all.
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
export function environmentExcess(environment: Readonly<Record<string, string>>): string | undefined {
  const measured = JSON.stringify({ LATCHKEY_TABLE: LONGEST_TABLE_NAME, ...environment });
  const bytes = Buffer.byteLength(measured);
  if (bytes <= MAX_ENVIRONMENT_BYTES) return undefined;
  return (
    `got ${bytes} bytes of environment variables with every other prop and the longest table name, wanted at most ` +
    `${MAX_ENVIRONMENT_BYTES}, Lambda's limit: ${bytes - MAX_ENVIRONMENT_BYTES} too many. Make this prop shorter, which takes ` +
    'the most of them'
  );
}

/** What of a mapping no policy could say to API Gateway, and by how much. */
export function policyExcesses(mapping: ScopeMapping, allPatterns: readonly RoutePattern[]): string[] {
  const tooLong = Object.entries(mapping).flatMap(([scope, patterns]) =>
    patterns.flatMap((pattern) => resourceExcess(scope, pattern)),
  );
  // The policy for a WebSocket API names $connect alone.
  const resources = policyResources(LONGEST_STAGE_ARN, allPatterns);
  const characters = JSON.stringify(scopedPolicyDocument(LONGEST_STAGE_ARN, resources)).length;
  if (characters <= MAX_POLICY_CHARACTERS) return tooLong;
  const tooBig =
    `got ${resources.length} resources, for a key of every scope a policy of ${characters} characters in a stage of the longest ` +
    `name, wanted at most ${MAX_POLICY_CHARACTERS}, which API Gateway documents for WebSocket APIs and Latchkey holds for all: ` +
    `${characters - MAX_POLICY_CHARACTERS} too many. Map fewer routes, or cover several by one pattern with a * in the path; ` +
    'a * for the method is written out as every method';
  return [...tooLong, tooBig];
}

function resourceExcess(scope: string, text: string): string[] {
  const pattern = parseRoutePattern(text);
  if (pattern === undefined) return [];
  const characters = Math.max(0, ...policyResources(LONGEST_STAGE_ARN, [pattern]).map(({ length }) => length));
  if (characters <= MAX_RESOURCE_CHARACTERS) return [];
  return [
    `got "${text}" of the scope "${scope}", a Resource of ${characters} characters in a stage of the longest name, wanted at most ` +
      `${MAX_RESOURCE_CHARACTERS}, API Gateway's limit: ${characters - MAX_RESOURCE_CHARACTERS} too many. ` +
      'End the path earlier, with a *',
  ];
}
