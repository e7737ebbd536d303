import { Duration, NestedStack, type Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, MappingValue, ParameterMapping, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AppSyncAuthorizationType, Definition, EventApi, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import { describe, expect, test } from '@jest/globals';
import type { HttpApiAuthorizerOptions, RestApiAuthorizerOptions } from '../../../infra/iApiKeyAuthorizer.ts';
import {
  addHttpRoute,
  authorizerTemplate,
  authorizerUnderTest,
  sharedTemplate,
  type AuthorizerProps as Props,
} from './authorizerUnderTest.ts';

const build = authorizerUnderTest;

const FUNCTION = 'AWS::Lambda::Function';
const REST_AUTHORIZER = 'AWS::ApiGateway::Authorizer';
const HTTP_AUTHORIZER = 'AWS::ApiGatewayV2::Authorizer';

const withRestApi = sharedTemplate((props: Props = {}, options: RestApiAuthorizerOptions = {}) => {
  const { stack, authorizer } = build(props);
  const api = new RestApi(stack, 'Api');
  api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi('Rest', options) });
  return stack;
});

const withHttpApi = sharedTemplate((props: Props = {}, options: HttpApiAuthorizerOptions = {}) => {
  const { stack, authorizer } = build(props);
  addHttpRoute(new HttpApi(stack, 'Api'), authorizer.forHttpApi('Http', options));
  return stack;
});

const withWebSocketApi = sharedTemplate((props: Props = {}) => {
  const { stack, authorizer } = build(props);
  const integration = new WebSocketMockIntegration('Integration');
  new WebSocketApi(stack, 'Api', {
    connectRouteOptions: { integration, authorizer: authorizer.forWebSocketApi('WebSocket') },
  });
  return stack;
});

const withAppSync = sharedTemplate((props: Props = {}) => {
  const { stack, authorizer } = build(props, { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true });
  new GraphqlApi(stack, 'Api', {
    name: 'Api',
    definition: Definition.fromFile('test/integration/infra/schema.graphql'),
    authorizationConfig: { defaultAuthorization: authorizer.forAppSync() },
  });
  return stack;
});

describe('the authorizer’s function', () => {
  test('runs on Node 24 and arm64 with a timeout of 6 seconds', () => {
    authorizerTemplate().hasResourceProperties(FUNCTION, {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: 6,
    });
  });

  test('may write only to its own log group', () => {
    const template = authorizerTemplate();
    const [logGroup] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    template.hasResourceProperties(FUNCTION, { LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: logGroup } } });
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: { 'Fn::GetAtt': [logGroup, 'Arn'] },
          },
        ]),
      },
    });
  });

  test('receives the table’s name and all props as environment variables', () => {
    const template = authorizerTemplate({
      keyPrefixes: ['acme_'],
      keySources: ['header:X-Api-Key', 'bearer'],
      externalKeys: true,
      trustedProxies: ['10.0.0.0/8', '2001:db8::7'],
      lastUsedInterval: Duration.hours(1),
      recordCacheTtl: Duration.seconds(0),
      staleIfError: Duration.minutes(5),
      httpApiResponse: 'simple',
      scopes: { 'orders:read': ['GET /orders', 'GET /orders/*'], live: ['$connect'] },
      metrics: false,
      debugSampleRate: 0.01,
    });
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    template.hasResourceProperties(FUNCTION, {
      Environment: {
        Variables: {
          LATCHKEY_TABLE: { Ref: table },
          LATCHKEY_KEY_PREFIXES: 'acme_',
          LATCHKEY_KEY_SOURCES: 'header:X-Api-Key,bearer',
          LATCHKEY_EXTERNAL_KEYS: 'true',
          LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8,2001:db8::7',
          LATCHKEY_LAST_USED_SECONDS: '3600',
          LATCHKEY_RECORD_CACHE_SECONDS: '0',
          LATCHKEY_STALE_IF_ERROR_SECONDS: '300',
          LATCHKEY_HTTP_API_RESPONSE: 'simple',
          LATCHKEY_SCOPES: '{"orders:read":["GET /orders","GET /orders/*"],"live":["$connect"]}',
          LATCHKEY_METRICS: 'false',
          LATCHKEY_DEBUG_SAMPLE_RATE: '0.01',
        },
      },
    });
  });
});

describe('the revocation delay', () => {
  test.each<[Props, number]>([
    [{}, 60],
    [{ recordCacheTtl: Duration.seconds(0) }, 0],
    [{ keySources: ['bearer'], resultsCacheTtl: Duration.minutes(5) }, 360],
    [{ keySources: ['bearer'], resultsCacheTtl: Duration.minutes(5), recordCacheTtl: Duration.seconds(0) }, 300],
  ])('equals the sum of both caches’ TTLs for the props %p: %i seconds', (props, seconds) => {
    expect(build(props).authorizer.revocationDelay.toSeconds()).toBe(seconds);
  });
});

