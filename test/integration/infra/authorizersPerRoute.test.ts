import { App, Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, WebSocketApi, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration, WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { Template } from 'aws-cdk-lib/assertions';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { authorizerUnderTest, refusalOf } from './authorizerUnderTest.ts';

const REST_AUTHORIZER = 'AWS::ApiGateway::Authorizer';
const V2_AUTHORIZER = 'AWS::ApiGatewayV2::Authorizer';
const PERMISSION = 'AWS::Lambda::Permission';

const idsOf = (stack: Stack, type: string) => Object.keys(Template.fromStack(stack).findResources(type)).toSorted();

function addRoute(api: HttpApi, path: string, authorizer: IHttpRouteAuthorizer): void {
  const integration = new HttpUrlIntegration(`Integration${path}`, 'https://backend.example');
  api.addRoutes({ path, methods: [HttpMethod.GET], integration, authorizer });
}

function addWebSocketApi(stack: Stack, id: string, authorizer: ApiKeyAuthorizer): void {
  const integration = new WebSocketMockIntegration('Integration');
  new WebSocketApi(stack, id, { connectRouteOptions: { integration, authorizer: authorizer.forWebSocketApi() } });
}

/** An authorizer of one key source, which TOKEN authorizers need. */
const given = () => authorizerUnderTest({ keySources: ['bearer'] });

describe('forRestApi', () => {
  test('gives every method of an API the same authorizer when it is called for each', () => {
    const { stack, authorizer } = given();
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    for (const method of ['GET', 'POST', 'PUT'])
      api.root.addMethod(method, new MockIntegration(), { authorizer: authorizer.forRestApi() });
    expect(idsOf(stack, REST_AUTHORIZER)).toEqual(['AuthorizerRestApiD61121EB']);
    expect(idsOf(stack, PERMISSION)).toHaveLength(1);
  });

  test('takes the default id and the default type as the same options, spelled out or not', () => {
    const { authorizer } = given();
    expect(authorizer.forRestApi('RestApi', { type: 'REQUEST' })).toBe(authorizer.forRestApi());
    expect(authorizer.forRestApi('Other')).not.toBe(authorizer.forRestApi());
  });

  test('gives a second type without an id an id of its own and leaves the first as it is', () => {
    const { stack, authorizer } = given();
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    api.root.addMethod('POST', new MockIntegration(), {
      authorizer: authorizer.forRestApi(undefined, { type: 'TOKEN' }),
    });
    const ids = idsOf(stack, REST_AUTHORIZER);
    expect(ids).toHaveLength(2);
    expect(ids).toContain('AuthorizerRestApiD61121EB');
  });

  test('rejects an explicit id that stands for other options, and says what to write', () => {
    const { authorizer } = given();
    authorizer.forRestApi('Keys');
    expect(refusalOf(() => authorizer.forRestApi('Keys', { type: 'TOKEN' }))).toEqual({
      path: 'Test/Authorizer',
      problem: expect.stringMatching(
        /^forRestApi: id: got "Keys", which Test\/Authorizer has .+: forRestApi\('Keys2'\)$/,
      ),
    });
  });

  test('rejects the id of one of the construct’s own parts', () => {
    const { authorizer } = given();
    expect(refusalOf(() => authorizer.forRestApi('Function')).problem).toMatch(/^forRestApi: id: got "Function", /);
  });

  test('rejects methods of two REST APIs behind one authorizer, and says what to write', () => {
    const { stack, authorizer } = given();
    const add = (id: string) =>
      new RestApi(stack, id).root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    add('One');
    expect(refusalOf(() => add('Two'))).toEqual({
      path: 'Test/Authorizer/RestApi',
      problem: expect.stringMatching(
        /^forRestApi: got .+ Test\/Two, wanted .+: authorizer\.forRestApi\('SecondApi'\)$/,
      ),
    });
  });

  test('gives each scope an authorizer of its own', () => {
    const { stack, authorizer } = given();
    for (const id of ['One', 'Two']) {
      const api = new RestApi(stack, id, { cloudWatchRole: false });
      for (const method of ['GET', 'POST'])
        api.root.addMethod(method, new MockIntegration(), {
          authorizer: authorizer.forRestApi(undefined, { scope: api }),
        });
    }
    expect(idsOf(stack, REST_AUTHORIZER)).toHaveLength(2);
  });
});

describe('forHttpApi', () => {
  test('gives every route of an API the same authorizer when it is called for each', () => {
    const { stack, authorizer } = given();
    const api = new HttpApi(stack, 'Api');
    for (const path of ['/', '/orders', '/invoices']) addRoute(api, path, authorizer.forHttpApi());
    expect(idsOf(stack, V2_AUTHORIZER)).toEqual(['ApiHttpApi4C294DC0']);
    expect(idsOf(stack, PERMISSION)).toHaveLength(1);
  });

  test('gives each HTTP API a resource of its own, with permission for that API', () => {
    const { stack, authorizer } = given();
    const shared = authorizer.forHttpApi();
    for (const id of ['One', 'Two']) addRoute(new HttpApi(stack, id), '/', shared);
    expect(idsOf(stack, V2_AUTHORIZER)).toHaveLength(2);
    const sources = Object.values(Template.fromStack(stack).findResources(PERMISSION)).map(({ Properties }) =>
      JSON.stringify(Properties.SourceArn),
    );
    expect(new Set(sources).size).toBe(2);
  });

  test('gives a second payload format without an id an id of its own and leaves the first as it is', () => {
    const { stack, authorizer } = given();
    const api = new HttpApi(stack, 'Api');
    addRoute(api, '/', authorizer.forHttpApi());
    addRoute(api, '/old', authorizer.forHttpApi(undefined, { payloadFormat: '1.0' }));
    addRoute(api, '/older', authorizer.forHttpApi(undefined, { payloadFormat: '1.0' }));
    const ids = idsOf(stack, V2_AUTHORIZER);
    expect(ids).toHaveLength(2);
    expect(ids).toContain('ApiHttpApi4C294DC0');
  });

  test('lets two authorizers guard routes of one API without ids', () => {
    const { stack, authorizer } = given();
    const partners = new ApiKeyAuthorizer(stack, 'Partners', { table: new ApiKeyTable(stack, 'PartnerKeys') });
    const api = new HttpApi(stack, 'Api');
    addRoute(api, '/', authorizer.forHttpApi());
    addRoute(api, '/partners', partners.forHttpApi());
    expect(idsOf(stack, V2_AUTHORIZER)).toHaveLength(2);
  });

  test('rejects an explicit id that the API has for other options, and says what to write', () => {
    const { stack, authorizer } = given();
    const api = new HttpApi(stack, 'Api');
    addRoute(api, '/', authorizer.forHttpApi('Keys'));
    expect(refusalOf(() => addRoute(api, '/old', authorizer.forHttpApi('Keys', { payloadFormat: '1.0' })))).toEqual({
      path: 'Test/Authorizer',
      problem: expect.stringMatching(/^forHttpApi: id: got "Keys", which Test\/Api has .+: forHttpApi\('Keys2'\)$/),
    });
  });
});

test('forWebSocketApi gives each WebSocket API a resource of its own, however often it is called', () => {
  const { stack, authorizer } = given();
  for (const id of ['One', 'Two']) addWebSocketApi(stack, id, authorizer);
  expect(idsOf(stack, V2_AUTHORIZER)).toEqual(
    ['OneWebSocketApi', 'TwoWebSocketApi'].map((id) => expect.stringContaining(id)),
  );
});

test('forAppSync may be called for each GraphQL API', () => {
  const context = { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true };
  const stack = new Stack(new App({ context }), 'Test');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys') });
  for (const id of ['One', 'Two']) {
    new GraphqlApi(stack, id, {
      name: id,
      definition: Definition.fromFile('test/integration/infra/schema.graphql'),
      authorizationConfig: { defaultAuthorization: authorizer.forAppSync() },
    });
  }
  expect(idsOf(stack, PERMISSION)).toHaveLength(2);
});
