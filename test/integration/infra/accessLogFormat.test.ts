import { App, Stack } from 'aws-cdk-lib';
import { LogGroupLogDestination, MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAccessLogFormat, latchkeyAccessLogFormat } from '../../../infra/accessLogFormat.ts';

/** The variables of a REST API that the format may use ("Variables for access logging for API Gateway"). */
const REST_VARIABLES = [
  'requestId',
  'requestTime',
  'apiId',
  'identity.sourceIp',
  'httpMethod',
  'resourcePath',
  'status',
  'authorizer.principalId',
  'authorizer.keyId',
  'authorizer.errorCode',
  'authorizer.status',
  'authorizer.latency',
  'authorizer.requestId',
  'error.responseType',
  'integrationLatency',
  'responseLatency',
];

/** The variables of "Customize HTTP API access logs". The list doesn't include the authorizer's status and latency. */
const HTTP_VARIABLES = [
  'requestId',
  'requestTime',
  'apiId',
  'identity.sourceIp',
  'routeKey',
  'status',
  'authorizer.principalId',
  'authorizer.keyId',
  'authorizer.errorCode',
  'error.responseType',
  'integrationLatency',
  'responseLatency',
];

/** The variables of "Configure logging for WebSocket APIs". The list doesn't include the latency of the response. */
const WEB_SOCKET_VARIABLES = [
  'requestId',
  'requestTime',
  'apiId',
  'identity.sourceIp',
  'routeKey',
  'eventType',
  'connectionId',
  'status',
  'authorizer.principalId',
  'authorizer.keyId',
  'authorizer.errorCode',
  'authorizer.status',
  'authorizer.latency',
  'authorizer.requestId',
  'error.responseType',
  'integrationLatency',
];

describe.each([
  ['rest', latchkeyAccessLogFormat.rest(), REST_VARIABLES],
  ['http', latchkeyAccessLogFormat.http(), HTTP_VARIABLES],
  ['webSocket', latchkeyAccessLogFormat.webSocket(), WEB_SOCKET_VARIABLES],
  ['usage', ApiKeyAccessLogFormat.usage(), HTTP_VARIABLES.filter((name) => !/^(identity|routeKey)/.test(name))],
] as const)('the access log format %s', (_, format, variables) => {
  const text = format.toString();

  test('uses only context variables that AWS lists for this type of API', () => {
    const used = [...text.matchAll(/\$context\.([\w.]+)/g)].map(([, name]) => name);
    expect(used.toSorted()).toEqual(variables.toSorted());
  });

  test('produces one line of JSON that contains only string fields', () => {
    expect(text).not.toContain('\n');
    const fields: Record<string, unknown> = JSON.parse(text.replaceAll(/\$context\.[\w.]+/g, '-'));
    expect(Object.values(fields).map((value) => typeof value)).toEqual(Object.keys(fields).map(() => 'string'));
    expect(fields).toMatchObject({
      requestId: '-',
      apiId: '-',
      status: '-',
      keyId: '-',
      principalId: '-',
      errorCode: '-',
    });
  });
});

test("a REST API's stage accepts latchkeyAccessLogFormat.rest()", () => {
  const stack = new Stack(new App(), 'Stack');
  const api = new RestApi(stack, 'Api', {
    deployOptions: {
      accessLogDestination: new LogGroupLogDestination(new LogGroup(stack, 'AccessLog')),
      accessLogFormat: latchkeyAccessLogFormat.rest(),
    },
  });
  api.root.addMethod('GET', new MockIntegration());
  Template.fromStack(stack).hasResourceProperties('AWS::ApiGateway::Stage', {
    AccessLogSetting: { Format: latchkeyAccessLogFormat.rest().toString() },
  });
});
