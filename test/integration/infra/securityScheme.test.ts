import { App, Duration, Fn, Stack } from 'aws-cdk-lib';
import { ApiDefinition, ResponseType, RestApi, SpecRestApi, type SpecRestApiProps } from 'aws-cdk-lib/aws-apigateway';
import { CfnApi, HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { type AuthorizerProps, authorizerUnderTest, FAST, problemOf } from './authorizerUnderTest.ts';

const GET = { security: [{ latchkey: [] }], 'x-amazon-apigateway-integration': { type: 'mock' } };

/** Returns an OpenAPI 3 definition with one operation behind the scheme. */
const openApi3 = (scheme: object, members: object = {}) => ({
  openapi: '3.0.1',
  info: { title: 'Orders', version: '1' },
  paths: { '/orders': { get: GET } },
  components: { securitySchemes: { latchkey: scheme } },
  ...members,
});

const swagger2 = (scheme: object) => ({
  swagger: '2.0',
  info: { title: 'Orders', version: '1' },
  paths: { '/orders': { 'x-amazon-apigateway-any-method': GET }, '/health': { get: { security: [] } } },
  securityDefinitions: { latchkey: scheme },
});

const specApi = (stack: Stack, definition: object, props: Partial<SpecRestApiProps> = {}) =>
  new SpecRestApi(stack, 'Api', {
    apiDefinition: ApiDefinition.fromInline(definition),
    cloudWatchRole: false,
    ...props,
  });

/** Returns the authorizer's extension of the security scheme for these props, with its tokens resolved. */
function extensionOf(props: AuthorizerProps, options: Parameters<ApiKeyAuthorizer['securityScheme']>[0]) {
  const { stack, authorizer } = authorizerUnderTest(props);
  return stack.resolve(authorizer.securityScheme(options))['x-amazon-apigateway-authorizer'];
}

/** Returns the definition in the template of the stack's only REST API. */
function bodyOf(stack: Stack) {
  const [api] = Object.values(Template.fromStack(stack).findResources('AWS::ApiGateway::RestApi'));
  return api?.['Properties'].Body;
}

const PLANNED = { plans: { free: { throttle: { rateLimit: 1, burstLimit: 2 }, shared: true } } };

describe('securityScheme', () => {
  test('describes a REQUEST authorizer of a REST API', () => {
    const { stack, authorizer } = authorizerUnderTest({ keySources: ['header:X-Api-Key'] });
    expect(stack.resolve(authorizer.securityScheme())).toEqual({
      type: 'apiKey',
      name: 'X-Api-Key',
      in: 'header',
      'x-amazon-apigateway-authtype': 'custom',
      'x-amazon-apigateway-authorizer': {
        type: 'request',
        identitySource: 'method.request.header.X-Api-Key',
        authorizerUri: { 'Fn::Join': ['', expect.arrayContaining([':lambda:path/2015-03-31/functions/'])] },
        authorizerResultTtlInSeconds: 0,
      },
    });
  });

  test('describes a TOKEN authorizer with the TTL of resultsCacheTtl', () => {
    const props: AuthorizerProps = { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(5) };
    expect(extensionOf(props, { type: 'TOKEN' })).toMatchObject({
      type: 'token',
      identitySource: 'method.request.header.Authorization',
      authorizerResultTtlInSeconds: 300,
    });
  });

  test('omits the identity source if there are several key sources', () => {
    expect(extensionOf({}, {})).not.toHaveProperty('identitySource');
  });

  test.each([
    [{}, { authorizerPayloadFormatVersion: '2.0', enableSimpleResponses: false }],
    [{ httpApiResponse: 'simple' }, { authorizerPayloadFormatVersion: '2.0', enableSimpleResponses: true }],
  ] as const)('describes an authorizer of an HTTP API for %j', (props, expected) => {
    const extension = extensionOf({ keySources: ['bearer'], ...props }, { apiType: 'http' });
    expect(extension).toMatchObject({
      ...expected,
      type: 'request',
      identitySource: '$request.header.Authorization',
    });
  });

  test('omits simple responses from payload format 1.0, which lacks them', () => {
    const extension = extensionOf({ httpApiResponse: 'simple' }, { apiType: 'http', payloadFormat: '1.0' });
    expect(extension).toMatchObject({ authorizerPayloadFormatVersion: '1.0' });
    expect(extension).not.toHaveProperty('enableSimpleResponses');
  });

  test('caches simple responses by route if scopes are mapped', () => {
    const props: AuthorizerProps = {
      keySources: ['bearer'],
      httpApiResponse: 'simple',
      resultsCacheTtl: Duration.minutes(1),
      scopes: { read: ['GET /orders'] },
    };
    const { identitySource } = extensionOf(props, { apiType: 'http' });
    expect(identitySource).toBe('$request.header.Authorization, $context.routeKey');
  });

  test('lets the invocationRole invoke the function', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const invocationRole = new Role(stack, 'Invoker', { assumedBy: new ServicePrincipal('apigateway.amazonaws.com') });
    specApi(stack, openApi3(authorizer.securityScheme({ invocationRole })));
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Lambda::Permission', 0);
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('^Invoker') }],
      PolicyDocument: { Statement: [Match.objectLike({ Action: 'lambda:InvokeFunction' })] },
    });
    expect(JSON.stringify(bodyOf(stack))).toContain('"authorizerCredentials":{"Fn::GetAtt":["Invoker');
  });

  test('fails the synthesis if the API may not invoke the function', () => {
    const { stack, authorizer } = authorizerUnderTest();
    specApi(stack, openApi3(authorizer.securityScheme()));
    expect(() => Template.fromStack(stack)).toThrow('securityScheme: expected addApiPermission(api)');
  });

  test.each<[string, object, string]>([
    ['apiType', { apiType: 'REST' }, 'apiType: expected rest or http, got "REST"'],
    ['type', { type: 'token' }, 'type: expected REQUEST or TOKEN, got "token"'],
    ['payloadFormat', { apiType: 'http', payloadFormat: '3.0' }, 'payloadFormat: expected 1.0 or 2.0, got "3.0"'],
    ['TOKEN authorizer of an HTTP API', { apiType: 'http', type: 'TOKEN' }, 'type: expected REQUEST, got "TOKEN"'],
  ])('rejects an unsupported %s', (_, options, problem) => {
    const { authorizer } = authorizerUnderTest({ keySources: ['bearer'] });
    expect(problemOf(() => authorizer.securityScheme(options))).toBe(problem);
  });

  test('rejects a TOKEN authorizer with several key sources', () => {
    const { authorizer } = authorizerUnderTest();
    const problem = problemOf(() => authorizer.securityScheme({ type: 'TOKEN' }));
    expect(problem).toBe(
      'type: expected exactly one key source for "TOKEN", bearer, basic or a header, got the key sources bearer, query',
    );
  });
});