describe('forRestApi', () => {
  test('omits the identity source if the authorizer has several key sources', () => {
    withRestApi().hasResourceProperties(REST_AUTHORIZER, {
      Type: 'REQUEST',
      IdentitySource: '',
      AuthorizerResultTtlInSeconds: 0,
    });
  });

  test.each<[Props['keySources'], string]>([
    [['bearer'], 'method.request.header.Authorization'],
    [['header:X-Api-Key'], 'method.request.header.X-Api-Key'],
    [['header:x-api-key'], 'method.request.header.x-api-key'],
    [['header:X-Auth:Token'], 'method.request.header.X-Auth'],
    [['basic'], 'method.request.header.Authorization'],
    [['query:key'], 'method.request.querystring.key'],
    [['cookie:key'], 'method.request.header.Cookie'],
    [['websocket-protocol'], 'method.request.header.Sec-WebSocket-Protocol'],
  ])('maps the key source %p to the identity source %s', (keySources, IdentitySource) => {
    withRestApi({ ...(keySources && { keySources }), resultsCacheTtl: Duration.minutes(5) }).hasResourceProperties(
      REST_AUTHORIZER,
      { Type: 'REQUEST', IdentitySource, AuthorizerResultTtlInSeconds: 300 },
    );
  });

  test("creates a TOKEN authorizer if you pass type: 'TOKEN'", () => {
    withRestApi({ keySources: ['bearer'] }, { type: 'TOKEN' }).hasResourceProperties(REST_AUTHORIZER, {
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: 0,
    });
  });

  test.each<[Props['keySources'], string]>([
    [['basic'], 'Authorization'],
    [['header:Authorization:Api-Key'], 'Authorization'],
    [['header:X-Auth:Token'], 'X-Auth'],
  ])("creates a TOKEN authorizer for the key source %p if you pass type: 'TOKEN'", (keySources, name) => {
    withRestApi({ ...(keySources && { keySources }) }, { type: 'TOKEN' }).hasResourceProperties(REST_AUTHORIZER, {
      Type: 'TOKEN',
      IdentitySource: `method.request.header.${name}`,
    });
  });

  test('connects the authorizers of several APIs to one Lambda function', () => {
    const { stack, authorizer } = build();
    for (const id of ['One', 'Two']) {
      const api = new RestApi(stack, id);
      api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi(`${id}Authorizer`) });
    }
    const template = Template.fromStack(stack);
    template.resourceCountIs(REST_AUTHORIZER, 2);
    template.resourceCountIs(FUNCTION, 1);
  });
});

describe('forHttpApi', () => {
  test('creates an authorizer with payload format 2.0 by default', () => {
    const template = withHttpApi();
    const [api] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    const [authorizer] = Object.keys(template.findResources(HTTP_AUTHORIZER));
    template.hasResourceProperties(HTTP_AUTHORIZER, {
      ApiId: { Ref: api },
      AuthorizerType: 'REQUEST',
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: false,
      IdentitySource: [],
      AuthorizerResultTtlInSeconds: 0,
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      AuthorizationType: 'CUSTOM',
      AuthorizerId: { Ref: authorizer },
    });
  });

  test('enables simple responses if the authorizer’s function returns them', () => {
    withHttpApi({ httpApiResponse: 'simple' }).hasResourceProperties(HTTP_AUTHORIZER, { EnableSimpleResponses: true });
  });

  test('maps a single key source to the identity source', () => {
    withHttpApi({ keySources: ['bearer'], resultsCacheTtl: Duration.minutes(1) }).hasResourceProperties(
      HTTP_AUTHORIZER,
      {
        IdentitySource: ['$request.header.Authorization'],
        AuthorizerResultTtlInSeconds: 60,
      },
    );
  });

  test('allows only authorizers of the API to invoke the authorizer’s function', () => {
    const template = withHttpApi();
    const [api] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    const sourceArn = Match.objectLike({ 'Fn::Join': ['', Match.arrayWith([{ Ref: api }, '/authorizers/*'])] });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: sourceArn,
    });
  });

  test('does not enable simple responses with payload format 1.0', () => {
    withHttpApi({ httpApiResponse: 'simple' }, { payloadFormat: '1.0' }).hasResourceProperties(HTTP_AUTHORIZER, {
      AuthorizerPayloadFormatVersion: '1.0',
      EnableSimpleResponses: Match.absent(),
    });
  });

  const CACHED: Props = { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(1) };
  const SCOPED: Props = { scopes: { read: ['GET /orders'] } };

  test('adds the route to the cache key of simple responses if scopes are mapped', () => {
    withHttpApi({ ...CACHED, ...SCOPED, httpApiResponse: 'simple' }).hasResourceProperties(HTTP_AUTHORIZER, {
      IdentitySource: ['$request.header.Authorization', '$context.routeKey'],
    });
  });

  test.each<[string, Props, HttpApiAuthorizerOptions]>([
    ['a policy', { ...CACHED, ...SCOPED }, {}],
    ['a policy in payload format 1.0', { ...CACHED, ...SCOPED, httpApiResponse: 'simple' }, { payloadFormat: '1.0' }],
    ['a simple response without mapped scopes', { ...CACHED, scopes: {}, httpApiResponse: 'simple' }, {}],
  ])('omits the route from the cache key of %s', (_, props, options) => {
    withHttpApi(props, options).hasResourceProperties(HTTP_AUTHORIZER, {
      IdentitySource: ['$request.header.Authorization'],
      AuthorizerResultTtlInSeconds: 60,
    });
  });

  test('omits the route from the identity sources if the cache is off', () => {
    withHttpApi({ keySources: ['bearer'], ...SCOPED, httpApiResponse: 'simple' }).hasResourceProperties(
      HTTP_AUTHORIZER,
      { IdentitySource: ['$request.header.Authorization'], AuthorizerResultTtlInSeconds: 0 },
    );
  });
});

