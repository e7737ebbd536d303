import type { APIGatewaySimpleAuthorizerWithContextResult, AppSyncAuthorizerResult } from 'aws-lambda';
import { LatchkeyError } from '../keys/errors.ts';
import type { KeyDecision } from './authorize.ts';
import type { AuthorizerContext } from './cachedKey.ts';
import type { Config } from './config.ts';
import { authRequiredMessage, type Credentials, type EventFields } from './credentials.ts';
import { getContext, type PolicyApi, toPolicy, UNAUTHORIZED } from './policy.ts';
import {
  CONNECT,
  GRAPHQL,
  isConnectArn,
  isMethodArn,
  type MethodArn,
  type Route,
  toRoute,
  toWholeRoute,
} from './routes.ts';

/** What the handler returns to the gateway, or the symbol for which it throws. */
export type Answer = object | typeof UNAUTHORIZED;

/** What an answer depends on in addition to the decision. */
export interface AnswerDeps {
  readonly config: Config;
  /** Returns epoch milliseconds. */
  readonly now: () => number;
}

/** One kind of event that can call a Lambda authorizer. */
export interface EventSource {
  /** The name in logs and metrics: `apiType`. */
  readonly name: string;
  /** Whether the event is of this source and has everything that `read` and `respond` need. */
  readonly matches: (event: EventFields) => boolean;
  /** Finds what may contain the key. */
  readonly read: (event: EventFields) => Credentials;
  /** Returns the requested route, which scopes are checked against. */
  readonly route: (event: EventFields, config: Config) => Route;
  /** Turns the decision into the gateway's form. */
  readonly respond: (decision: KeyDecision, event: EventFields, deps: AnswerDeps) => Answer;
}

const readRequest = (event: EventFields): Credentials => ({ kind: 'request', event });

const readToken = ({ authorizationToken }: EventFields) =>
  ({ kind: 'token', token: typeof authorizationToken === 'string' ? authorizationToken : '' }) as const;

const respondWithPolicy =
  (api: PolicyApi): EventSource['respond'] =>
  (decision, event) =>
    toPolicy(decision, methodArnOf(event), api);

const requestedRoute = (event: EventFields): Route => toRoute(methodArnOf(event));

/** `matches` has checked it. */
const methodArnOf = (event: EventFields) => event['methodArn'] as MethodArn;
const routeArnOf = (event: EventFields) => event['routeArn'] as MethodArn;

/** A REST API's REQUEST authorizer. Header names have the case that the client sent. */
const restRequest: EventSource = {
  name: 'rest-request',
  matches: (event) =>
    event['type'] === 'REQUEST' &&
    event['version'] === undefined &&
    isMethodArn(event['methodArn']) &&
    !isConnectArn(event['methodArn']),
  read: readRequest,
  route: requestedRoute,
  respond: respondWithPolicy('rest'),
};

/** A REST API's TOKEN authorizer. The gateway passes one header's value and nothing else of the request. */
const restToken: EventSource = {
  name: 'rest-token',
  matches: (event) => event['type'] === 'TOKEN' && isMethodArn(event['methodArn']),
  read: readToken,
  route: requestedRoute,
  respond: respondWithPolicy('rest'),
};

/**
 * An HTTP API's authorizer with payload format 2.0. Header names are in lower case. If a name was sent more than once, its values
 * are joined by commas, which no key contains.
 */
const httpApi: EventSource = {
  name: 'http-api',
  matches: (event) => event['type'] === 'REQUEST' && event['version'] === '2.0' && isMethodArn(event['routeArn']),
  read: readRequest,
  route: httpApiRoute,
  respond: (decision, event, { config: { httpApiResponse } }) =>
    httpApiResponse === 'simple' ? toSimpleAnswer(decision) : toPolicy(decision, routeArnOf(event), 'http'),
};

/** If the gateway caches a simple answer, it caches it for a route key, so the answer must be right for every request of that route. */
function httpApiRoute(event: EventFields, { httpApiResponse, resultsCacheSeconds }: Config): Route {
  const isCached = httpApiResponse === 'simple' && resultsCacheSeconds > 0;
  if (!isCached) return toRoute(routeArnOf(event));
  const { routeKey } = event;
  return toWholeRoute(typeof routeKey === 'string' ? routeKey : '');
}

