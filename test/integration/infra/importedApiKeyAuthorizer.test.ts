import { App, CfnParameter, Duration, type Environment, Fn, Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import type { IApiKeyAuthorizer } from '../../../infra/iApiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerAttributes } from '../../../infra/importedApiKeyAuthorizer.ts';
import { addHttpRoute, FAST, refusalOf } from './authorizerUnderTest.ts';

const FUNCTION_ARN = 'arn:aws:lambda:eu-west-1:111111111111:function:orders-authorizer';
const ALIAS_ARN = `${FUNCTION_ARN}:live`;
const HERE = { region: 'eu-west-1', account: '111111111111' };
const PERMISSION = 'AWS::Lambda::Permission';
const REST_AUTHORIZER = 'AWS::ApiGateway::Authorizer';
const V2_AUTHORIZER = 'AWS::ApiGatewayV2::Authorizer';

type Attributes = Partial<ApiKeyAuthorizerAttributes>;

function imported(attributes: Attributes = {}, env: Environment = HERE) {
  const context = { ...FAST, [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true };
  const stack = new Stack(new App({ context }), 'Orders', { env });
  const authorizer = ApiKeyAuthorizer.fromFunctionAttributes(stack, 'Authorizer', {
    functionArn: FUNCTION_ARN,
    ...attributes,
  });
  return { stack, authorizer };
}

function addRestApi(stack: Stack, authorizer: IApiKeyAuthorizer): RestApi {
  const api = new RestApi(stack, 'Rest', { cloudWatchRole: false });
  api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
  return api;
}

function addWebSocketApi(stack: Stack, authorizer: IApiKeyAuthorizer): void {
  const integration = new WebSocketMockIntegration('Integration');
  new WebSocketApi(stack, 'Socket', { connectRouteOptions: { integration, authorizer: authorizer.forWebSocketApi() } });
}

function withAllApis({ stack, authorizer }: ReturnType<typeof imported>): Template {
  addRestApi(stack, authorizer);
  addHttpRoute(new HttpApi(stack, 'Http'), authorizer.forHttpApi());
  addWebSocketApi(stack, authorizer);
  new GraphqlApi(stack, 'AppSync', {
    name: 'api',
    definition: Definition.fromFile(new URL('schema.graphql', import.meta.url).pathname),
    authorizationConfig: { defaultAuthorization: authorizer.forAppSync() },
  });
  return Template.fromStack(stack);
}

describe('an authorizer from fromFunctionArn', () => {
  test('lets every type of API invoke the function', () => {
    const template = withAllApis(imported());
    template.resourceCountIs('AWS::Lambda::Function', 0);
    const permissions = Object.values(template.findResources(PERMISSION)).map(({ Properties }) => Properties);
    expect(permissions.map(({ Principal }) => Principal).toSorted()).toEqual([
      'apigateway.amazonaws.com',
      'apigateway.amazonaws.com',
      'apigateway.amazonaws.com',
      'appsync.amazonaws.com',
    ]);
    expect(new Set(permissions.map(({ FunctionName }) => FunctionName))).toEqual(new Set([FUNCTION_ARN]));
  });

  test('has an authorizer that depends on its permission for each API', () => {
    const template = withAllApis(imported());
    const permissions = Object.keys(template.findResources(PERMISSION));
    const authorizers = [REST_AUTHORIZER, V2_AUTHORIZER].flatMap((type) => Object.values(template.findResources(type)));
    expect(authorizers).toHaveLength(3);
    for (const { Properties, DependsOn } of authorizers) {
      expect(JSON.stringify(Properties.AuthorizerUri)).toContain(`functions/${FUNCTION_ARN}/invocations`);
      expect(permissions).toEqual(expect.arrayContaining(DependsOn));
    }
  });

  test('invokes an alias if you pass the ARN of the alias', () => {
    const stack = new Stack(new App(), 'Orders', { env: HERE });
    const authorizer = ApiKeyAuthorizer.fromFunctionArn(stack, 'Authorizer', ALIAS_ARN);
    expect(authorizer.functionArn).toBe(ALIAS_ARN);
    addRestApi(stack, authorizer);
    const template = Template.fromStack(stack);
    template.hasResourceProperties(PERMISSION, { FunctionName: ALIAS_ARN });
    const uri = JSON.stringify(template.findResources(REST_AUTHORIZER));
    expect(uri).toContain(`functions/${ALIAS_ARN}/invocations`);
  });

  test('triggers a new deployment of the REST API if its attributes change', () => {
    const deploymentIn = (attributes: Attributes) => {
      const { stack, authorizer } = imported(attributes);
      addRestApi(stack, authorizer);
      return Object.keys(Template.fromStack(stack).findResources('AWS::ApiGateway::Deployment'));
    };
    expect(deploymentIn({})).not.toEqual(deploymentIn({ functionArn: ALIAS_ARN }));
    expect(deploymentIn({})).not.toEqual(deploymentIn({ keySources: ['header:X-Api-Key'] }));
    expect(deploymentIn({})).toEqual(deploymentIn({}));
  });

  test('accepts a token, such as an export of another stack', () => {
    const stack = new Stack(new App(), 'Orders');
    const authorizer = ApiKeyAuthorizer.fromFunctionArn(stack, 'Authorizer', Fn.importValue('AuthorizerArn'));
    addRestApi(stack, authorizer);
    const template = Template.fromStack(stack);
    template.hasResourceProperties(PERMISSION, { FunctionName: { 'Fn::ImportValue': 'AuthorizerArn' } });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('invokes what the other stack’s functionArn exports', () => {
    const app = new App({ context: FAST });
    const shared = new Stack(app, 'Shared');
    const table = new ApiKeyTable(shared, 'Keys');
    const rollout = LambdaDeploymentConfig.ALL_AT_ONCE;
    const { functionArn } = new ApiKeyAuthorizer(shared, 'Authorizer', { table, rollout });
    const stack = new Stack(app, 'Orders');
    addRestApi(stack, ApiKeyAuthorizer.fromFunctionArn(stack, 'Authorizer', functionArn));
    const [permission] = Object.values(Template.fromStack(stack).findResources(PERMISSION));
    expect(JSON.stringify(permission?.['Properties'].FunctionName)).toMatch(/Fn::ImportValue.+Alias/);
  });

  test('warns that another account must allow API Gateway, and creates no permission there', () => {
    const { stack, authorizer } = imported({}, { ...HERE, account: '222222222222' });
    addRestApi(stack, authorizer);
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('^functionArn: .+ account 111111111111: allow '),
    );
    Template.fromStack(stack).resourceCountIs(PERMISSION, 0);
  });

  test('rejects a function in another Region, because this stack can’t create its permissions', () => {
    const { problem } = refusalOf(() => imported({}, { ...HERE, region: 'eu-central-1' }));
    expect(problem).toBe(
      'functionArn: expected a function in eu-central-1, the Region of this stack, got one in eu-west-1',
    );
  });

  test.each(['orders-authorizer', 'arn:aws:s3:::orders', `${FUNCTION_ARN}:live:old`])('rejects %s', (functionArn) => {
    const stack = new Stack(new App(), 'Orders');
    const { path, problem } = refusalOf(() => ApiKeyAuthorizer.fromFunctionArn(stack, 'Authorizer', functionArn));
    expect(path).toBe('Orders/Authorizer');
    expect(problem).toContain(`got "${functionArn}"`);
    expect(problem).toMatch(/^functionArn: expected the ARN of a Lambda function or of its alias, such as arn:aws:/);
  });
});

describe('an authorizer from fromFunctionAttributes', () => {
  test('has the identity source of its key source', () => {
    const { stack, authorizer } = imported({ keySources: ['header:X-Api-Key'] });
    addRestApi(stack, authorizer);
    addHttpRoute(new HttpApi(stack, 'Http'), authorizer.forHttpApi());
    const template = Template.fromStack(stack);
    template.hasResourceProperties(REST_AUTHORIZER, { IdentitySource: 'method.request.header.X-Api-Key' });
    template.hasResourceProperties(V2_AUTHORIZER, { IdentitySource: ['$request.header.X-Api-Key'] });
  });

  test.each([
    [undefined, ['$request.header.Authorization', '$context.routeKey']],
    [false, ['$request.header.Authorization']],
  ])('caches simple responses by route if hasScopes is %p', (hasScopes, IdentitySource) => {
    const { stack, authorizer } = imported({
      keySources: ['bearer'],
      resultsCacheTtl: Duration.minutes(1),
      httpApiResponse: 'simple',
      ...(hasScopes !== undefined && { hasScopes }),
    });
    addHttpRoute(new HttpApi(stack, 'Http'), authorizer.forHttpApi());
    Template.fromStack(stack).hasResourceProperties(V2_AUTHORIZER, {
      IdentitySource,
      AuthorizerResultTtlInSeconds: 60,
      EnableSimpleResponses: true,
    });
  });

  test('accepts a token as resultsCacheTtl', () => {
    const { stack, authorizer } = imported({ keySources: ['bearer'] });
    const ttl = new CfnParameter(stack, 'Ttl', { type: 'Number' });
    const cached = ApiKeyAuthorizer.fromFunctionAttributes(stack, 'Cached', {
      functionArn: authorizer.functionArn,
      keySources: ['bearer'],
      resultsCacheTtl: Duration.seconds(ttl.valueAsNumber),
    });
    addRestApi(stack, cached);
    Template.fromStack(stack).hasResourceProperties(REST_AUTHORIZER, { AuthorizerResultTtlInSeconds: { Ref: 'Ttl' } });
  });

  test.each<[string, Attributes]>([
    ['resultsCacheTtl', { resultsCacheTtl: Duration.minutes(1) }],
    ['resultsCacheTtl', { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(61) }],
    ['keySources', { keySources: [] }],
    ['httpApiResponse', { httpApiResponse: 'policy' as 'iam' }],
  ])('rejects an invalid %s by the rules of the prop: %p', (attribute, attributes) => {
    expect(refusalOf(() => imported(attributes)).problem).toMatch(new RegExp(`^${attribute}: expected .+, got `));
  });

  test('adds gateway responses that name its key sources', () => {
    const { stack, authorizer } = imported({ keySources: ['header:X-Api-Key'] });
    authorizer.addGatewayResponses(addRestApi(stack, authorizer));
    const body = Match.objectLike({ 'application/json': Match.stringLikeRegexp('X-Api-Key') });
    Template.fromStack(stack).hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseType: 'UNAUTHORIZED',
      ResponseTemplates: body,
    });
  });
});
