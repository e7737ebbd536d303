import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import type { PublicRecord } from '../keys/record.ts';
import type { Decision, DenyCode } from './authorize.ts';
import type { Plans } from './plans.ts';
import { AMBIGUOUS_ARN_ENDS, CONNECT, routeArnEnds, type RoutePattern, stageArnOf } from './routes.ts';
import type { Scopes } from './scopes.ts';

/** Tells the handler to throw `Unauthorized`, which API Gateway answers with 401. */
export const UNAUTHORIZED = Symbol('Unauthorized');

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

/** What the integration, the gateway's responses and its access log get to know. */
export type AuthorizerContext = Record<string, string>;

const DENIAL_CONTEXTS: Readonly<Record<DenyCode, AuthorizerContext>> = {
  INVALID_KEY: denial('INVALID_KEY', 'Invalid API key.'),
  KEY_EXPIRED: denial('KEY_EXPIRED', 'This API key has expired.'),
  KEY_DISABLED: denial('KEY_DISABLED', 'This API key is disabled.'),
  KEY_REVOKED: denial('KEY_REVOKED', 'This API key has been revoked.'),
  INSUFFICIENT_SCOPE: denial('INSUFFICIENT_SCOPE', 'This API key may not use this route.'),
};

/** As long as somebody holds the record, the record cache above all: metadata is not written as JSON on every request. */
const KEY_CONTEXTS = new WeakMap<PublicRecord, AuthorizerContext>();

/** The context of a decision: strings only, as REST wants them, and nothing for what the record lacks. */
export function contextOf(decision: Exclude<Decision, { effect: 'unauthenticated' }>): AuthorizerContext {
  return decision.effect === 'allow' ? keyContextOf(decision.record) : denialContextOf(decision.code);
}

/** What a refused caller is told: one frozen object for all of them. */
export function denialContextOf(errorCode: DenyCode): AuthorizerContext {
  return DENIAL_CONTEXTS[errorCode];
}

/** What is told of an active key: made once for a record, and frozen. */
export function keyContextOf(record: PublicRecord): AuthorizerContext {
  const made = KEY_CONTEXTS.get(record);
  if (made !== undefined) return made;
  const context = Object.freeze(makeKeyContext(record));
  KEY_CONTEXTS.set(record, context);
  return context;
}

function makeKeyContext(record: PublicRecord): AuthorizerContext {
  const { id, keyPrefix, label, owner, scopes, plan, metadata, expiresAt } = record;
  return {
    keyId: id,
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: scopes.join(' ') }),
    ...(plan === undefined ? {} : { plan }),
    ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function denial(errorCode: DenyCode, errorMessage: string): AuthorizerContext {
  return Object.freeze({ errorCode, errorMessage });
}

/** The value, which from now on nobody can change: for an answer that requests share. It holds no cycle. */
export function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) deepFreeze(member);
  return Object.freeze(value);
}
