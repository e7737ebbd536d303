import type { APIGatewaySimpleAuthorizerWithContextResult, AppSyncAuthorizerResult } from 'aws-lambda';
import { LatchkeyError } from '../keys/errors.ts';
import { toEpochMs } from '../keys/timestamp.ts';
import type { Decision } from './authorize.ts';
import type { Config } from './config.ts';
import { authRequiredMessage, type Credentials, type EventFields } from './credentials.ts';
import { type AuthorizerContext, contextOf, policyOf, UNAUTHORIZED } from './policy.ts';
import { CONNECT, GRAPHQL, isConnectArn, type Route, routeOf, stageArnOf, wholeRouteOf } from './routes.ts';

/** What the gateway is answered. */
export type Answer = object | typeof UNAUTHORIZED;

/** What an answer depends on beside the decision. */
export interface Answering {
  readonly config: Config;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** One kind of API that can call a Lambda authorizer. */
export interface EventSource {
  /** As logs call it. */
  readonly name: string;
  /** Whether the event is of this surface, with all that `read` and `respond` need. */
  readonly matches: (event: EventFields) => boolean;
  readonly read: (event: EventFields) => Credentials;
  /** What the request asks for, as scopes are judged by it. */
  readonly route: (event: EventFields, config: Config) => Route;
  /** The answer that tells the gateway the decision. */
  readonly respond: (decision: Decision, event: EventFields, answering: Answering) => Answer;
}

/** What an event that brings the request's headers and query parameters carries. */
export function requestCredentials(event: EventFields): Credentials {
  return { kind: 'request', event };
}

/** A REST API's REQUEST authorizer. Header names come in the case that the client sent. */
export const restRequest: EventSource = {
  name: 'rest-request',
  matches: (event) =>
    event['type'] === 'REQUEST' &&
    event['version'] === undefined &&
    stageArnOf(event['methodArn']) !== undefined &&
    !isConnectArn(event['methodArn']),
  read: requestCredentials,
  route: ({ methodArn }) => routeOf(methodArn),
  respond: (decision, { methodArn }, { config: { scopes, plans } }) =>
    policyOf(decision, methodArn, { scopes, routes: 'methods', plans }),
};

/** A REST API's TOKEN authorizer: the gateway hands over one header's value and nothing else of the request. */
export const restToken: EventSource = {
  name: 'rest-token',
  matches: (event) => event['type'] === 'TOKEN' && stageArnOf(event['methodArn']) !== undefined,
  read: ({ authorizationToken }) => ({
    kind: 'token',
    token: typeof authorizationToken === 'string' ? authorizationToken : '',
  }),
  route: ({ methodArn }) => routeOf(methodArn),
  respond: (decision, { methodArn }, { config: { scopes, plans } }) =>
    policyOf(decision, methodArn, { scopes, routes: 'methods', plans }),
};

/**
 * An HTTP API's authorizer with payload format 2.0. Header names come in lower case; the values of a name that was sent
 * more than once are joined by commas, which no key holds.
 */
export const httpApi: EventSource = {
  name: 'http-api',
  matches: (event) =>
    event['type'] === 'REQUEST' && event['version'] === '2.0' && stageArnOf(event['routeArn']) !== undefined,
  read: requestCredentials,
  route: routeAskedFor,
  respond: (decision, { routeArn }, { config: { httpApiResponse, scopes } }) =>
    httpApiResponse === 'simple'
      ? simpleAnswerTo(decision)
      : policyOf(decision, routeArn, { scopes, routes: 'methods' }),
};

/** A simple answer that the gateway keeps for a route key is an answer to every request of that route. */
function routeAskedFor({ routeArn, routeKey }: EventFields, { httpApiResponse, resultsCacheSeconds }: Config): Route {
  const isKept = httpApiResponse === 'simple' && resultsCacheSeconds > 0;
  if (!isKept) return routeOf(routeArn);
  return wholeRouteOf(typeof routeKey === 'string' ? routeKey : '');
}

function simpleAnswerTo(
  decision: Decision,
): APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext> | typeof UNAUTHORIZED {
  if (decision.effect === 'unauthenticated') return UNAUTHORIZED;
  return { isAuthorized: decision.effect === 'allow', context: contextOf(decision) };
}

/** An HTTP API's authorizer with payload format 1.0, which is answered with a policy always. */
export const httpApiV1: EventSource = {
  name: 'http-api-1.0',
  matches: (event) =>
    event['type'] === 'REQUEST' && event['version'] === '1.0' && stageArnOf(event['methodArn']) !== undefined,
  read: requestCredentials,
  route: ({ methodArn }) => routeOf(methodArn),
  respond: (decision, { methodArn }, { config: { scopes } }) =>
    policyOf(decision, methodArn, { scopes, routes: 'methods' }),
};

/** A WebSocket API's authorizer, which the gateway asks on `$connect` alone: what it answered holds while the client stays. */
export const webSocket: EventSource = {
  name: 'websocket',
  matches: (event) => event['type'] === 'REQUEST' && event['version'] === undefined && isConnectArn(event['methodArn']),
  read: requestCredentials,
  route: () => CONNECT as Route,
  respond: (decision, { methodArn }, { config: { scopes } }) =>
    policyOf(decision, methodArn, { scopes, routes: 'connect' }),
};

/** As long as an unknown hash may be kept elsewhere: a key that was just issued is not refused for longer. */
const DENIAL_MAX_SECONDS = 10;

/** An AppSync API's Lambda authorizer. The token is the key, with or without the bearer scheme. */
export const appSync: EventSource = {
  name: 'appsync',
  matches: (event) => event['type'] === undefined && 'authorizationToken' in event && hasApiId(event['requestContext']),
  read: ({ authorizationToken }) => ({
    kind: 'token',
    token: typeof authorizationToken === 'string' ? authorizationToken : '',
    takesBareKey: true,
  }),
  route: () => GRAPHQL as Route,
  respond: (decision, _, answering): AppSyncAuthorizerResult<AuthorizerContext> => ({
    isAuthorized: decision.effect === 'allow',
    resolverContext: resolverContextOf(decision),
    ttlOverride: ttlSecondsOf(decision, answering),
  }),
};

function hasApiId(requestContext: unknown): boolean {
  return typeof requestContext === 'object' && requestContext !== null && 'apiId' in requestContext;
}

function resolverContextOf(decision: Decision): AuthorizerContext {
  if (decision.effect !== 'unauthenticated') return contextOf(decision);
  return { errorCode: 'AUTH_REQUIRED', errorMessage: authRequiredMessage([{ kind: 'bearer' }]) };
}

/** Said always, because AWS documents two defaults. No answer is kept past the key's own expiry. */
function ttlSecondsOf(decision: Decision, { config, now }: Answering): number {
  const { resultsCacheSeconds } = config;
  if (decision.effect !== 'allow') return Math.min(resultsCacheSeconds, DENIAL_MAX_SECONDS);
  const { expiresAt } = decision.record;
  if (expiresAt === undefined) return resultsCacheSeconds;
  // The key may have expired while its use was written.
  const secondsLeft = Math.max(0, Math.floor((toEpochMs(expiresAt) - now()) / 1000));
  return Math.min(resultsCacheSeconds, secondsLeft);
}

const EVENT_SOURCES: readonly EventSource[] = [restRequest, httpApi, restToken, httpApiV1, webSocket, appSync];

const MOST_NAMES_SHOWN = 20;

/** The event's fields by name, none where it has none. */
export function fieldsOf(event: unknown): EventFields {
  return typeof event === 'object' && event !== null ? (event as EventFields) : {};
}

/**
 * The surface of an event.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN`, naming the fields that the event has and none of their values
 */
export function eventSourceFor(fields: EventFields): EventSource {
  for (const source of EVENT_SOURCES) if (source.matches(fields)) return source;
  const names = Object.keys(fields).filter((name) => /^\w{1,40}$/.test(name));
  const shown = names.slice(0, MOST_NAMES_SHOWN).join(', ') || 'no known fields';
  throw new LatchkeyError('EVENT_UNKNOWN', `not an event of a Lambda authorizer that Latchkey serves: it has ${shown}`);
}
