import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import type { PublicRecord } from '../keys/record.ts';
import type { Decision } from './authorize.ts';
import { contextOf, denialContextOf, keyContextOf } from './context.ts';
import { deepFreeze } from './deepFreeze.ts';
import { stageArnOf } from './methodArn.ts';
import type { Plans } from './plans.ts';
import { AMBIGUOUS_ARN_ENDS, CONNECT, routeArnEnds, type RoutePattern } from './route.ts';
import type { Scopes } from './scopes.ts';
import { UNAUTHORIZED } from './surfaces/surface.ts';

/** Which routes a policy can name: those of a WebSocket API, or those of every other. */
export type PolicyRoutes = 'connect' | 'methods';

interface PolicyOptions {
  readonly scopes: Scopes;
  readonly routes: PolicyRoutes;
  /** Of an API that API Gateway limits by plans. */
  readonly plans?: Plans | undefined;
}

/**
 * The decision as an IAM policy. The gateway's cache reuses it on other routes, so the answer to an active key is the same
 * whichever route was asked for: every route of the stage, or every route of the key's scopes.
 */
export function policyOf(
  decision: Decision,
  methodArn: unknown,
  options: PolicyOptions,
): APIGatewayAuthorizerResult | typeof UNAUTHORIZED {
  if (decision.effect === 'unauthenticated') return UNAUTHORIZED;
  const stageArn = stageArnOf(methodArn) ?? '';
  if (decision.effect === 'deny' && decision.code !== 'INSUFFICIENT_SCOPE') {
    const principalId = decision.record?.id ?? 'anonymous';
    return { principalId, policyDocument: policyDocument('Deny', [`${stageArn}/*`]), context: contextOf(decision) };
  }
  return activeAnswer(decision.record, stageArn, options);
}

/** An answer to an active key, and what it was made of. */
interface MadeAnswer extends PolicyOptions {
  readonly stageArn: string;
  readonly answer: APIGatewayAuthorizerResult;
}

/** The last answer of each record, as long as somebody holds the record: the record cache above all. */
const LAST_ANSWERS = new WeakMap<PublicRecord, MadeAnswer>();

/** A function of the record, the stage and the deployment's settings: made once for them, and frozen. */
function activeAnswer(record: PublicRecord, stageArn: string, options: PolicyOptions): APIGatewayAuthorizerResult {
  const { scopes, routes, plans } = options;
  const last = LAST_ANSWERS.get(record);
  const isSame =
    last !== undefined &&
    last.stageArn === stageArn &&
    last.scopes === scopes &&
    last.routes === routes &&
    last.plans === plans;
  if (isSame) return last.answer;
  const answer = deepFreeze(makeActiveAnswer(record, stageArn, options));
  LAST_ANSWERS.set(record, { stageArn, scopes, routes, plans, answer });
  return answer;
}

/** The ARNs of what the patterns cover on such an API, each once. */
export function policyResources(
  stageArn: string,
  patterns: readonly RoutePattern[],
  routes: PolicyRoutes = 'methods',
): string[] {
  const ends = patterns.flatMap((pattern) => {
    if (typeof pattern === 'object') return routes === 'methods' ? routeArnEnds(pattern) : [];
    return routes === 'connect' && pattern === CONNECT ? [CONNECT] : [];
  });
  return [...new Set(ends)].map((end) => `${stageArn}/${end}`);
}

/** The account of serverless-offline, which takes a dot in a policy for any character. */
const SERVERLESS_OFFLINE = ':random-account-id:';

/**
 * The policy of a scoped key. API Gateway matches the wildcards, so beside one that could match `/orders/../admin` the policy
 * denies the paths that an integration may read as another path. It doesn't in serverless-offline, where that denies every path.
 */
export function scopedPolicyDocument(stageArn: string, resources: readonly string[]) {
  const { Version, Statement } = policyDocument('Allow', resources);
  const hasWildcard = resources.some((resource) => resource.includes('*'));
  if (!hasWildcard || stageArn.includes(SERVERLESS_OFFLINE)) return { Version, Statement };
  const ambiguous = AMBIGUOUS_ARN_ENDS.map((end) => `${stageArn}/${end}`);
  return { Version, Statement: [...Statement, ...policyDocument('Deny', ambiguous).Statement] };
}

/** A policy of one statement. A single resource stands alone, several in a list. */
function policyDocument(effect: 'Allow' | 'Deny', resources: readonly string[]) {
  const [single = '', ...others] = resources;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Action: 'execute-api:Invoke',
        Effect: effect,
        Resource: others.length === 0 ? single : [single, ...others],
      },
    ],
  };
}

/**
 * Of the key alone, whatever it is asked about. The error of a scoped key is there for the routes that the policy does not cover:
 * the gateway refuses those by itself.
 */
function makeActiveAnswer(
  record: PublicRecord,
  stageArn: string,
  { scopes, routes, plans }: PolicyOptions,
): APIGatewayAuthorizerResult {
  const { id: principalId } = record;
  const patterns = scopes.patternsOf(record);
  const keyContext = keyContextOf(record);
  const context = patterns === undefined ? keyContext : { ...keyContext, ...denialContextOf('INSUFFICIENT_SCOPE') };
  const everything = [`${stageArn}/*`];
  const resources = patterns === undefined ? everything : policyResources(stageArn, patterns, routes);
  if (resources.length === 0) return { principalId, policyDocument: policyDocument('Deny', everything), context };
  const usageIdentifierKey = plans?.identifierOf(record);
  return {
    principalId,
    policyDocument:
      patterns === undefined ? policyDocument('Allow', everything) : scopedPolicyDocument(stageArn, resources),
    context,
    ...(usageIdentifierKey === undefined ? {} : { usageIdentifierKey }),
  };
}
