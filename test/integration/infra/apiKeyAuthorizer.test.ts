import { Duration } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi, type RestApiProps } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, MappingValue, ParameterMapping, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import { describe, expect, test } from '@jest/globals';
import type { HttpApiAuthorizerOptions, RestApiAuthorizerOptions } from '../../../infra/apiKeyAuthorizer.ts';
import { addHttpRoute, authorizerUnderTest, type AuthorizerProps as Props } from './authorizerUnderTest.ts';

const build = authorizerUnderTest;

const FUNCTION = 'AWS::Lambda::Function';
const REST_AUTHORIZER = 'AWS::ApiGateway::Authorizer';
const HTTP_AUTHORIZER = 'AWS::ApiGatewayV2::Authorizer';

function withRestApi(props: Props = {}, options: RestApiAuthorizerOptions = {}, apiProps: RestApiProps = {}) {
  const { stack, authorizer } = build(props);
  const api = new RestApi(stack, 'Api', apiProps);
  api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi('Rest', options) });
  authorizer.addGatewayResponses(api);
  return Template.fromStack(stack);
}

function withHttpApi(props: Props = {}, options: HttpApiAuthorizerOptions = {}) {
  const { stack, authorizer } = build(props);
  addHttpRoute(new HttpApi(stack, 'Api'), authorizer.forHttpApi('Http', options));
  return Template.fromStack(stack);
}

function withWebSocketApi(props: Props = {}) {
  const { stack, authorizer } = build(props);
  const integration = new WebSocketMockIntegration('Integration');
  const api = new WebSocketApi(stack, 'Api', {
    connectRouteOptions: { integration, authorizer: authorizer.forWebSocketApi('WebSocket') },
  });
  return Template.fromStack(api.stack);
}

function withAppSync(props: Props = {}) {
  const { stack, authorizer } = build(props, { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true });
  const api = new GraphqlApi(stack, 'Api', {
    name: 'Api',
    definition: Definition.fromFile('test/integration/infra/schema.graphql'),
    authorizationConfig: { defaultAuthorization: authorizer.forAppSync() },
  });
  return Template.fromStack(api.stack);
}

