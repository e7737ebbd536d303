/** A request to the management API, after API Gateway's authorizer. */
export interface ManagementRequest {
  /** `requestContext.authorizer` of the event. */
  readonly authorizer?: object;
  /** The body, which is sent as JSON. */
  readonly body?: object;
  readonly cookies?: readonly string[];
}

const DOMAIN_NAME = 'abc.execute-api.us-east-1.amazonaws.com';

/** `requestContext.authorizer` of a request that an operator has signed. */
export const OPERATOR = { iam: { userArn: 'arn:aws:iam::123456789012:user/back-office' } };

/** Returns `requestContext.authorizer` of a request with a token. */
export const ownerOf = (sub: string) => ({ jwt: { claims: { sub }, scopes: null } });

/** Returns the event of an HTTP API for a route such as `GET /keys`, in payload format 2.0. */
export function managementEvent(route: string, { authorizer, body, cookies }: ManagementRequest = {}): object {
  const [method = '', path = ''] = route.split(' ');
  return {
    version: '2.0',
    routeKey: route,
    rawPath: path,
    rawQueryString: '',
    headers: {
      host: DOMAIN_NAME,
      'x-forwarded-proto': 'https',
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(cookies && { cookies }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc',
      domainName: DOMAIN_NAME,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'test' },
      requestId: 'request-1',
      routeKey: route,
      stage: '$default',
      timeEpoch: Date.now(),
      ...(authorizer && { authorizer }),
    },
    ...(body && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}