describe('addApiPermission', () => {
  test.each([
    ['OpenAPI 3', openApi3],
    ['Swagger 2', swagger2],
  ])('lets only the REST API of a definition in %s invoke the function', (_, define) => {
    const { stack, authorizer } = authorizerUnderTest();
    authorizer.addApiPermission(specApi(stack, define(authorizer.securityScheme())));
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Lambda::Permission', 1);
    template.hasResourceProperties('AWS::Lambda::Permission', {
      SourceArn: { 'Fn::Join': ['', Match.arrayWith([{ Ref: Match.stringLikeRegexp('^Api') }, '/authorizers/*'])] },
    });
  });

  test('makes the deployment wait for the permission', () => {
    const { stack, authorizer } = authorizerUnderTest();
    authorizer.addApiPermission(specApi(stack, openApi3(authorizer.securityScheme())));
    const template = Template.fromStack(stack);
    const [permission] = Object.keys(template.findResources('AWS::Lambda::Permission'));
    template.hasResource('AWS::ApiGateway::Deployment', { DependsOn: Match.arrayWith([permission]) });
  });

  test('lets the HTTP API of a definition invoke the alias of a rollout', () => {
    const { stack, authorizer } = authorizerUnderTest({ rollout: LambdaDeploymentConfig.ALL_AT_ONCE });
    const body = openApi3(authorizer.securityScheme({ apiType: 'http' }));
    authorizer.addApiPermission(new CfnApi(stack, 'Http', { body }));
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Permission', {
      FunctionName: { Ref: Match.stringLikeRegexp('Aliaslive') },
      SourceArn: { 'Fn::Join': ['', Match.arrayWith([{ Ref: 'Http' }])] },
    });
  });

  test('lets an imported API invoke the function', () => {
    const { stack, authorizer } = authorizerUnderTest();
    authorizer.addApiPermission(RestApi.fromRestApiId(stack, 'Rest', 'rest0id'));
    authorizer.addApiPermission(HttpApi.fromHttpApiAttributes(stack, 'Http', { httpApiId: 'http0id' }));
    const permissions = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Permission'));
    const sources = permissions.map(({ Properties }) => JSON.stringify(Properties.SourceArn));
    expect(sources).toEqual([
      expect.stringContaining(':rest0id/authorizers/*'),
      expect.stringContaining(':http0id/authorizers/*'),
    ]);
  });

  test('does not make the stacks depend on each other', () => {
    const app = new App({ context: FAST });
    const keys = new Stack(app, 'Keys');
    const authorizer = new ApiKeyAuthorizer(keys, 'Authorizer', { table: new ApiKeyTable(keys, 'Table') });
    const orders = new Stack(app, 'Orders');
    authorizer.addApiPermission(specApi(orders, openApi3(authorizer.securityScheme())));
    Template.fromStack(orders).resourceCountIs('AWS::Lambda::Permission', 1);
    expect(keys.dependencies).toEqual([]);
  });

  test('fails the synthesis if only the root of a REST definition requires a key', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const paths = { '/orders': { get: {}, post: GET }, '/health': { get: { security: [] } } };
    const definition = openApi3(authorizer.securityScheme(), { security: [{ latchkey: [] }], paths });
    authorizer.addApiPermission(specApi(stack, definition));
    expect(() => Template.fromStack(stack)).toThrow('GET /orders would accept requests without a key');
  });

  test('fails the synthesis if an operation names a scheme that the definition lacks', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const paths = { '/orders': { get: GET, post: { ...GET, security: [{ latchkeys: [] }] } } };
    authorizer.addApiPermission(specApi(stack, openApi3(authorizer.securityScheme(), { paths })));
    expect(() => Template.fromStack(stack)).toThrow('got an unknown one in POST /orders');
  });

  test('fails the synthesis if no operation requires a key', () => {
    const { stack, authorizer } = authorizerUnderTest();
    authorizer.addApiPermission(specApi(stack, openApi3(authorizer.securityScheme(), { paths: { '/': { get: {} } } })));
    expect(() => Template.fromStack(stack)).toThrow('every operation would accept requests without a key');
  });
});

