import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import { type AllowedLimit, type DenyCode, type KeyDecision, type LimitRefusal, NOT_ALLOWED } from './authorize.ts';
import type { AuthorizerContext } from './cachedKey.ts';
import type { LimitState } from './limiter.ts';
import { AMBIGUOUS_ARN_ENDS, getStageArn, type MethodArn } from './routes.ts';

type PolicyDocument = APIGatewayAuthorizerResult['policyDocument'];

/** The result that makes the handler throw `Unauthorized`. API Gateway then responds with 401. */
export const UNAUTHORIZED = Symbol('Unauthorized');

/**
 * The API type that a policy is for. HTTP APIs don't have usage plans. Only WebSocket APIs have the route `$connect`.
 */
export type PolicyApi = 'rest' | 'http' | 'websocket';

/** The settings of a policy. */
export interface PolicyOptions {
  /** The value by which API Gateway counts the request, if it isn't the plan's. */
  readonly ownIdentifier?: string | undefined;
  /** `true` if the gateway reuses the policy for other requests with the key. */
  readonly isCached?: boolean;
}

/**
 * Returns the decision as an IAM policy. The gateway reuses a cached policy for other routes. The policy of an active
 * key therefore doesn't depend on the requested route. It allows every route of the stage, or every route of the key's
 * scopes. Only a key that the authorizer limits has no cached policy, so it gets a denial outside its scopes. API Gateway counts the request by `ownIdentifier` if it's present, otherwise by the key's plan.
 */
export function toPolicy(
  decision: KeyDecision,
  methodArn: MethodArn,
  api: PolicyApi,
  options: PolicyOptions = {},
): APIGatewayAuthorizerResult | typeof UNAUTHORIZED {
  if (decision.effect === 'unauthenticated') return UNAUTHORIZED;
  const stageArn = getStageArn(methodArn);
  if (decision.effect === 'allow' || holdsForOthers(decision, options)) {
    const answer = activeAnswer(decision, stageArn, api, options);
    if (decision.effect === 'deny') {
      // The policy may match a path that the function refuses, such as one with a space. It would pass without a count.
      return decision.key.limitSubject === undefined ? answer : { ...answer, policyDocument: deny(stageArn) };
    }
    if (decision.limit === undefined) return answer;
    return { ...answer, context: { ...answer.context, ...toLimitContext(decision.limit) } };
  }
  const principalId = decision.key?.record.id ?? 'anonymous';
  return { principalId, policyDocument: deny(stageArn), context: getContext(decision) };
}

/** A decision on an active key that doesn't hold for all of its requests. */
type ActiveDecision = Extract<KeyDecision, { effect: 'allow' }> | ActiveDenial;
type ActiveDenial = Extract<KeyDecision, { code: 'INSUFFICIENT_SCOPE' | 'IP_FORBIDDEN' }>;

/**
 * Returns whether the response to a denied request must fit the key's other requests. The gateway would reuse a denial
 * of another address: anyone with a stolen key could then lock out its owner.
 */
function holdsForOthers(
  decision: KeyDecision & { readonly effect: 'deny' },
  { isCached }: PolicyOptions,
): decision is ActiveDenial {
  if (decision.code === 'IP_FORBIDDEN') return isCached === true && decision.address === NOT_ALLOWED;
  return decision.code === 'INSUFFICIENT_SCOPE';
}

/**
 * Returns the policy and context of an active key. They depend only on the key, the stage, the API type and the cache. A
 * scoped key's context includes an error. The gateway uses it when it rejects a route outside the policy. So does the
 * context of a key with `allowedIps` if the gateway caches the policy.
 */
function activeAnswer(
  decision: ActiveDecision,
  stageArn: string,
  api: PolicyApi,
  { ownIdentifier, isCached = false }: PolicyOptions,
): APIGatewayAuthorizerResult {
  const { key } = decision;
  const { scopes } = key;
  const principalId = key.record.id;
  const ranges = isCached ? key.allowedIps?.ranges : undefined;
  const ends = api === 'websocket' ? scopes?.connectArnEnds : scopes?.methodArnEnds;
  const context = activeContext(decision, ranges);
  if (ends?.length === 0 || ranges?.length === 0) return { principalId, policyDocument: deny(stageArn), context };
  const policyDocument =
    ends === undefined ? allow([`${stageArn}/*`], ranges) : scopedPolicyDocument(stageArn, ends, ranges);
  const answer = { principalId, policyDocument, context };
  const usageIdentifierKey = ownIdentifier ?? key.usageIdentifierKey;
  return api === 'http' || usageIdentifierKey === undefined ? answer : { ...answer, usageIdentifierKey };
}