describe('forWebSocketApi', () => {
  test('creates an authorizer that API Gateway invokes for $connect even without a key', () => {
    const template = withWebSocketApi();
    const [api] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    const [authorizer] = Object.keys(template.findResources(HTTP_AUTHORIZER));
    template.hasResourceProperties(HTTP_AUTHORIZER, {
      ApiId: { Ref: api },
      AuthorizerType: 'REQUEST',
      IdentitySource: [],
      AuthorizerResultTtlInSeconds: Match.absent(),
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: '$connect',
      AuthorizationType: 'CUSTOM',
      AuthorizerId: { Ref: authorizer },
    });
  });

  test.each<[Props['keySources'], string]>([
    [['bearer'], 'route.request.header.Authorization'],
    [['header:X-Api-Key'], 'route.request.header.X-Api-Key'],
    [['query:key'], 'route.request.querystring.key'],
    [['cookie:key'], 'route.request.header.Cookie'],
    [['websocket-protocol'], 'route.request.header.Sec-WebSocket-Protocol'],
  ])('maps the key source %p to the identity source %s', (keySources, source) => {
    withWebSocketApi({ ...(keySources && { keySources }), resultsCacheTtl: Duration.minutes(5) }).hasResourceProperties(
      HTTP_AUTHORIZER,
      { IdentitySource: [source], AuthorizerResultTtlInSeconds: Match.absent() },
    );
  });

  test('allows only authorizers of the API to invoke the authorizer’s function', () => {
    const template = withWebSocketApi();
    const [api] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'apigateway.amazonaws.com',
      SourceArn: { 'Fn::Join': ['', Match.arrayWith([{ Ref: api }, '/authorizers/*'])] },
    });
  });
});

describe('forAppSync', () => {
  test.each<[Props, number]>([
    [{}, 0],
    [{ keySources: ['bearer'], resultsCacheTtl: Duration.minutes(5) }, 300],
  ])('sets the result cache’s TTL for the props %p to %i seconds', (props, seconds) => {
    const template = withAppSync(props);
    const [handler] = Object.keys(template.findResources(FUNCTION));
    template.hasResourceProperties('AWS::AppSync::GraphQLApi', {
      AuthenticationType: 'AWS_LAMBDA',
      LambdaAuthorizerConfig: {
        AuthorizerUri: { 'Fn::GetAtt': [handler, 'Arn'] },
        AuthorizerResultTtlInSeconds: seconds,
      },
    });
  });

  test('allows only its API to invoke the authorizer’s function if the CDK’s feature flag is set', () => {
    const template = withAppSync();
    const [api] = Object.keys(template.findResources('AWS::AppSync::GraphQLApi'));
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'appsync.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [api, 'Arn'] },
    });
  });
});

test('forAppSync warns if the feature flag is missing because every AppSync API may invoke the authorizer', () => {
  const { stack, authorizer } = build();
  authorizer.forAppSync();
  Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('feature flag .* every AppSync API'));
  const flagged = build({}, { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true });
  flagged.authorizer.forAppSync();
  Annotations.fromStack(flagged.stack).hasNoWarning('*', Match.anyValue());
});

