import { Duration, type Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, WebSocketApi, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration, WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { Template } from 'aws-cdk-lib/assertions';
import {
  APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION,
  APIGATEWAY_AUTHORIZER_CHANGE_DEPLOYMENT_LOGICAL_ID,
} from 'aws-cdk-lib/cx-api';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import type { RestApiAuthorizerOptions } from '../../../infra/iApiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import {
  authorizerUnderTest,
  refusalOf,
  sharedTemplate,
  type AuthorizerProps,
  addHttpRoute,
} from './authorizerUnderTest.ts';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';

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

/** Creates an authorizer with one key source, which TOKEN authorizers require. */
const withOneSource = () => authorizerUnderTest({ keySources: ['bearer'] });

describe('forRestApi', () => {
  test('returns the same authorizer for every method of an API', () => {
    const { stack, authorizer } = withOneSource();
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    for (const method of ['GET', 'POST', 'PUT'])
      api.root.addMethod(method, new MockIntegration(), { authorizer: authorizer.forRestApi() });
    expect(idsOf(stack, REST_AUTHORIZER)).toEqual(['AuthorizerRestApiD61121EB']);
    expect(idsOf(stack, PERMISSION)).toHaveLength(1);
  });

  test('returns the same authorizer for explicit and implicit defaults', () => {
    const { authorizer } = withOneSource();
    expect(authorizer.forRestApi('RestApi', { type: 'REQUEST' })).toBe(authorizer.forRestApi());
    expect(authorizer.forRestApi('Other')).not.toBe(authorizer.forRestApi());
  });

  test('creates a second authorizer if you pass another type without an id', () => {
    const { stack, authorizer } = withOneSource();
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    api.root.addMethod('POST', new MockIntegration(), {
      authorizer: authorizer.forRestApi(undefined, { type: 'TOKEN' }),
    });
    const ids = idsOf(stack, REST_AUTHORIZER);
    expect(ids).toHaveLength(2);
    expect(ids).toContain('AuthorizerRestApiD61121EB');
  });

  test('rejects an explicit id that you used with other options', () => {
    const { authorizer } = withOneSource();
    authorizer.forRestApi('Keys');
    expect(refusalOf(() => authorizer.forRestApi('Keys', { type: 'TOKEN' }))).toEqual({
      path: 'Test/Authorizer',
      problem: expect.stringMatching(
        /^forRestApi: id: expected an unused id such as forRestApi\('Keys2'\), got "Keys", which Test\/Authorizer already has /,
      ),
    });
  });

  test('rejects a type that API Gateway does not have', () => {
    const { authorizer } = withOneSource();
    expect(refusalOf(() => authorizer.forRestApi('Keys', { type: 'token' as 'TOKEN' }))).toEqual({
      path: 'Test/Authorizer',
      problem: 'type: expected REQUEST or TOKEN, got "token"',
    });
  });

  test('rejects the id of one of the construct’s own children', () => {
    const { authorizer } = withOneSource();
    expect(refusalOf(() => authorizer.forRestApi('Function')).problem).toMatch(
      /^forRestApi: id: expected .+, got "Function", /,
    );
  });

  test('fails if methods of two REST APIs share one authorizer', () => {
    const { stack, authorizer } = withOneSource();
    const add = (id: string) =>
      new RestApi(stack, id).root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    add('One');
    expect(() => add('Two')).toThrow('Cannot attach authorizer to two different rest APIs');
  });

  test('creates one authorizer for each construct in the option scope', () => {
    const { stack, authorizer } = withOneSource();
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
  test('returns the same authorizer for every route of an API', () => {
    const { stack, authorizer } = withOneSource();
    const api = new HttpApi(stack, 'Api');
    for (const path of ['/', '/orders', '/invoices']) addRoute(api, path, authorizer.forHttpApi());
    expect(idsOf(stack, V2_AUTHORIZER)).toEqual(['ApiHttpApi4C294DC0']);
    expect(idsOf(stack, PERMISSION)).toHaveLength(1);
  });

  test('creates one authorizer for each HTTP API', () => {
    const { stack, authorizer } = withOneSource();
    const shared = authorizer.forHttpApi();
    for (const id of ['One', 'Two']) addRoute(new HttpApi(stack, id), '/', shared);
    expect(idsOf(stack, V2_AUTHORIZER)).toHaveLength(2);
    const sources = Object.values(Template.fromStack(stack).findResources(PERMISSION)).map(({ Properties }) =>
      JSON.stringify(Properties.SourceArn),
    );
    expect(new Set(sources).size).toBe(2);
  });

  test('creates a second authorizer if you pass another payload format without an id', () => {
    const { stack, authorizer } = withOneSource();
    const api = new HttpApi(stack, 'Api');
    addRoute(api, '/', authorizer.forHttpApi());
    addRoute(api, '/old', authorizer.forHttpApi(undefined, { payloadFormat: '1.0' }));
    addRoute(api, '/older', authorizer.forHttpApi(undefined, { payloadFormat: '1.0' }));
    const ids = idsOf(stack, V2_AUTHORIZER);
    expect(ids).toHaveLength(2);
    expect(ids).toContain('ApiHttpApi4C294DC0');
  });

  test('supports two ApiKeyAuthorizers on the routes of one API', () => {
    const { stack, authorizer } = withOneSource();
    const partners = new ApiKeyAuthorizer(stack, 'Partners', { table: new ApiKeyTable(stack, 'PartnerKeys') });
    const api = new HttpApi(stack, 'Api');
    addRoute(api, '/', authorizer.forHttpApi());
    addRoute(api, '/partners', partners.forHttpApi());
    expect(idsOf(stack, V2_AUTHORIZER)).toHaveLength(2);
  });

  test('rejects an explicit id that the API already uses with other options', () => {
    const { stack, authorizer } = withOneSource();
    const api = new HttpApi(stack, 'Api');
    addRoute(api, '/', authorizer.forHttpApi('Keys'));
    expect(refusalOf(() => addRoute(api, '/old', authorizer.forHttpApi('Keys', { payloadFormat: '1.0' })))).toEqual({
      path: 'Test/Authorizer',
      problem: expect.stringMatching(
        /^forHttpApi: id: expected an unused id such as forHttpApi\('Keys2'\), got "Keys", which Test\/Api already has /,
      ),
    });
  });
});

test('forWebSocketApi creates one authorizer for each WebSocket API', () => {
  const { stack, authorizer } = withOneSource();
  for (const id of ['One', 'Two']) addWebSocketApi(stack, id, authorizer);
  expect(idsOf(stack, V2_AUTHORIZER)).toEqual(
    ['OneWebSocketApi', 'TwoWebSocketApi'].map((id) => expect.stringContaining(id)),
  );
});

test('forAppSync supports several GraphQL APIs', () => {
  const context = { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true };
  const { stack, authorizer } = authorizerUnderTest({}, context);
  for (const id of ['One', 'Two']) {
    new GraphqlApi(stack, id, {
      name: id,
      definition: Definition.fromFile('test/integration/infra/schema.graphql'),
      authorizationConfig: { defaultAuthorization: authorizer.forAppSync() },
    });
  }
  expect(idsOf(stack, PERMISSION)).toHaveLength(2);
});

// A stage of a REST API uses the authorizer of its deployment. CloudFormation redeploys the API if the deployment's
// logical id changes.

const ONE_SOURCE: AuthorizerProps = { keySources: ['bearer'] };

const deployedTemplate = sharedTemplate(
  (flag: boolean, props: AuthorizerProps, options: RestApiAuthorizerOptions = {}) => {
    const context = { [APIGATEWAY_AUTHORIZER_CHANGE_DEPLOYMENT_LOGICAL_ID]: flag };
    const { stack, authorizer } = authorizerUnderTest({ ...ONE_SOURCE, ...props }, context);
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    const restAuthorizer = authorizer.forRestApi('Keys', options);
    for (const method of ['GET', 'POST'])
      api.root.addMethod(method, new MockIntegration(), { authorizer: restAuthorizer });
    return stack;
  },
);

function deploymentOf(...given: Parameters<typeof deployedTemplate>) {
  const [[id, deployment] = []] = Object.entries(
    deployedTemplate(...given).findResources('AWS::ApiGateway::Deployment'),
  );
  return { id, dependsOn: deployment?.['DependsOn'] };
}

describe.each([
  ['without the CDK’s feature flag', false],
  ['with the CDK’s feature flag', true],
])('the deployment of a REST API %s', (_, flag) => {
  test.each<[string, AuthorizerProps, RestApiAuthorizerOptions]>([
    ['rollout', { rollout: LambdaDeploymentConfig.ALL_AT_ONCE }, {}],
    ['provisionedConcurrentExecutions', { provisionedConcurrentExecutions: 1 }, {}],
    ['resultsCacheTtl', { resultsCacheTtl: Duration.minutes(5) }, {}],
    ['keySources', { keySources: ['header:X-Api-Key'] }, {}],
    ['type', {}, { type: 'TOKEN' }],
  ])('receives a new id if %s changes the authorizer', (_prop, props, options) => {
    expect(deploymentOf(flag, props, options).id).not.toBe(deploymentOf(flag, {}).id);
  });

  test('keeps its id if the authorizer stays the same', () => {
    const { id } = deploymentOf(flag, {});
    expect(id).toEqual(expect.any(String));
    expect(deploymentOf(flag, {}).id).toBe(id);
    expect(deploymentOf(flag, { memorySize: 512, keyPrefixes: ['acme_'] }).id).toBe(id);
  });

  test('depends on the authorizer and its permission', () => {
    const [permission] = Object.keys(deployedTemplate(flag, {}).findResources('AWS::Lambda::Permission'));
    const [authorizer] = Object.keys(deployedTemplate(flag, {}).findResources('AWS::ApiGateway::Authorizer'));
    expect(deploymentOf(flag, {}).dependsOn).toEqual(expect.arrayContaining([permission, authorizer]));
  });
});

test('forRestApi supports an API with deploy: false', () => {
  const { stack, authorizer } = authorizerUnderTest();
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false, deploy: false });
  api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
  Template.fromStack(stack).resourceCountIs('AWS::ApiGateway::Deployment', 0);
});

/** Returns the template of a stack with each type of API Gateway API. */
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

const idsIn = (template: Template, ...types: readonly string[]) =>
  types.flatMap((type) => Object.keys(template.findResources(type))).toSorted();

test.each<[string, AuthorizerProps]>([
  ['without an alias', {}],
  ['with an alias', { provisionedConcurrentExecutions: 1 }],
  ['with a result cache', { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(1) }],
])('each permission to invoke the authorizer’s function is for only one API’s authorizers: %s', (_, props) => {
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
  const apis = idsIn(template, 'AWS::ApiGateway::RestApi', 'AWS::ApiGatewayV2::Api');
  expect(apis).toHaveLength(3);
  expect([...new Set(named)].toSorted()).toEqual(apis);
});
