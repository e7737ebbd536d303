import { EXAMPLE, type WholeRequest } from './request.ts';

const { accountId, apiId, domainName, time, timeEpoch } = EXAMPLE;
const REQUEST_ID = 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef';

/** The identity of a caller without IAM credentials. */
const IDENTITY = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userAgent: 'curl/8.0',
  userArn: null,
};

/** Creates the `requestContext` of a REST API, or of an HTTP API in payload format 1.0 with the stage `$default`. */
export function restContext({ method, path, resource, sourceIp }: WholeRequest, stage: 'prod' | '$default') {
  return {
    accountId,
    apiId,
    domainName,
    domainPrefix: apiId,
    extendedRequestId: 'JKJaXmPLvHcESHA=',
    httpMethod: method,
    identity: { ...IDENTITY, sourceIp },
    path: stage === 'prod' ? `/prod${path}` : path,
    protocol: 'HTTP/1.1',
    requestId: REQUEST_ID,
    requestTime: time,
    requestTimeEpoch: timeEpoch,
    resourceId: '123456',
    resourcePath: resource,
    stage,
  };
}

/** Creates the `requestContext` of an HTTP API in payload format 2.0. */
export function httpContext({ method, path, resource, sourceIp }: WholeRequest) {
  return {
    accountId,
    apiId,
    domainName,
    domainPrefix: apiId,
    http: { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent: 'curl/8.0' },
    requestId: 'JKJaXmPLvHcESHA=',
    routeKey: `${method} ${resource}`,
    stage: '$default',
    time,
    timeEpoch,
  };
}

/** Creates the `requestContext` of a WebSocket API whose client connects or sends a message. */
export function webSocketContext<T extends 'CONNECT' | 'MESSAGE'>(
  eventType: T,
  routeKey: string,
  { sourceIp }: Pick<WholeRequest, 'sourceIp'>,
) {
  return {
    routeKey,
    eventType,
    extendedRequestId: 'Fi6kJE5nIAMFXcw=',
    requestTime: time,
    messageDirection: 'IN' as const,
    stage: 'prod',
    connectedAt: timeEpoch,
    requestTimeEpoch: timeEpoch,
    identity: { sourceIp, userAgent: 'wscat' },
    requestId: 'Fi6kJE5nIAMFXcw=',
    domainName,
    connectionId: 'Fi6kJcSsIAMCJKA=',
    apiId,
  };
}
