import {
  EXAMPLE,
  getHeader,
  joinedValues,
  multiValues,
  orNull,
  wholeRequest,
  type TestRequest,
  type WholeRequest,
} from './request.ts';
import { httpContext, restContext, webSocketContext } from './requestContexts.ts';

// Events like the samples in AWS's documentation, with its example account.

/** Creates an event of a REST API's TOKEN authorizer, with the `Authorization` header's value as its token. */
export function restTokenEvent(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  return {
    type: 'TOKEN' as const,
    authorizationToken: getHeader(whole, 'authorization') ?? '',
    methodArn: `${EXAMPLE.arn}/prod/${whole.method}${whole.path}`,
  };
}

/**
 * Creates an event of a REST API's REQUEST authorizer. The single-value map has the last value of a name that was sent
 * twice.
 */
export function restRequestEvent(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  const { headers, query, method, path, resource, pathParameters } = whole;
  return {
    type: 'REQUEST' as const,
    methodArn: `${EXAMPLE.arn}/prod/${method}${path}`,
    resource,
    path,
    httpMethod: method,
    headers: Object.fromEntries(headers),
    multiValueHeaders: multiValues(headers),
    queryStringParameters: orNull(Object.fromEntries(query)),
    multiValueQueryStringParameters: orNull(multiValues(query)),
    pathParameters: orNull(pathParameters),
    stageVariables: null,
    requestContext: restContext(whole, 'prod'),
  };
}

/**
 * Creates an event of an HTTP API's authorizer in payload format 2.0. Header names are in lower case. Commas join
 * repeated values. Cookies have their own list.
 */
export function httpApiEvent(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  const { headers, query, method, path, pathParameters } = whole;
  const requestContext = httpContext(whole);
  return {
    version: '2.0',
    type: 'REQUEST' as const,
    routeArn: `${EXAMPLE.arn}/$default/${method}${path}`,
    identitySource: getIdentitySources(whole),
    routeKey: requestContext.routeKey,
    rawPath: path,
    rawQueryString: new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString(),
    cookies: headers.filter(isCookie).flatMap(([, value]) => value.split(/; */)),
    headers: joinedValues(
      headers.filter((header) => !isCookie(header)).map(([name, value]) => [name.toLowerCase(), value] as const),
    ),
    ...(query.length === 0 ? {} : { queryStringParameters: joinedValues(query) }),
    ...(orNull(pathParameters) === null ? {} : { pathParameters }),
    requestContext,
  };
}

/**
 * Creates an event of an HTTP API's authorizer in payload format 1.0. It is a REST event with the identity sources in
 * one string.
 */
export function httpApiV1Event(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  const { headers, query, method, path, resource, pathParameters } = whole;
  const identitySource = getIdentitySources(whole).join(',');
  return {
    version: '1.0',
    type: 'REQUEST' as const,
    methodArn: `${EXAMPLE.arn}/$default/${method}${path}`,
    identitySource,
    authorizationToken: identitySource,
    resource,
    path,
    httpMethod: method,
    headers: joinedValues(headers),
    queryStringParameters: joinedValues(query),
    pathParameters,
    stageVariables: {},
    requestContext: restContext(whole, '$default'),
  };
}

/**
 * Creates an event of a WebSocket API's authorizer. It doesn't have a method or a path, because only `$connect` is
 * authorized.
 */
export function webSocketEvent(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  const { headers, query } = whole;
  return {
    type: 'REQUEST' as const,
    methodArn: `${EXAMPLE.arn}/prod/$connect`,
    headers: Object.fromEntries(headers),
    multiValueHeaders: multiValues(headers),
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: multiValues(query),
    stageVariables: {},
    requestContext: webSocketContext('CONNECT', '$connect', whole),
  };
}

/**
 * Creates an event of an AppSync authorizer. It contains the token of the `Authorization` header and the GraphQL
 * request. It doesn't contain an ARN.
 */
export function appSyncEvent(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  return {
    authorizationToken: getHeader(whole, 'authorization') ?? '',
    requestContext: {
      apiId: 'aaaaaa123123123example123',
      accountId: EXAMPLE.accountId,
      requestId: 'f4081827-1111-4444-5555-5cf4695f339f',
      queryString: 'query Orders { orders { id } }',
      operationName: 'Orders',
      variables: {},
    },
    requestHeaders: joinedValues(whole.headers),
  };
}

/** An operation on an AppSync Event API. */
export interface EventApiOperation {
  /** The operation; `EVENT_CONNECT` by default. */
  readonly operation?: 'EVENT_CONNECT' | 'EVENT_SUBSCRIBE' | 'EVENT_PUBLISH';
  /** The channel, such as `/orders/eu`. A connection doesn't have one. */
  readonly channel?: string;
}

/**
 * Creates an event of the authorizer of an AppSync Event API. It contains the token of the `Authorization` header, the
 * operation and the channel.
 */
export function eventApiEvent(request: TestRequest = {}, { operation, channel }: EventApiOperation = {}) {
  const whole = wholeRequest(request);
  return {
    authorizationToken: getHeader(whole, 'authorization') ?? '',
    requestContext: {
      apiId: 'aaaaaa123123123example123',
      accountId: EXAMPLE.accountId,
      requestId: 'f4081827-1111-4444-5555-5cf4695f339f',
      operation: operation ?? 'EVENT_CONNECT',
      channelNamespaceName: channel?.split('/')[1] ?? null,
      channel: channel ?? null,
    },
    requestHeaders: joinedValues(whole.headers),
  };
}

/** Returns the identity sources: only the `Authorization` header. */
function getIdentitySources({ headers }: WholeRequest): string[] {
  return headers.filter(([name]) => name.toLowerCase() === 'authorization').map(([, value]) => value);
}

function isCookie([name]: readonly [string, string]): boolean {
  return name.toLowerCase() === 'cookie';
}
