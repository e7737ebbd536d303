/** Events as API Gateway sends them, after the samples in AWS's documentation, with example accounts and ids. */
const API_ARN = 'arn:aws:execute-api:us-east-1:123456789012';

/** What an event carries besides the shape of its surface. */
export interface Carried {
  /** In order, names as the client sent them. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly query?: readonly (readonly [string, string])[];
  readonly method?: string;
  readonly path?: string;
}

/** REST API, TOKEN authorizer: the gateway passes on the `Authorization` header's value. */
export function restTokenEvent({ headers = [], method = 'GET', path = '/whoami' }: Carried = {}) {
  return {
    type: 'TOKEN',
    authorizationToken: headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? '',
    methodArn: `${API_ARN}:abcdef1234/prod/${method}${path}`,
  };
}

/** REST API, REQUEST authorizer. Of a name sent twice the single-value map has the last value. */
export function restRequestEvent({ headers = [], query = [], method = 'GET', path = '/whoami' }: Carried = {}) {
  return {
    type: 'REQUEST',
    methodArn: `${API_ARN}:abcdef1234/prod/${method}${path}`,
    resource: path,
    path,
    httpMethod: method,
    headers: Object.fromEntries(headers),
    multiValueHeaders: multiValues(headers),
    queryStringParameters: query.length === 0 ? null : Object.fromEntries(query),
    multiValueQueryStringParameters: query.length === 0 ? null : multiValues(query),
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      resourceId: '123456',
      resourcePath: path,
      httpMethod: method,
      path: `/prod${path}`,
      accountId: '123456789012',
      apiId: 'abcdef1234',
      stage: 'prod',
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      identity: { sourceIp: '192.0.2.1', userAgent: 'curl/8.0' },
    },
  };
}

/** HTTP API, payload format 2.0: names in lower case, repeated values joined by commas. */
export function httpApiEvent({ headers = [], query = [], method = 'GET', path = '/whoami' }: Carried = {}) {
  const routeKey = `${method} ${path}`;
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: `${API_ARN}:abcdef1234/$default/${method}${path}`,
    identitySource: headers.map(([, value]) => value),
    routeKey,
    rawPath: path,
    rawQueryString: new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString(),
    cookies: [],
    headers: joinedValues(headers.map(([name, value]) => [name.toLowerCase(), value] as const)),
    ...(query.length === 0 ? {} : { queryStringParameters: joinedValues(query) }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef1234',
      domainName: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'abcdef1234',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'curl/8.0' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey,
      stage: '$default',
      time: '15/Jun/2030:12:00:00 +0000',
      timeEpoch: 1_907_755_200_000,
    },
  };
}

/** HTTP API, payload format 1.0: the shape of a REST event, with the identity sources as one text. */
export function httpApiV1Event({ headers = [], query = [], method = 'GET', path = '/whoami' }: Carried = {}) {
  const identitySource = headers.map(([, value]) => value).join(',');
  return {
    version: '1.0',
    type: 'REQUEST',
    methodArn: `${API_ARN}:abcdef1234/$default/${method}${path}`,
    identitySource,
    authorizationToken: identitySource,
    resource: path,
    path,
    httpMethod: method,
    headers: joinedValues(headers),
    queryStringParameters: joinedValues(query),
    pathParameters: {},
    stageVariables: {},
    requestContext: {
      path,
      accountId: '123456789012',
      resourceId: '05c7jb',
      stage: '$default',
      requestId: 'JKJaXmPLvHcESHA=',
      identity: { sourceIp: '192.0.2.1', userAgent: 'curl/8.0' },
      resourcePath: path,
      httpMethod: method,
      apiId: 'abcdef1234',
    },
  };
}

/** WebSocket API: only `$connect` is authorized, so there is neither a method nor a path. */
export function webSocketEvent({ headers = [], query = [] }: Carried = {}) {
  return {
    type: 'REQUEST',
    methodArn: `${API_ARN}:abcdef1234/prod/$connect`,
    headers: Object.fromEntries(headers),
    multiValueHeaders: multiValues(headers),
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: multiValues(query),
    stageVariables: {},
    requestContext: {
      routeKey: '$connect',
      eventType: 'CONNECT',
      extendedRequestId: 'Fi6kJE5nIAMFXcw=',
      requestTime: '15/Jun/2030:12:00:00 +0000',
      messageDirection: 'IN',
      stage: 'prod',
      connectedAt: 1_907_755_200_000,
      requestTimeEpoch: 1_907_755_200_000,
      identity: { sourceIp: '192.0.2.1', userAgent: 'wscat' },
      requestId: 'Fi6kJE5nIAMFXcw=',
      domainName: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
      connectionId: 'Fi6kJcSsIAMCJKA=',
      apiId: 'abcdef1234',
    },
  };
}

/** AppSync: the token of the `Authorization` header and what is asked for, and no ARN. */
export function appSyncEvent({ headers = [] }: Carried = {}) {
  return {
    authorizationToken: headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? '',
    requestContext: {
      apiId: 'aaaaaa123123123example123',
      accountId: '123456789012',
      requestId: 'f4081827-1111-4444-5555-5cf4695f339f',
      queryString: 'query Orders { orders { id } }',
      operationName: 'Orders',
      variables: {},
    },
    requestHeaders: joinedValues(headers),
  };
}

function multiValues(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const values: Record<string, string[]> = {};
  for (const [name, value] of pairs) (values[name] ??= []).push(value);
  return values;
}

function joinedValues(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(Object.entries(multiValues(pairs)).map(([name, values]) => [name, values.join(',')]));
}
