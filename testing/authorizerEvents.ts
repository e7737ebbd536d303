import {
  EXAMPLE,
  headerOf,
  joinedValues,
  multiValues,
  orNull,
  wholeRequest,
  type TestRequest,
  type WholeRequest,
} from './request.ts';
import { httpContext, restContext, webSocketContext } from './requestContexts.ts';

// Events after the samples in AWS's documentation, with its example account.

/** REST API, TOKEN authorizer: the gateway passes on the `Authorization` header's value. */
export function restTokenEvent(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  return {
    type: 'TOKEN' as const,
    authorizationToken: headerOf(whole, 'authorization') ?? '',
    methodArn: `${EXAMPLE.arn}/prod/${whole.method}${whole.path}`,
  };
}

/** REST API, REQUEST authorizer. Of a name sent twice the single-value map has the last value. */
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

/** HTTP API, payload format 2.0: names in lower case, repeated values joined by commas, cookies apart. */
export function httpApiEvent(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  const { headers, query, method, path, pathParameters } = whole;
  const requestContext = httpContext(whole);
  return {
    version: '2.0',
    type: 'REQUEST' as const,
    routeArn: `${EXAMPLE.arn}/$default/${method}${path}`,
    identitySource: identityOf(whole),
    routeKey: requestContext.routeKey,
    rawPath: path,
    rawQueryString: new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString(),
    cookies: headers.filter(isCookie).map(([, value]) => value),
    headers: joinedValues(
      headers.filter((header) => !isCookie(header)).map(([name, value]) => [name.toLowerCase(), value] as const),
    ),
    ...(query.length === 0 ? {} : { queryStringParameters: joinedValues(query) }),
    ...(orNull(pathParameters) === null ? {} : { pathParameters }),
    requestContext,
  };
}

/** HTTP API, payload format 1.0: the shape of a REST event, with the identity sources as one text. */
export function httpApiV1Event(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  const { headers, query, method, path, resource, pathParameters } = whole;
  const identitySource = identityOf(whole).join(',');
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

/** WebSocket API: only `$connect` is authorized, so there is neither a method nor a path. */
export function webSocketEvent(request: TestRequest = {}) {
  const { headers, query } = wholeRequest(request);
  return {
    type: 'REQUEST' as const,
    methodArn: `${EXAMPLE.arn}/prod/$connect`,
    headers: Object.fromEntries(headers),
    multiValueHeaders: multiValues(headers),
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: multiValues(query),
    stageVariables: {},
    requestContext: webSocketContext('CONNECT', '$connect'),
  };
}

/** AppSync: the token of the `Authorization` header and what is asked for, and no ARN. */
export function appSyncEvent(request: TestRequest = {}) {
  const whole = wholeRequest(request);
  return {
    authorizationToken: headerOf(whole, 'authorization') ?? '',
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

/** The `Authorization` header as the one identity source. */
function identityOf({ headers }: WholeRequest): string[] {
  return headers.filter(([name]) => name.toLowerCase() === 'authorization').map(([, value]) => value);
}

function isCookie([name]: readonly [string, string]): boolean {
  return name.toLowerCase() === 'cookie';
}
