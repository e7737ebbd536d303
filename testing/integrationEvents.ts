import type { KeyRecord } from '../keys/record.ts';
import type { AuthorizerContext } from '../lambda/cachedKey.ts';
import { httpApiEvent, httpApiV1Event, restRequestEvent } from './authorizerEvents.ts';
import {
  getAuthorizerContext,
  multiValues,
  orNull,
  wholeRequest,
  type IntegrationRequest,
  type WholeRequest,
} from './request.ts';
import { webSocketContext } from './requestContexts.ts';

/** `requestContext.authorizer` of a REST API, a WebSocket API and payload format 1.0: the context and the principal. */
export type RestAuthorizerContext = AuthorizerContext & {
  readonly principalId: string;
  /** Duration of the authorizer's call, in milliseconds. */
  readonly integrationLatency: number;
};

/**
 * Creates the event of a function behind a REST API's authorizer that allowed the key ("Lambda proxy integrations").
 */
export function restIntegrationEvent(record: KeyRecord, request: IntegrationRequest = {}) {
  const whole = wholeRequest(request);
  const { type: _, methodArn: __, requestContext, ...event } = restRequestEvent(request);
  return {
    ...event,
    requestContext: { ...requestContext, authorizer: withPrincipal(record, whole) },
    body: whole.body,
    isBase64Encoded: false,
  };
}

/** Creates the event of a function behind an HTTP API's authorizer that allowed the key. It has payload format 2.0. */
export function httpApiIntegrationEvent(record: KeyRecord, request: IntegrationRequest = {}) {
  const whole = wholeRequest(request);
  const { type: _, routeArn: __, identitySource: ___, requestContext, ...event } = httpApiEvent(request);
  return {
    ...event,
    requestContext: { ...requestContext, authorizer: { lambda: getAuthorizerContext(record, whole) } },
    ...(whole.body === null ? {} : { body: whole.body }),
    isBase64Encoded: false,
  };
}

/**
 * Creates the event of a function behind an HTTP API's authorizer that allowed the key. It has payload format 1.0. AWS
 * doesn't document `requestContext.authorizer` of a Lambda authorizer in this format. The event has the shape of a REST
 * API's, which isn't verified.
 */
export function httpApiV1IntegrationEvent(record: KeyRecord, request: IntegrationRequest = {}) {
  const whole = wholeRequest(request);
  const { version, resource, path, httpMethod, headers, requestContext } = httpApiV1Event(request);
  return {
    version,
    resource,
    path,
    httpMethod,
    headers,
    multiValueHeaders: multiValues(whole.headers),
    queryStringParameters: orNull(Object.fromEntries(whole.query)),
    multiValueQueryStringParameters: orNull(multiValues(whole.query)),
    pathParameters: orNull(whole.pathParameters),
    stageVariables: null,
    requestContext: { ...requestContext, authorizer: withPrincipal(record, whole) },
    body: whole.body,
    isBase64Encoded: false,
  };
}

/** Creates the event of a WebSocket API's `$connect` route after the authorizer allowed the key. */
export function webSocketConnectEvent(record: KeyRecord, request: IntegrationRequest = {}) {
  const whole = wholeRequest(request);
  const { headers, query } = whole;
  return {
    headers: Object.fromEntries(headers),
    multiValueHeaders: multiValues(headers),
    ...(query.length === 0
      ? {}
      : { queryStringParameters: Object.fromEntries(query), multiValueQueryStringParameters: multiValues(query) }),
    requestContext: {
      ...webSocketContext('CONNECT', '$connect', whole),
      authorizer: withPrincipal(record, whole),
    },
    isBase64Encoded: false,
  };
}

/** Creates the event of a WebSocket API's message. Its context comes from the authorizer's response to `$connect`. */
export function webSocketMessageEvent(
  record: KeyRecord,
  { routeKey = '$default', ...request }: IntegrationRequest & { readonly routeKey?: string } = {},
) {
  const whole = wholeRequest(request);
  return {
    requestContext: {
      ...webSocketContext('MESSAGE', routeKey, whole),
      messageId: 'Fi6kJd0pIAMCJKB=',
      authorizer: withPrincipal(record, whole),
    },
    ...(whole.body === null ? {} : { body: whole.body }),
    isBase64Encoded: false,
  };
}

/**
 * Creates the identity of an AppSync resolver for an allowed key. It is `ctx.identity`, or `event.identity` in a Lambda
 * resolver.
 */
export function appSyncIdentity(record: KeyRecord, request: IntegrationRequest = {}) {
  return { resolverContext: getAuthorizerContext(record, wholeRequest(request)) };
}

/** Adds the principal and the duration. The duration is 0, because tests shouldn't depend on it. */
function withPrincipal(record: KeyRecord, whole: WholeRequest): RestAuthorizerContext {
  return Object.assign(getAuthorizerContext(record, whole), { principalId: record.id, integrationLatency: 0 });
}