/** Returns the context, with the error that the gateway may need: this request's, or the likelier one. */
function activeContext(decision: ActiveDecision, ranges: readonly string[] | undefined): AuthorizerContext {
  const { context, scopes } = decision.key;
  const likely = scopes === undefined ? ranges && 'IP_FORBIDDEN' : 'INSUFFICIENT_SCOPE';
  const code = decision.effect === 'deny' ? decision.code : likely;
  return code === undefined ? context : { ...context, ...getDenialContext(code) };
}

/** The account id in ARNs of serverless-offline, which treats a dot in a policy as a wildcard for one character. */
const SERVERLESS_OFFLINE = ':random-account-id:';

/**
 * Returns the policy of a scoped key. `arnEnds` are the ends of ARNs after the stage. `ranges` limit the client's
 * address. API Gateway matches the wildcards, one of which could match `/orders/../admin`. The policy therefore denies
 * paths that an integration may read as another path. It omits this statement in serverless-offline, because the
 * statement would deny every path there.
 */
export function scopedPolicyDocument(
  stageArn: string,
  arnEnds: readonly string[],
  ranges?: readonly string[],
): PolicyDocument {
  const { Version, Statement } = allow(
    arnEnds.map((end) => `${stageArn}/${end}`),
    ranges,
  );
  const hasWildcard = arnEnds.some((end) => end.includes('*'));
  if (!hasWildcard || stageArn.includes(SERVERLESS_OFFLINE)) return { Version, Statement };
  const ambiguous = AMBIGUOUS_ARN_ENDS.map((end) => `${stageArn}/${end}`);
  return { Version, Statement: [...Statement, toStatement('Deny', ambiguous)] };
}

/** Returns a policy that allows the resources. API Gateway compares the address of each request with `ranges`. */
function allow(resources: readonly string[], ranges?: readonly string[]): PolicyDocument {
  const statement = toStatement('Allow', resources);
  const condition = ranges && { IpAddress: { 'aws:SourceIp': [...ranges] } };
  return toDocument(condition === undefined ? statement : { ...statement, Condition: condition });
}

function deny(stageArn: string): PolicyDocument {
  return toDocument(toStatement('Deny', [`${stageArn}/*`]));
}

function toDocument(statement: PolicyDocument['Statement'][number]): PolicyDocument {
  return { Version: '2012-10-17', Statement: [statement] };
}

/** Returns a statement. Its resource is a list, or a string if there is only one. */
function toStatement(effect: 'Allow' | 'Deny', resources: readonly string[]) {
  const [resource = ''] = resources;
  return {
    Action: 'execute-api:Invoke',
    Effect: effect,
    Resource: resources.length === 1 ? resource : [...resources],
  };
}

/** Returns the context of a decision. */
export function getContext(decision: Exclude<KeyDecision, { effect: 'unauthenticated' }>): AuthorizerContext {
  if (decision.effect === 'allow') {
    const { key, limit } = decision;
    return limit === undefined ? key.context : { ...key.context, ...toLimitContext(limit) };
  }
  const context = getDenialContext(decision.code);
  return 'limit' in decision ? { ...context, ...toRefusalContext(decision.limit) } : context;
}

function toLimitContext({ state, limited }: AllowedLimit): AuthorizerContext {
  if (limited === undefined) return state === undefined ? {} : toStateContext(state);
  return { limited: 'true', ...getDenialContext(limited.code), ...toRefusalContext(limited) };
}

function toRefusalContext({ retryAfterSeconds, state }: LimitRefusal): AuthorizerContext {
  return { retryAfterSeconds: String(retryAfterSeconds), ...toStateContext(state) };
}

function toStateContext({ remaining, resetSeconds }: LimitState): AuthorizerContext {
  return { limitRemaining: String(remaining), limitResetSeconds: String(resetSeconds) };
}

const DENIAL_MESSAGES: Readonly<Record<DenyCode, string>> = {
  INVALID_KEY: 'Invalid API key.',
  KEY_EXPIRED: 'This API key has expired.',
  KEY_DISABLED: 'This API key is disabled.',
  KEY_REVOKED: 'This API key has been revoked.',
  IP_FORBIDDEN: 'This API key may not be used from this address.',
  INSUFFICIENT_SCOPE: 'This API key may not use this route.',
  PLAN_UNAVAILABLE: 'The plan of this API key is not available here.',
  THROTTLED: 'This API key has made too many requests in a short time.',
  QUOTA_EXCEEDED: 'This API key has used up its quota.',
};

/** The code and the message of a response if the key couldn't be checked. */
export const UNAVAILABLE = Object.freeze({
  errorCode: 'AUTHORIZER_UNAVAILABLE',
  errorMessage: 'The API key could not be checked. Try again later.',
});

/** Returns the context of a refused key. */
function getDenialContext(errorCode: DenyCode): AuthorizerContext {
  return { errorCode, errorMessage: DENIAL_MESSAGES[errorCode] };
}
