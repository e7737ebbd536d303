import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';

/** What each kind of API knows of a request that it asked the authorizer about. */
const OF_EVERY_API = {
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

/** What REST and WebSocket APIs know of the authorizer's own run, and HTTP APIs do not. */
const OF_THE_AUTHORIZER = {
  authorizerStatus: '$context.authorizer.status',
  authorizerLatency: '$context.authorizer.latency',
  authorizerRequestId: '$context.authorizer.requestId',
};

/**
 * Formats of access logs for APIs behind an authorizer: one JSON object a line. Each has the route, the status, the key's id, Latchkey's
 * error code and latencies in milliseconds, and nothing of a header, the path or the query, where a key may be. API Gateway writes `-`
 * for what it does not know.
 *
 * - `principalId` is the key's id, or `anonymous` if no key is known. A simple response of an HTTP API has none: read `keyId`, which
 *   only allowed requests have.
 * - `errorCode` is the reason of a refusal with `status` 403. If scopes are mapped, a scoped key has `INSUFFICIENT_SCOPE` on allowed
 *   requests too. A 401 has no code: API Gateway drops the context of a thrown `Unauthorized`.
 * - `authorizerRequestId` is the `requestId` of the function's log line.
 */
export const latchkeyAccessLogFormat = Object.freeze({
  /**
   * Returns the format for `accessLogFormat` of a REST API's stage ("Variables for access logging for API Gateway").
   */
  rest: (): AccessLogFormat =>
    jsonFormat({
      ...OF_EVERY_API,
      route: '$context.httpMethod $context.resourcePath',
      ...OF_THE_AUTHORIZER,
      responseLatency: '$context.responseLatency',
    }),

  /**
   * Returns the format for `accessLogSettings` of an HTTP API's stage ("Customize HTTP API access logs").
   */
  http: (): AccessLogFormat =>
    jsonFormat({ ...OF_EVERY_API, route: '$context.routeKey', responseLatency: '$context.responseLatency' }),

  /**
   * Returns the format for `accessLogSettings` of a WebSocket API's stage ("Configure logging for WebSocket APIs"). The API asks the
   * authorizer only on `$connect`, so follow a key's messages by `connectionId`.
   */
  webSocket: (): AccessLogFormat =>
    jsonFormat({
      ...OF_EVERY_API,
      route: '$context.routeKey',
      ...OF_THE_AUTHORIZER,
      eventType: '$context.eventType',
      connectionId: '$context.connectionId',
    }),
});

/** Each value is a text, because API Gateway writes `-` for what is absent, which is no number. */
function jsonFormat(fields: Readonly<Record<string, string>>): AccessLogFormat {
  return AccessLogFormat.custom(JSON.stringify(fields));
}
