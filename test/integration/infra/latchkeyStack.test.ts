import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from '@jest/globals';
import { LatchkeyStack } from '../../../infra/app/latchkeyStack.ts';

const template = Template.fromStack(new LatchkeyStack(new App(), 'LatchkeyStack'));

test('it deploys the table, the authorizer and an API of each kind', () => {
  template.resourceCountIs('AWS::DynamoDB::GlobalTable', 1);
  template.resourceCountIs('AWS::ApiGateway::RestApi', 1);
  template.resourcePropertiesCountIs('AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' }, 1);
  template.resourcePropertiesCountIs('AWS::ApiGatewayV2::Api', { ProtocolType: 'WEBSOCKET' }, 1);
  template.resourceCountIs('AWS::Lambda::Function', 2);
});

test.each(['TableName', 'RestApiUrl', 'HttpApiUrl', 'WebSocketApiUrl'])('%s is an output', (name) => {
  template.hasOutput(name, { Value: Match.anyValue() });
});

test('the revocation delay is an output, in seconds', () => {
  template.hasOutput('RevocationDelaySeconds', { Value: '60' });
  template.hasOutput('AcceptedKeys', { Value: 'sk_' });
});

test('no route of a sample API is open, but for messages on a connection that was let in', () => {
  const methods = template.findResources('AWS::ApiGateway::Method');
  const routes = template.findResources('AWS::ApiGatewayV2::Route');
  const types = [...Object.values(methods), ...Object.values(routes)].map(({ Properties }) => [
    Properties.RouteKey ?? Properties.HttpMethod,
    Properties.AuthorizationType,
  ]);
  expect(Object.fromEntries(types)).toEqual({
    GET: 'CUSTOM',
    'GET /whoami': 'CUSTOM',
    $connect: 'CUSTOM',
    $default: 'NONE',
  });
});

test('every message to the WebSocket API is answered, on a stage that follows the template', () => {
  const [webSocketApi] = Object.keys(
    template.findResources('AWS::ApiGatewayV2::Api', { Properties: { ProtocolType: 'WEBSOCKET' } }),
  );
  const [messages] = Object.keys(
    template.findResources('AWS::ApiGatewayV2::Route', { Properties: { RouteKey: '$default' } }),
  );
  template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
    RouteKey: '$default',
    RouteResponseSelectionExpression: '$default',
  });
  template.hasResourceProperties('AWS::ApiGatewayV2::RouteResponse', {
    ApiId: { Ref: webSocketApi },
    RouteId: { Ref: messages },
    RouteResponseKey: '$default',
  });
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    ApiId: { Ref: webSocketApi },
    StageName: 'prod',
    AutoDeploy: true,
  });
});

test('the access log of the HTTP API has the key and the reason of a refusal', () => {
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    StageName: '$default',
    AccessLogSettings: {
      Format: Match.stringLikeRegexp('authorizer.keyId.*authorizer.errorCode'),
      DestinationArn: Match.anyValue(),
    },
  });
});

test('the security checks find nothing in it, and do find what is planted beside it', () => {
  expect(findingsOf((app) => new LatchkeyStack(app, 'LatchkeyStack'))).toEqual([]);
  expect(findingsOf((app) => new Bucket(new Stack(app, 'Planted'), 'Bucket'))).toContain('AwsSolutions-S1');
});

function findingsOf(add: (app: App) => unknown): string[] {
  const app = new App();
  add(app);
  return new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);
}