function toSimpleAnswer(
  decision: KeyDecision,
): APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext> | typeof UNAUTHORIZED {
  if (decision.effect === 'unauthenticated') return UNAUTHORIZED;
  return { isAuthorized: decision.effect === 'allow', context: getContext(decision) };
}

/** An HTTP API's authorizer with payload format 1.0, whose answer is always a policy. */
const httpApiV1: EventSource = {
  name: 'http-api-1.0',
  matches: (event) => event['type'] === 'REQUEST' && event['version'] === '1.0' && isMethodArn(event['methodArn']),
  read: readRequest,
  route: requestedRoute,
  respond: respondWithPolicy('http'),
};

/** A WebSocket API's authorizer. The gateway calls it only on `$connect`; its answer counts as long as the client is connected. */
const webSocket: EventSource = {
  name: 'websocket',
  matches: (event) => event['type'] === 'REQUEST' && event['version'] === undefined && isConnectArn(event['methodArn']),
  read: readRequest,
  route: () => CONNECT as Route,
  respond: respondWithPolicy('websocket'),
};

/** An unknown hash is cached for as long, so a new key isn't refused for longer. */
const DENIAL_MAX_SECONDS = 10;

/** An AppSync API's Lambda authorizer. The token is the key, with or without the bearer scheme. */
const appSync: EventSource = {
  name: 'appsync',
  matches: (event) => event['type'] === undefined && 'authorizationToken' in event && hasApiId(event['requestContext']),
  read: (event) => ({ ...readToken(event), acceptsBareKey: true }),
  route: () => GRAPHQL as Route,
  respond: (decision, _, deps): AppSyncAuthorizerResult<AuthorizerContext> => ({
    isAuthorized: decision.effect === 'allow',
    resolverContext: getResolverContext(decision),
    ttlOverride: getTtlSeconds(decision, deps),
  }),
};

function hasApiId(requestContext: unknown): boolean {
  return typeof requestContext === 'object' && requestContext !== null && 'apiId' in requestContext;
}

function getResolverContext(decision: KeyDecision): AuthorizerContext {
  if (decision.effect !== 'unauthenticated') return getContext(decision);
  return { errorCode: 'AUTH_REQUIRED', errorMessage: authRequiredMessage([{ kind: 'bearer' }]) };
}

/** AppSync always gets a TTL, because AWS documents two defaults. No answer is cached past the key's expiry. */
function getTtlSeconds(decision: KeyDecision, { config, now }: AnswerDeps): number {
  const { resultsCacheSeconds } = config;
  if (decision.effect !== 'allow') return Math.min(resultsCacheSeconds, DENIAL_MAX_SECONDS);
  // The key may have expired while its last use was written.
  const secondsLeft = Math.max(0, Math.floor((decision.key.expiresAtMs - now()) / 1000));
  return Math.min(resultsCacheSeconds, secondsLeft);
}

export const EVENT_SOURCES: readonly EventSource[] = [restRequest, httpApi, restToken, httpApiV1, webSocket, appSync];

const MOST_NAMES_SHOWN = 20;

/** Returns the event's fields by name; none if it isn't an object. */
export function toFields(event: unknown): EventFields {
  return typeof event === 'object' && event !== null ? (event as EventFields) : {};
}

/**
 * Returns the source of an event.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN`, with the names of the event's fields but none of their values
 */
export function eventSourceFor(fields: EventFields): EventSource {
  for (const source of EVENT_SOURCES) if (source.matches(fields)) return source;
  const names = Object.keys(fields).filter((name) => /^\w{1,40}$/.test(name));
  const shown = names.slice(0, MOST_NAMES_SHOWN).join(', ') || 'no known fields';
  throw new LatchkeyError('EVENT_UNKNOWN', `not an event of a Lambda authorizer that Latchkey serves: it has ${shown}`);
}
