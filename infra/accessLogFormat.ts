import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';

/** The variables that every type of API has for a request behind an authorizer. */
const COMMON_FIELDS = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  sourceIp: '$context.identity.sourceIp',
  status: '$context.status',
  keyId: '$context.authorizer.keyId',
  principalId: '$context.authorizer.principalId',
  errorCode: '$context.authorizer.errorCode',
  responseType: '$context.error.responseType',
  integrationLatency: '$context.integrationLatency',
};

/** The variables about the authorizer's invocation. REST and WebSocket APIs have them; HTTP APIs don't. */
const AUTHORIZER_FIELDS = {
  authorizerStatus: '$context.authorizer.status',
  authorizerLatency: '$context.authorizer.latency',
  authorizerRequestId: '$context.authorizer.requestId',
};

/**
 * Access log formats for APIs behind an authorizer. Each line is one JSON object with the route, the status, the key's id, Latchkey's
 * error code and latencies in milliseconds. No header, path or query is logged, because a key may be there. API Gateway writes `-` for
 * an absent value.
 *
 * - `principalId` is the key's id, or `anonymous` if the key is unknown. HTTP APIs with simple responses have no `principalId`: read
 *   `keyId`, which only allowed requests have.
 * - `errorCode` is the reason for a 403. If scopes are mapped, a scoped key also has `INSUFFICIENT_SCOPE` on
 *   allowed requests. A 401 has no code: API Gateway drops the context of a thrown `Unauthorized`.
 * - `authorizerRequestId` is the `requestId` of the function's log line.
 */
export const latchkeyAccessLogFormat = Object.freeze({
  /**
   * Returns the format for `accessLogFormat` of a REST API's stage ("Variables for access logging for API Gateway").
   */
  rest: (): AccessLogFormat =>
    jsonFormat({
      ...COMMON_FIELDS,
      route: '$context.httpMethod $context.resourcePath',
      ...AUTHORIZER_FIELDS,
      responseLatency: '$context.responseLatency',
    }),

  /**
   * Returns the format for `accessLogSettings` of an HTTP API's stage ("Customize HTTP API access logs").
   */
  http: (): AccessLogFormat =>
    jsonFormat({ ...COMMON_FIELDS, route: '$context.routeKey', responseLatency: '$context.responseLatency' }),

  /**
   * Returns the format for `accessLogSettings` of a WebSocket API's stage ("Configure logging for WebSocket APIs"). The API invokes
   * the authorizer only on `$connect`, so follow a key's messages by `connectionId`.
   */
  webSocket: (): AccessLogFormat =>
    jsonFormat({
      ...COMMON_FIELDS,
      route: '$context.routeKey',
      ...AUTHORIZER_FIELDS,
      eventType: '$context.eventType',
      connectionId: '$context.connectionId',
    }),
});

/** Writes each value as a string, because API Gateway writes `-`, which isn't a number, for an absent value. */
function jsonFormat(fields: Readonly<Record<string, string>>): AccessLogFormat {
  return AccessLogFormat.custom(JSON.stringify(fields));
}
