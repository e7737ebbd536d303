import { App, Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { Template } from 'aws-cdk-lib/assertions';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import { expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { addHttpRoute } from './authorizerUnderTest.ts';

type AddApi = (stack: Stack, authorizer: ApiKeyAuthorizer) => unknown;

const KINDS = {
  REST: (stack, authorizer) => {
    const api = new RestApi(stack, 'Rest');
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    authorizer.addGatewayResponses(api);
  },
  HTTP: (stack, authorizer) => addHttpRoute(new HttpApi(stack, 'Http'), authorizer.forHttpApi()),
  WebSocket: (stack, authorizer) => {
    const integration = new WebSocketMockIntegration('Integration');
    const connectRouteOptions = { integration, authorizer: authorizer.forWebSocketApi() };
    return new WebSocketApi(stack, 'WebSocket', { connectRouteOptions });
  },
  AppSync: (stack, authorizer) =>
    new GraphqlApi(stack, 'AppSync', {
      name: 'api',
      definition: Definition.fromFile(new URL('schema.graphql', import.meta.url).pathname),
      authorizationConfig: { defaultAuthorization: authorizer.forAppSync() },
    }),
} as const satisfies Readonly<Record<string, AddApi>>;

type Kind = keyof typeof KINDS;

const ALL: readonly Kind[] = ['REST', 'HTTP', 'WebSocket', 'AppSync'];
const PAIRS = ALL.flatMap((first) =>
  ALL.filter((second) => second !== first).map((second) => [first, second] as const),
);

function resourcesOf(...kinds: readonly Kind[]): Readonly<Record<string, { readonly Type: string }>> {
  const context = { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true };
  const stack = new Stack(new App({ context }), 'Test');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys') });
  for (const kind of kinds) KINDS[kind](stack, authorizer);
  return Template.fromStack(stack).toJSON()['Resources'];
}

test.each(PAIRS)('where a %s API is, one of the kind %s changes nothing of what is there', (first, second) => {
  const one = resourcesOf(first);
  const two = resourcesOf(first, second);
  expect(Object.fromEntries(Object.entries(two).filter(([id]) => id in one))).toEqual(one);
  expect(Object.keys(two).length).toBeGreaterThan(Object.keys(one).length);
});

test('APIs of every kind share one function, one role and one table', () => {
  const types = Object.values(resourcesOf(...ALL)).map(({ Type }) => Type);
  for (const shared of [
    'AWS::Lambda::Function',
    'AWS::IAM::Policy',
    'AWS::Logs::LogGroup',
    'AWS::DynamoDB::GlobalTable',
  ]) {
    expect(types.filter((type) => type === shared)).toHaveLength(1);
  }
});