describe('forEventApi', () => {
  const LAMBDA = [AppSyncAuthorizationType.LAMBDA];
  const withEventApi = (props: Props = {}, apiIn?: (stack: Stack) => Stack) => {
    const { stack, authorizer } = build(props);
    const scope = apiIn?.(stack) ?? stack;
    new EventApi(scope, 'Events', {
      apiName: 'events',
      authorizationConfig: {
        authProviders: [authorizer.forEventApi(scope === stack ? {} : { scope })],
        connectionAuthModeTypes: LAMBDA,
        defaultPublishAuthModeTypes: LAMBDA,
        defaultSubscribeAuthModeTypes: LAMBDA,
      },
    });
    return { stack, scope };
  };

  test.each<[Props, number]>([
    [{}, 0],
    [{ keySources: ['bearer'], resultsCacheTtl: Duration.minutes(5) }, 300],
  ])('returns a provider for the authorizer’s function with the cache of %j', (props, seconds) => {
    const template = Template.fromStack(withEventApi(props).stack);
    const [handler] = Object.keys(template.findResources(FUNCTION));
    template.hasResourceProperties('AWS::AppSync::Api', {
      EventConfig: {
        AuthProviders: [
          {
            AuthType: 'AWS_LAMBDA',
            LambdaAuthorizerConfig: {
              AuthorizerUri: { 'Fn::GetAtt': [handler, 'Arn'] },
              AuthorizerResultTtlInSeconds: seconds,
            },
          },
        ],
        ConnectionAuthModes: [{ AuthType: 'AWS_LAMBDA' }],
      },
    });
  });

  test('allows only its API to invoke the authorizer’s function', () => {
    const template = Template.fromStack(withEventApi().stack);
    const [api] = Object.keys(template.findResources('AWS::AppSync::Api'));
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'appsync.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [api, 'ApiArn'] },
    });
  });

  test('creates the permission in the stack of the option scope', () => {
    const { stack, scope } = withEventApi({}, (parent) => new NestedStack(parent, 'Nested'));
    Template.fromStack(scope).resourceCountIs('AWS::Lambda::Permission', 1);
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Permission', 0);
  });
});

describe('hideCredential', () => {
  const hidingIn = (props: Props, mapping?: ParameterMapping) => {
    const { stack, authorizer } = build(props);
    const parameterMapping = authorizer.hideCredential(mapping);
    addHttpRoute(new HttpApi(stack, 'Api'), authorizer.forHttpApi(), { parameterMapping });
    const [integration] = Object.values(Template.fromStack(stack).findResources('AWS::ApiGatewayV2::Integration'));
    return integration?.['Properties'].RequestParameters;
  };

  test('removes every key source from the request to the integration', () => {
    expect(hidingIn({ keySources: ['header:X-Api-Key', 'query:api_key'] })).toEqual({
      'remove:header.x-api-key': '',
      'remove:querystring.api_key': '',
    });
  });

  test('removes a header with a scheme, and the list of subprotocols', () => {
    expect(hidingIn({ keySources: ['header:X-Auth:Token', 'websocket-protocol'] })).toEqual({
      'remove:header.x-auth': '',
      'remove:header.sec-websocket-protocol': '',
    });
  });

  test('keeps the parameter mapping that you pass', () => {
    const mapping = new ParameterMapping().appendHeader('x-key-id', MappingValue.contextVariable('authorizer.keyId'));
    expect(hidingIn({ keySources: ['query:api_key'] }, mapping)).toEqual({
      'append:header.x-key-id': '$context.authorizer.keyId',
      'remove:querystring.api_key': '',
    });
  });

  test('accepts a header name if only a part of it is reserved', () => {
    expect(hidingIn({ keySources: ['header:X-Authorization', 'header:via-key', 'header:te-st'] })).toEqual({
      'remove:header.x-authorization': '',
      'remove:header.via-key': '',
      'remove:header.te-st': '',
    });
  });
});

test('forHttpApi does not add an OPTIONS route to an API with corsPreflight', () => {
  const { stack, authorizer } = build();
  const api = new HttpApi(stack, 'Api', { corsPreflight: { allowOrigins: ['https://a.example'] } });
  addHttpRoute(api, authorizer.forHttpApi());
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
    CorsConfiguration: { AllowOrigins: ['https://a.example'] },
  });
  template.resourceCountIs('AWS::ApiGatewayV2::Route', 1);
  template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: 'GET /', AuthorizationType: 'CUSTOM' });
});
