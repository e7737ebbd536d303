import type { APIGatewaySimpleAuthorizerWithContextResult, AppSyncAuthorizerResult } from 'aws-lambda';
import { LatchkeyError } from '../keys/errors.ts';
import type { KeyDecision } from './authorize.ts';
import type { AuthorizerContext } from './cachedKey.ts';
import type { Config } from './config.ts';
import type { Credentials, PresentedKey } from './credentials.ts';
import { authRequiredMessage } from './keySources.ts';
import { getContext, type PolicyApi, toPolicy, UNAUTHORIZED } from './policy.ts';
import type { EventFields } from './requestValues.ts';
import {
  CONNECT,
  EVENT_CONNECT,
  GRAPHQL,
  isConnectArn,
  isMethodArn,
  type MethodArn,
  type Route,
  toChannelRoute,
  toRoute,
  toWholeRoute,
} from './routes.ts';
import { ownIdentifier } from './usageIdentifier.ts';

/** The handler's response to the gateway, or the symbol that makes the handler throw. */
export type Answer = object | typeof UNAUTHORIZED;

/** The inputs of a response in addition to the decision and the request. */
export interface AnswerDeps {
  readonly config: Config;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** One kind of event that can call a Lambda authorizer. */
export interface EventSource {
  /** The event source's name in logs and metrics: `apiType`. */
  readonly name: string;
  /** Returns whether the event is of this source and has everything that `read` and `respond` need. */
  readonly matches: (event: EventFields) => boolean;
  /** Returns the part of the event that may contain the key. */
  readonly read: (event: EventFields) => Credentials;
  /** Returns the requested route, against which scopes are checked. */
  readonly route: (event: EventFields, config: Config) => Route;
  /** Returns whether the gateway reuses a response for other addresses, without a condition on them. */
  readonly sharesAnswers?: (config: Config) => boolean;
  /** Formats the decision on the presented key for the gateway. */
  readonly respond: (decision: KeyDecision, event: EventFields, deps: AnswerDeps, presented: PresentedKey) => Answer;
}

const readRequest = (event: EventFields): Credentials => ({ kind: 'request', event });

const readToken = ({ authorizationToken }: EventFields) =>
  ({ kind: 'token', token: typeof authorizationToken === 'string' ? authorizationToken : '' }) as const;

const respondWithPolicy =
  (api: PolicyApi): EventSource['respond'] =>
  (decision, event, { config }, presented) =>
    toPolicy(decision, methodArnOf(event), api, {
      ownIdentifier: ownIdentifier(presented, config),
      isCached: config.resultsCacheSeconds > 0,
    });

const requestedRoute = (event: EventFields): Route => toRoute(methodArnOf(event));

/** The type assertion is safe, because `matches` has checked the ARN. */
const methodArnOf = (event: EventFields) => event['methodArn'] as MethodArn;
const routeArnOf = (event: EventFields) => event['routeArn'] as MethodArn;

/** A REST API's REQUEST authorizer. Header names keep the case that the client sent. */
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

/** A REST API's TOKEN authorizer. The gateway passes only one header's value. */
const restToken: EventSource = {
  name: 'rest-token',
  matches: (event) => event['type'] === 'TOKEN' && isMethodArn(event['methodArn']),
  read: readToken,
  route: requestedRoute,
  respond: respondWithPolicy('rest'),
};

/**
 * An HTTP API's authorizer with payload format 2.0. Header names are in lower case. The gateway joins the values of a
 * repeated name with commas. A key can't contain a comma.
 */
const httpApi: EventSource = {
  name: 'http-api',
  matches: (event) => event['type'] === 'REQUEST' && event['version'] === '2.0' && isMethodArn(event['routeArn']),
  read: readRequest,
  route: httpApiRoute,
  sharesAnswers: isSimpleAndCached,
  respond: (decision, event, { config: { httpApiResponse, resultsCacheSeconds } }) =>
    httpApiResponse === 'simple'
      ? toSimpleAnswer(decision)
      : toPolicy(decision, routeArnOf(event), 'http', { isCached: resultsCacheSeconds > 0 }),
};

function isSimpleAndCached({ httpApiResponse, resultsCacheSeconds }: Config): boolean {
  return httpApiResponse === 'simple' && resultsCacheSeconds > 0;
}

/**
 * Returns the route key if the gateway caches a simple response. The gateway caches it per route key, so the response
 * must be right for every request of that route.
 */
function httpApiRoute(event: EventFields, config: Config): Route {
  if (!isSimpleAndCached(config)) return toRoute(routeArnOf(event));
  const { routeKey } = event;
  return toWholeRoute(typeof routeKey === 'string' ? routeKey : '');
}

function toSimpleAnswer(
  decision: KeyDecision,
): APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext> | typeof UNAUTHORIZED {
  if (decision.effect === 'unauthenticated') return UNAUTHORIZED;
  return { isAuthorized: decision.effect === 'allow', context: getContext(decision) };
}

/** An HTTP API's authorizer with payload format 1.0. Its response is always a policy. */
const httpApiV1: EventSource = {
  name: 'http-api-1.0',
  matches: (event) => event['type'] === 'REQUEST' && event['version'] === '1.0' && isMethodArn(event['methodArn']),
  read: readRequest,
  route: requestedRoute,
  respond: respondWithPolicy('http'),
};

/**
 * A WebSocket API's authorizer. The gateway calls it only on `$connect`. Its response applies for the whole connection.
 */
const webSocket: EventSource = {
  name: 'websocket',
  matches: (event) => event['type'] === 'REQUEST' && event['version'] === undefined && isConnectArn(event['methodArn']),
  read: readRequest,
  route: () => CONNECT as Route,
  respond: respondWithPolicy('websocket'),
};

/**
 * Maximum TTL of a denial. The record cache keeps an unknown hash for the same duration, so a new key isn't refused for
 * longer.
 */
const DENIAL_MAX_SECONDS = 10;

const isAppSync = (event: EventFields): boolean =>
  event['type'] === undefined && 'authorizationToken' in event && hasApiId(event['requestContext']);

/** The token is the key, with or without the bearer scheme. */
const readAppSyncToken = (event: EventFields) => ({ ...readToken(event), acceptsBareKey: true });

/** The Lambda authorizer of an AppSync GraphQL API. */
const appSync: EventSource = {
  name: 'appsync',
  matches: (event) => isAppSync(event) && eventOperationOf(event) === undefined,
  read: readAppSyncToken,
  route: () => GRAPHQL as Route,
  respond: (decision, _, deps): AppSyncAuthorizerResult<AuthorizerContext> => ({
    isAuthorized: decision.effect === 'allow',
    resolverContext: getResolverContext(decision),
    ttlOverride: getTtlSeconds(decision, deps),
  }),
};

/**
 * The Lambda authorizer of an AppSync Event API. AppSync invokes it for each connection, subscription and publication
 * (AWS, "Configuring authorization and authentication to secure Event APIs").
 */
const appSyncEvents: EventSource = {
  name: 'appsync-events',
  matches: (event) => isAppSync(event) && eventOperationOf(event) !== undefined,
  read: readAppSyncToken,
  route: eventApiRoute,
  respond: (decision, _, deps) => ({
    isAuthorized: decision.effect === 'allow',
    handlerContext: getResolverContext(decision),
    ttlOverride: dependsOnChannel(decision) ? 0 : getTtlSeconds(decision, deps),
  }),
};

/** Returns the operation of an Event API's event without its prefix, such as `SUBSCRIBE`, or `undefined`. */
function eventOperationOf({ requestContext }: EventFields): string | undefined {
  const operation: unknown = Object(requestContext).operation;
  return typeof operation === 'string' && operation.startsWith('EVENT_') ? operation.slice('EVENT_'.length) : undefined;
}

function eventApiRoute(event: EventFields): Route {
  const operation = eventOperationOf(event) ?? '';
  if (operation === 'CONNECT') return EVENT_CONNECT as Route;
  return toChannelRoute(operation, Object(event['requestContext']).channel);
}

/**
 * Returns whether the decision holds only for this operation and channel. AWS doesn't document whether AppSync's cache
 * distinguishes channels, so AppSync may not cache such a decision.
 */
function dependsOnChannel(decision: KeyDecision): boolean {
  if (decision.effect === 'allow') return decision.key.scopes !== undefined;
  return decision.effect === 'deny' && decision.code === 'INSUFFICIENT_SCOPE';
}

function hasApiId(requestContext: unknown): boolean {
  return typeof requestContext === 'object' && requestContext !== null && 'apiId' in requestContext;
}

function getResolverContext(decision: KeyDecision): AuthorizerContext {
  if (decision.effect !== 'unauthenticated') return getContext(decision);
  return { errorCode: 'AUTH_REQUIRED', errorMessage: authRequiredMessage([{ kind: 'bearer' }]) };
}

/**
 * Returns the TTL of an AppSync response. It is always set, because AWS documents two different defaults. AppSync
 * doesn't cache a response past the key's expiry.
 */
function getTtlSeconds(decision: KeyDecision, { config, now }: AnswerDeps): number {
  const { resultsCacheSeconds } = config;
  if (decision.effect !== 'allow') return Math.min(resultsCacheSeconds, DENIAL_MAX_SECONDS);
  // The key may have expired during its last-used write.
  const secondsLeft = Math.max(0, Math.floor((decision.key.expiresAtMs - now()) / 1000));
  return Math.min(resultsCacheSeconds, secondsLeft);
}

export const EVENT_SOURCES: readonly EventSource[] = [
  restRequest,
  httpApi,
  restToken,
  httpApiV1,
  webSocket,
  appSync,
  appSyncEvents,
];

const MOST_NAMES_SHOWN = 20;

/** Returns the event's fields by name. Returns an empty object if the event isn't an object. */
export function toFields(event: unknown): EventFields {
  return typeof event === 'object' && event !== null ? (event as EventFields) : {};
}

/**
 * Returns the source of an event.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN`, with the names of the event's fields but not their values
 */
export function eventSourceFor(fields: EventFields): EventSource {
  for (const source of EVENT_SOURCES) if (source.matches(fields)) return source;
  const names = Object.keys(fields).filter((name) => /^\w{1,40}$/.test(name));
  const shown = names.slice(0, MOST_NAMES_SHOWN).join(', ') || 'no known fields';
  throw new LatchkeyError('EVENT_UNKNOWN', `not an event of a Lambda authorizer that Latchkey serves: it has ${shown}`);
}
