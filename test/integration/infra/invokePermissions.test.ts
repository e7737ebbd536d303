import { Duration } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from '@jest/globals';
import { addHttpRoute, authorizerUnderTest, type AuthorizerProps } from './authorizerUnderTest.ts';

/** A stack with an API of each kind of API Gateway's. */
function withEveryApi(props: AuthorizerProps): Template {
  const { stack, authorizer } = authorizerUnderTest(props);
  const rest = new RestApi(stack, 'Rest', { cloudWatchRole: false });
  rest.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
  addHttpRoute(new HttpApi(stack, 'Http'), authorizer.forHttpApi());
  const integration = new WebSocketMockIntegration('Integration');
  new WebSocketApi(stack, 'WebSocket', {
    connectRouteOptions: { integration, authorizer: authorizer.forWebSocketApi() },
  });
  return Template.fromStack(stack);
}

const idsOf = (template: Template, ...types: readonly string[]) =>
  types.flatMap((type) => Object.keys(template.findResources(type))).toSorted();

test.each<[string, AuthorizerProps]>([
  ['without an alias', {}],
  ['with an alias', { provisionedConcurrentExecutions: 1 }],
  ['with a result cache', { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(1) }],
])('only an authorizer of one named API may invoke the function: %s', (_, props) => {
  const template = withEveryApi(props);
  const named = Object.values(template.findResources('AWS::Lambda::Permission')).map(({ Properties }) => {
    expect(Properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
    });
    const { SourceArn } = Properties;
    const arn = JSON.stringify(SourceArn);
    return /\{"Ref":"(\w+)"\},"\/authorizers\/\*"\]\]\}$/.exec(arn)?.[1] ?? `no API in ${arn}`;
  });
  const apis = idsOf(template, 'AWS::ApiGateway::RestApi', 'AWS::ApiGatewayV2::Api');
  expect(apis).toHaveLength(3);
  expect([...new Set(named)].toSorted()).toEqual(apis);
});