describe('applyPlans on a SpecRestApi', () => {
  test.each([
    ['OpenAPI 3', openApi3, ['components', 'securitySchemes'], 'get'],
    ['Swagger 2', swagger2, ['securityDefinitions'], 'x-amazon-apigateway-any-method'],
  ])('makes operations in %s require a key from the authorizer', (_, define, schemes, operation) => {
    const { stack, authorizer } = authorizerUnderTest(PLANNED);
    const api = specApi(stack, define(authorizer.securityScheme()));
    authorizer.addApiPermission(api);
    authorizer.applyPlans(api);
    const body = bodyOf(stack);
    expect(body.paths['/orders'][operation].security).toEqual([{ latchkey: [], api_key: [] }]);
    expect(body).toHaveProperty([...schemes, 'api_key'], { type: 'apiKey', name: 'x-api-key', in: 'header' });
    expect(body).toHaveProperty('x-amazon-apigateway-api-key-source', 'AUTHORIZER');
    expect(body.paths['/health']?.get.security ?? []).toEqual([]);
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { ApiKeySourceType: 'AUTHORIZER' });
    const stage = { ApiId: { Ref: Match.stringLikeRegexp('^Api') }, Stage: { Ref: Match.stringLikeRegexp('Stage') } };
    template.allResourcesProperties('AWS::ApiGateway::UsagePlan', { ApiStages: [stage] });
  });

  test('uses the API key scheme that the definition already has', () => {
    const { stack, authorizer } = authorizerUnderTest({ ...PLANNED, keySources: ['header:X-Api-Key'] });
    const own = { type: 'apiKey', name: 'X-API-Key', in: 'header' };
    const securitySchemes = { latchkey: authorizer.securityScheme(), own };
    const api = specApi(stack, openApi3({}, { components: { securitySchemes, schemas: { Order: {} } } }));
    authorizer.addApiPermission(api);
    authorizer.applyPlans(api);
    const body = bodyOf(stack);
    expect(body.paths['/orders'].get.security).toEqual([{ latchkey: [], own: [] }]);
    expect(Object.keys(body.components.securitySchemes)).toEqual(['latchkey', 'own']);
    expect(body.components.schemas).toEqual({ Order: {} });
  });

  test('rejects a definition that reads API keys from a header', () => {
    const { stack, authorizer } = authorizerUnderTest(PLANNED);
    const members = { 'x-amazon-apigateway-api-key-source': 'HEADER' };
    const api = specApi(stack, openApi3(authorizer.securityScheme(), members));
    expect(problemOf(() => authorizer.applyPlans(api))).toMatch(/apiKeySourceType AUTHORIZER or none, got HEADER$/);
  });

  test('fails the synthesis for an operation that requires an API key without the authorizer', () => {
    const { stack, authorizer } = authorizerUnderTest(PLANNED);
    const own = { type: 'apiKey', name: 'x-api-key', in: 'header' };
    const components = { securitySchemes: { latchkey: authorizer.securityScheme(), own } };
    const paths = { '/orders': { get: GET }, '/legacy': { post: { security: [{ own: [] }] } } };
    const api = specApi(stack, openApi3({}, { components, paths }));
    authorizer.addApiPermission(api);
    authorizer.applyPlans(api);
    expect(() => Template.fromStack(stack)).toThrow('applyPlans: POST /legacy: expected an authorizer');
  });

  test('warns about a definition that the synthesis cannot read', () => {
    const { stack, authorizer } = authorizerUnderTest(PLANNED);
    const bucket = Bucket.fromBucketName(stack, 'Bucket', 'definitions');
    const hidden = specApi(stack, openApi3({}), { apiDefinition: ApiDefinition.fromBucket(bucket, 'orders.json') });
    authorizer.applyPlans(hidden);
    authorizer.addGatewayResponses(hidden);
    const included = new SpecRestApi(stack, 'Included', {
      apiDefinition: ApiDefinition.fromInline(
        Fn.transform('AWS::Include', { Location: 's3://definitions/orders.json' }),
      ),
      cloudWatchRole: false,
    });
    authorizer.applyPlans(included);
    const warnings = Annotations.fromStack(stack);
    for (const path of ['/Test/Api', '/Test/Included'])
      warnings.hasWarning(path, Match.stringLikeRegexp('applyPlans: expected an inline definition'));
    warnings.hasWarning('/Test/Api', Match.stringLikeRegexp('addGatewayResponses: expected an inline definition'));
  });

  test('warns about an imported API, whose key source it cannot set', () => {
    const { stack, authorizer } = authorizerUnderTest(PLANNED);
    const other = new Stack(stack.node.root as App, 'Other');
    const api = new RestApi(other, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET');
    const imported = RestApi.fromRestApiId(stack, 'Imported', api.restApiId);
    authorizer.applyPlans(imported, { stages: [api.deploymentStage] });
    Annotations.fromStack(stack).hasWarning(
      '/Test/Imported',
      Match.stringLikeRegexp('applyPlans: expected an API of this app'),
    );
  });
});