describe('the function', () => {
  test('runs the bundle on Node 24 and arm64, within a time that is longer than any fault takes', () => {
    Template.fromStack(build().stack).hasResourceProperties(FUNCTION, {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: 6,
    });
  });

  test('logs JSON to a group of its own that forgets, and may write to no other', () => {
    const template = Template.fromStack(build().stack);
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

  test('is told the table, and every prop that is given', () => {
    const template = Template.fromStack(
      build({
        keyPrefix: 'acme_',
        keySources: ['header:X-Api-Key', 'bearer'],
        acceptForeignKeys: true,
        lastUsedInterval: Duration.hours(1),
        recordCacheTtl: Duration.seconds(0),
        staleIfError: Duration.minutes(5),
        httpApiResponse: 'simple',
        scopes: { 'orders:read': ['GET /orders', 'GET /orders/*'], live: ['$connect'] },
        metrics: false,
        debugSampleRate: 0.01,
      }).stack,
    );
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    template.hasResourceProperties(FUNCTION, {
      Environment: {
        Variables: {
          LATCHKEY_TABLE: { Ref: table },
          LATCHKEY_KEY_PREFIX: 'acme_',
          LATCHKEY_KEY_SOURCES: 'header:X-Api-Key,bearer',
          LATCHKEY_ACCEPT_FOREIGN_KEYS: 'true',
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
  ])('the revocation delay with %p is %i seconds', (props, seconds) => {
    expect(build(props).authorizer.revocationDelay.toSeconds()).toBe(seconds);
  });
});

describe('forRestApi', () => {
  test('with several key sources asks the function on every request', () => {
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
    [['query:key'], 'method.request.querystring.key'],
  ])(
    'with %p alone has API Gateway refuse a request without it, and can keep results',
    (keySources, IdentitySource) => {
      withRestApi({ ...(keySources && { keySources }), resultsCacheTtl: Duration.minutes(5) }).hasResourceProperties(
        REST_AUTHORIZER,
        { Type: 'REQUEST', IdentitySource, AuthorizerResultTtlInSeconds: 300 },
      );
    },
  );

  test('can be a TOKEN authorizer of one header', () => {
    withRestApi({ keySources: ['bearer'] }, { type: 'TOKEN' }).hasResourceProperties(REST_AUTHORIZER, {
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: 0,
    });
  });

  test('gives each API an authorizer of its own on the one function', () => {
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
  test('is of payload format 2.0 and takes policies', () => {
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

  test('takes simple answers where the function gives them', () => {
    withHttpApi({ httpApiResponse: 'simple' }).hasResourceProperties(HTTP_AUTHORIZER, { EnableSimpleResponses: true });
  });

  test('with one key source has API Gateway refuse a request without it, and can keep results', () => {
    withHttpApi({ keySources: ['bearer'], resultsCacheTtl: Duration.minutes(1) }).hasResourceProperties(
      HTTP_AUTHORIZER,
      {
        IdentitySource: ['$request.header.Authorization'],
        AuthorizerResultTtlInSeconds: 60,
      },
    );
  });

  test('lets authorizers of this API alone invoke the function', () => {
    const template = withHttpApi();
    const [api] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    const sourceArn = Match.objectLike({ 'Fn::Join': ['', Match.arrayWith([{ Ref: api }, '/authorizers/*'])] });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: sourceArn,
    });
  });

  test('of payload format 1.0 takes policies, whatever format 2.0 is answered with', () => {
    withHttpApi({ httpApiResponse: 'simple' }, { payloadFormat: '1.0' }).hasResourceProperties(HTTP_AUTHORIZER, {
      AuthorizerPayloadFormatVersion: '1.0',
      EnableSimpleResponses: Match.absent(),
    });
  });

  const CACHED: Props = { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(1) };
  const SCOPED: Props = { scopes: { read: ['GET /orders'] } };

  test('keeps a simple answer for its route alone where scopes are mapped', () => {
    withHttpApi({ ...CACHED, ...SCOPED, httpApiResponse: 'simple' }).hasResourceProperties(HTTP_AUTHORIZER, {
      IdentitySource: ['$request.header.Authorization', '$context.routeKey'],
    });
  });

  test.each<[string, Props, HttpApiAuthorizerOptions]>([
    ['a policy', { ...CACHED, ...SCOPED }, {}],
    ['a policy, in payload format 1.0', { ...CACHED, ...SCOPED, httpApiResponse: 'simple' }, { payloadFormat: '1.0' }],
    ['a simple answer where no scopes are mapped', { ...CACHED, scopes: {}, httpApiResponse: 'simple' }, {}],
  ])('keeps %s for every route', (_, props, options) => {
    withHttpApi(props, options).hasResourceProperties(HTTP_AUTHORIZER, {
      IdentitySource: ['$request.header.Authorization'],
      AuthorizerResultTtlInSeconds: 60,
    });
  });

  test('asks for the route of no answer that it does not keep', () => {
    withHttpApi({ keySources: ['bearer'], ...SCOPED, httpApiResponse: 'simple' }).hasResourceProperties(
      HTTP_AUTHORIZER,
      { IdentitySource: ['$request.header.Authorization'], AuthorizerResultTtlInSeconds: 0 },
    );
  });
});

describe('forWebSocketApi', () => {
  test('is asked on $connect, whether or not a key is there, and keeps no answer', () => {
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
  ])('with %p alone has API Gateway refuse a client without it', (keySources, source) => {
    withWebSocketApi({ ...(keySources && { keySources }), resultsCacheTtl: Duration.minutes(5) }).hasResourceProperties(
      HTTP_AUTHORIZER,
      { IdentitySource: [source], AuthorizerResultTtlInSeconds: Match.absent() },
    );
  });

  test('lets authorizers of this API alone invoke the function', () => {
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
  ])('with %p says how long an answer is kept: %i seconds', (props, seconds) => {
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

  test('lets this API alone invoke the function, with the feature flag that its page names', () => {
    const template = withAppSync();
    const [api] = Object.keys(template.findResources('AWS::AppSync::GraphQLApi'));
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'appsync.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [api, 'Arn'] },
    });
  });
});

test('without that feature flag the synthesis warns that every AppSync API may invoke the function', () => {
  const { stack, authorizer } = build();
  authorizer.forAppSync();
  Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('feature flag .* every AppSync API'));
  const flagged = build({}, { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true });
  flagged.authorizer.forAppSync();
  Annotations.fromStack(flagged.stack).hasNoWarning('*', Match.anyValue());
});

describe('hideCredential', () => {
  const hidingIn = (props: Props, mapping?: ParameterMapping) => {
    const { stack, authorizer } = build(props);
    const parameterMapping = authorizer.hideCredential(mapping);
    addHttpRoute(new HttpApi(stack, 'Api'), authorizer.forHttpApi(), { parameterMapping });
    const [integration] = Object.values(Template.fromStack(stack).findResources('AWS::ApiGatewayV2::Integration'));
    return integration?.['Properties'].RequestParameters;
  };

  test('takes every key source out of what the integration gets', () => {
    expect(hidingIn({ keySources: ['header:X-Api-Key', 'query:api_key'] })).toEqual({
      'remove:header.x-api-key': '',
      'remove:querystring.api_key': '',
    });
  });

  test('keeps what the mapping does already', () => {
    const mapping = new ParameterMapping().appendHeader('x-key-id', MappingValue.contextVariable('authorizer.keyId'));
    expect(hidingIn({ keySources: ['query:api_key'] }, mapping)).toEqual({
      'append:header.x-key-id': '$context.authorizer.keyId',
      'remove:querystring.api_key': '',
    });
  });

  test('takes a header for reserved only if all of its name is', () => {
    expect(hidingIn({ keySources: ['header:X-Authorization', 'header:via-key', 'header:te-st'] })).toEqual({
      'remove:header.x-authorization': '',
      'remove:header.via-key': '',
      'remove:header.te-st': '',
    });
  });
});

describe('error responses', () => {
  const RESPONSE = 'AWS::ApiGateway::GatewayResponse';
  const envelopeOf = (template: Template, type: string) => {
    const [response] = Object.values(
      template.findResources(RESPONSE, { Properties: Match.objectLike({ ResponseType: type }) }),
    );
    return JSON.parse(
      response?.['Properties'].ResponseTemplates['application/json'].replace(/\$context\.error\.messageString/, 'null'),
    );
  };

  test('a request without a key is told where the key may be, and challenged', () => {
    const template = withRestApi();
    expect(envelopeOf(template, 'UNAUTHORIZED')).toEqual({
      success: false,
      data: null,
      error: {
        code: 'AUTH_REQUIRED',
        message: 'API key is required. Pass via Authorization: Bearer <key> header or ?api_key= query parameter.',
      },
      pagination: null,
    });
    template.hasResourceProperties(RESPONSE, {
      ResponseType: 'UNAUTHORIZED',
      ResponseParameters: { 'gatewayresponse.header.WWW-Authenticate': "'Bearer'" },
    });
  });

  test('only places where the key may really be are told', () => {
    const { message } = envelopeOf(withRestApi({ keySources: ['header:X-Api-Key'] }), 'UNAUTHORIZED').error;
    expect(message).toBe('API key is required. Pass via X-Api-Key header.');
  });

  test.each(['ACCESS_DENIED', 'AUTHORIZER_FAILURE', 'AUTHORIZER_CONFIGURATION_ERROR', 'DEFAULT_4XX', 'DEFAULT_5XX'])(
    '%s is an envelope',
    (type) => {
      expect(envelopeOf(withRestApi(), type)).toMatchObject({ success: false, data: null, pagination: null });
    },
  );

  test('a fault never reads as a refusal of the key', () => {
    expect(envelopeOf(withRestApi(), 'AUTHORIZER_FAILURE').error.code).toBe('AUTHORIZER_UNAVAILABLE');
  });

  test.each<[string[], Record<string, unknown>]>([
    [['*'], { 'gatewayresponse.header.Access-Control-Allow-Origin': "'*'" }],
    [
      ['https://a.example'],
      {
        'gatewayresponse.header.Access-Control-Allow-Origin': "'https://a.example'",
        'gatewayresponse.header.Vary': "'Origin'",
      },
    ],
    [
      ['https://a.example', 'https://b.example'],
      {
        'gatewayresponse.header.Access-Control-Allow-Origin': 'method.request.header.Origin',
        'gatewayresponse.header.Vary': "'Origin'",
      },
    ],
  ])('an API with CORS for %p lets pages read its refusals', (allowOrigins, ResponseParameters) => {
    const template = withRestApi({}, {}, { defaultCorsPreflightOptions: { allowOrigins } });
    for (const ResponseType of ['UNAUTHORIZED', 'ACCESS_DENIED', 'DEFAULT_4XX', 'DEFAULT_5XX']) {
      template.hasResourceProperties(RESPONSE, { ResponseType, ResponseParameters });
    }
  });

  test('where it names an origin that it cannot check, a refusal is read without credentials', () => {
    const cors = (...allowOrigins: string[]) => ({
      defaultCorsPreflightOptions: { allowOrigins, allowCredentials: true },
    });
    const credentials = 'gatewayresponse.header.Access-Control-Allow-Credentials';
    withRestApi({}, {}, cors('https://a.example')).hasResourceProperties(RESPONSE, {
      ResponseType: 'UNAUTHORIZED',
      ResponseParameters: { [credentials]: "'true'" },
    });
    withRestApi({}, {}, cors('https://a.example', 'https://b.example')).hasResourceProperties(RESPONSE, {
      ResponseType: 'UNAUTHORIZED',
      ResponseParameters: { [credentials]: Match.absent() },
    });
  });

  test('a preflight needs no key', () => {
    const template = withRestApi({}, {}, { defaultCorsPreflightOptions: { allowOrigins: ['*'] } });
    template.hasResourceProperties('AWS::ApiGateway::Method', { HttpMethod: 'OPTIONS', AuthorizationType: 'NONE' });
  });

  test('a preflight needs no key where the authorizer is the default of every method, either', () => {
    const { stack, authorizer } = build();
    const api = new RestApi(stack, 'Api', {
      defaultCorsPreflightOptions: { allowOrigins: ['*'] },
      defaultMethodOptions: { authorizer: authorizer.forRestApi() },
    });
    api.root.addResource('orders').addMethod('GET', new MockIntegration());
    const methods = Object.values(Template.fromStack(stack).findResources('AWS::ApiGateway::Method'));
    const open = methods.map(({ Properties }) => `${Properties.HttpMethod} ${Properties.AuthorizationType}`);
    expect(open.toSorted()).toEqual(['GET CUSTOM', 'OPTIONS NONE', 'OPTIONS NONE']);
  });
});

test('an HTTP API with corsPreflight has no route for OPTIONS that could ask for a key', () => {
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
