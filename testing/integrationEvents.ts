import type { KeyRecord } from '../keys/record.ts';
import type { AuthorizerContext } from '../lambda/cachedKey.ts';
import { httpApiEvent, httpApiV1Event, restRequestEvent } from './authorizerEvents.ts';
import {
  contextBehind,
  multiValues,
  orNull,
  wholeRequest,
  type IntegrationRequest,
  type WholeRequest,
} from './request.ts';
import { webSocketContext } from './requestContexts.ts';

/** `requestContext.authorizer` of a REST API, a WebSocket API and payload format 1.0: the context beside the principal. */
export type RestAuthorizerContext = AuthorizerContext & {
  readonly principalId: string;
  /** How long the authorizer took, in milliseconds. */
  readonly integrationLatency: number;
};

/** What a function behind a REST API's authorizer receives of an allowed key ("Lambda proxy integrations"). */
export function restIntegrationEvent(record: KeyRecord, request: IntegrationRequest = {}) {
  const whole = wholeRequest(request);
  const { type: _, methodArn: __, requestContext, ...event } = restRequestEvent(request);
  return {
    ...event,
    requestContext: { ...requestContext, authorizer: besidePrincipal(record, whole) },
    body: whole.body,
    isBase64Encoded: false,
  };
}

/** What a function behind an HTTP API's authorizer receives of an allowed key in payload format 2.0: the context as `lambda`. */
export function httpApiIntegrationEvent(record: KeyRecord, request: IntegrationRequest = {}) {
  const whole = wholeRequest(request);
  const { type: _, routeArn: __, identitySource: ___, requestContext, ...event } = httpApiEvent(request);
  return {
    ...event,
    requestContext: { ...requestContext, authorizer: { lambda: contextBehind(record, whole) } },
    ...(whole.body === null ? {} : { body: whole.body }),
    isBase64Encoded: false,
  };
}

/**
 * What a function behind an HTTP API's authorizer receives of an allowed key in payload format 1.0. AWS's pages do not show
 * `requestContext.authorizer` of a Lambda authorizer in this format; that it is as with a REST API is unverified.
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
    requestContext: { ...requestContext, authorizer: besidePrincipal(record, whole) },
    body: whole.body,
    isBase64Encoded: false,
  };
}

/** What the `$connect` route of a WebSocket API receives of an allowed key. */
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
      ...webSocketContext('CONNECT', '$connect'),
      authorizer: besidePrincipal(record, whole),
    },
    isBase64Encoded: false,
  };
}

/** What a route of a WebSocket API receives with a message: the context that the key got when its client connected. */
export function webSocketMessageEvent(
  record: KeyRecord,
  { routeKey = '$default', ...request }: IntegrationRequest & { readonly routeKey?: string } = {},
) {
  const whole = wholeRequest(request);
  return {
    requestContext: {
      ...webSocketContext('MESSAGE', routeKey),
      messageId: 'Fi6kJd0pIAMCJKB=',
      authorizer: besidePrincipal(record, whole),
    },
    ...(whole.body === null ? {} : { body: whole.body }),
    isBase64Encoded: false,
  };
}

/** `identity` of an AppSync resolver's context for an allowed key: `ctx.identity`, or `event.identity` of a Lambda resolver. */
export function appSyncIdentity(record: KeyRecord, request: IntegrationRequest = {}) {
  return { resolverContext: contextBehind(record, wholeRequest(request)) };
}

/** The time that the authorizer took is 0, for no test should depend on it. */
function besidePrincipal(record: KeyRecord, whole: WholeRequest): RestAuthorizerContext {
  return Object.assign(contextBehind(record, whole), { principalId: record.id, integrationLatency: 0 });
}