describe('addStage for a SpecRestApi with an operation that requires an API key without the authorizer', () => {
  const templateOf = (members: object) => {
    const { stack, authorizer } = authorizerUnderTest(PLANNED);
    const api = specApi(stack, openApi3({ type: 'apiKey', name: 'x-api-key', in: 'header' }, members));
    authorizer.plans?.addStage(api.deploymentStage);
    return Template.fromStack(stack);
  };

  test('fails the synthesis if the API reads API keys from a header', () => {
    expect(() => templateOf({})).toThrow(/addStage: .*orders.*: expected an authorizer on each method/);
  });

  test('adds the stage if the definition reads API keys from authorizers', () => {
    const template = templateOf({ 'x-amazon-apigateway-api-key-source': 'AUTHORIZER' });
    template.resourceCountIs('AWS::ApiGateway::UsagePlan', 2);
  });
});

describe('addGatewayResponses on a SpecRestApi', () => {
  test('adds the responses to the definition, and keeps those that the API has', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const own = { responseTemplates: { 'application/json': '{"own":true}' } };
    const members = { 'x-amazon-apigateway-gateway-responses': { ACCESS_DENIED: own } };
    const api = specApi(stack, openApi3(authorizer.securityScheme(), members));
    api.addGatewayResponse('Failure', { type: ResponseType.DEFAULT_5XX });
    authorizer.addApiPermission(api);
    authorizer.addGatewayResponses(api, { cors: { allowOrigins: ['*'] } });
    const responses = bodyOf(stack)['x-amazon-apigateway-gateway-responses'];
    expect(responses.ACCESS_DENIED).toEqual(own);
    expect(responses).not.toHaveProperty('DEFAULT_5XX');
    expect(responses.UNAUTHORIZED).toEqual({
      responseParameters: {
        'gatewayresponse.header.Access-Control-Allow-Origin': "'*'",
        'gatewayresponse.header.WWW-Authenticate': "'Bearer'",
      },
      responseTemplates: { 'application/json': expect.stringContaining('AUTH_REQUIRED') },
    });
    Template.fromStack(stack).resourceCountIs('AWS::ApiGateway::GatewayResponse', 1);
  });

  test('adds gateway responses to an imported API', () => {
    const { stack, authorizer } = authorizerUnderTest();
    authorizer.addGatewayResponses(RestApi.fromRestApiId(stack, 'Imported', 'rest0id'));
    const responses = { RestApiId: 'rest0id', ResponseType: 'ACCESS_DENIED' };
    Template.fromStack(stack).hasResourceProperties('AWS::ApiGateway::GatewayResponse', responses);
  });
});
