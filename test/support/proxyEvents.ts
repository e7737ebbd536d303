import { joinedValues, multiValues, wholeRequest, type TestRequest } from '../../testing/request.ts';
import { httpApiEvent } from '../../testing/authorizerEvents.ts';

/** Creates an event of a function URL. It has payload format 2.0, and the default route and stage. */
export function functionUrlEvent(request: TestRequest = {}) {
  const { type: _, routeArn: __, identitySource: ___, requestContext, ...event } = httpApiEvent(request);
  const domainName = 'abcdef.lambda-url.us-east-1.on.aws';
  return { ...event, routeKey: '$default', requestContext: { ...requestContext, domainName }, isBase64Encoded: false };
}

const TARGET_GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/orders/0123456789abcdef';

/**
 * Creates an event of an Application Load Balancer. Header names are in lower case. Without multi-value headers, the
 * event has the last value of each name. Parameters stay percent-encoded.
 */
export function loadBalancerEvent(request: TestRequest = {}, hasMultiValues = false) {
  const { method, path, headers: sent, query: decoded } = wholeRequest(request);
  const headers = sent.map(([name, value]) => [name.toLowerCase(), value] as const);
  const query = decoded.map(([name, value]) => [encodeURIComponent(name), encodeURIComponent(value)] as const);
  const maps = hasMultiValues
    ? { multiValueHeaders: multiValues(headers), multiValueQueryStringParameters: multiValues(query) }
    : { headers: Object.fromEntries(headers), queryStringParameters: Object.fromEntries(query) };
  const requestContext = { elb: { targetGroupArn: TARGET_GROUP } };
  return { requestContext, httpMethod: method, path, ...maps, body: '', isBase64Encoded: false };
}

/** Creates an event of an HTTP API's proxy integration without an authorizer, in payload format 1.0. */
export function version1Event(request: TestRequest = {}) {
  const { method, path, headers, query } = wholeRequest(request);
  return {
    version: '1.0',
    httpMethod: method,
    path,
    headers: joinedValues(headers),
    multiValueHeaders: multiValues(headers),
    queryStringParameters: joinedValues(query),
    multiValueQueryStringParameters: multiValues(query),
    requestContext: { stage: '$default' },
  };
}
