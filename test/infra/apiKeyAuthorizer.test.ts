import { App, Duration, Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi, type RestApiProps } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer, type RestApiAuthorizerOptions } from '../../infra/apiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerProps } from '../../infra/apiKeyAuthorizerProps.ts';
import { ApiKeyTable } from '../../infra/apiKeyTable.ts';
import { LatchkeyError } from '../../keys/errors.ts';

type Props = Omit<ApiKeyAuthorizerProps, 'table'>;

const FUNCTION = 'AWS::Lambda::Function';
const REST_AUTHORIZER = 'AWS::ApiGateway::Authorizer';
const HTTP_AUTHORIZER = 'AWS::ApiGatewayV2::Authorizer';

function build(props: Props = {}) {
  const stack = new Stack(new App(), 'Test');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys'), ...props });
  return { stack, authorizer };
}

function withRestApi(props: Props = {}, options: RestApiAuthorizerOptions = {}, apiProps: RestApiProps = {}) {
  const { stack, authorizer } = build(props);
  const api = new RestApi(stack, 'Api', apiProps);
  api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi('Rest', options) });
  authorizer.addErrorResponses(api);
  return Template.fromStack(stack);
}

function withHttpApi(props: Props = {}) {
  const { stack, authorizer } = build(props);
  const api = new HttpApi(stack, 'Api');
  addRoute(api, authorizer.forHttpApi('Http'));
  return Template.fromStack(stack);
}

function addRoute(api: HttpApi, authorizer: ReturnType<ApiKeyAuthorizer['forHttpApi']>): void {
  const integration = new HttpUrlIntegration('Integration', 'https://backend.example');
  api.addRoutes({ path: '/', methods: [HttpMethod.GET], integration, authorizer });
}

function problemOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
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
        usageWriteInterval: Duration.hours(1),
        recordCacheTtl: Duration.seconds(0),
        staleIfError: Duration.minutes(5),
        httpApiResponse: 'simple',
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
          LATCHKEY_USAGE_WRITE_SECONDS: '3600',
          LATCHKEY_RECORD_CACHE_SECONDS: '0',
          LATCHKEY_STALE_IF_ERROR_SECONDS: '300',
          LATCHKEY_HTTP_API_RESPONSE: 'simple',
        },
      },
    });
  });
});

describe('the revocation delay', () => {
  test.each<[Props, number]>([
    [{}, 60],
    [{ recordCacheTtl: Duration.seconds(0) }, 0],
    [{ keySources: ['bearer'], resultCacheTtl: Duration.minutes(5) }, 360],
    [{ keySources: ['bearer'], resultCacheTtl: Duration.minutes(5), recordCacheTtl: Duration.seconds(0) }, 300],
  ])('with %p is %i seconds', (props, seconds) => {
    expect(build(props).authorizer.revocationDelay.toSeconds()).toBe(seconds);
  });
});

describe('a prop that the function would refuse at its start is refused at synthesis', () => {
  test.each<[keyof Props, Props]>([
    ['keyPrefix', { keyPrefix: 'SK_' }],
    ['keySources', { keySources: [] }],
    ['keySources', { keySources: ['bearer', 'bearer'] }],
    ['keySources', { keySources: ['header:two words'] }],
    ['usageWriteInterval', { usageWriteInterval: Duration.seconds(0) }],
    ['usageWriteInterval', { usageWriteInterval: Duration.millis(1500) }],
    ['recordCacheTtl', { recordCacheTtl: Duration.days(400) }],
    ['resultCacheTtl', { keySources: ['bearer'], resultCacheTtl: Duration.minutes(61) }],
    ['resultCacheTtl', { keySources: ['bearer'], resultCacheTtl: Duration.millis(1500) }],
  ])('%s of %p', (prop, props) => {
    expect(problemOf(() => build(props))).toMatch(new RegExp(`^${prop}: got .+, wanted `));
  });

  test('every problem is told at once', () => {
    const problem = problemOf(() => build({ keyPrefix: 'x', usageWriteInterval: Duration.seconds(0) }));
    expect(problem).toContain('keyPrefix: ');
    expect(problem).toContain('usageWriteInterval: ');
  });

  test('a result cache with several key sources is refused, with the reason and a way out', () => {
    const problem = problemOf(() => build({ resultCacheTtl: Duration.minutes(5) }));
    expect(problem).toMatch(
      /^resultCacheTtl: got .+ keySources, wanted one: .+ every identity source .+recordCacheTtl$/,
    );
  });

  test('a duration that only the deployment knows is refused: the revocation delay is stated at synthesis', () => {
    const duration = Duration.seconds(Token.asNumber({ Ref: 'Parameter' }));
    expect(() => build({ recordCacheTtl: duration })).toThrow();
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
    [['header:X-Api-Key'], 'method.request.header.x-api-key'],
    [['query:key'], 'method.request.querystring.key'],
  ])(
    'with %p alone has API Gateway refuse a request without it, and can keep results',
    (keySources, IdentitySource) => {
      withRestApi({ ...(keySources && { keySources }), resultCacheTtl: Duration.minutes(5) }).hasResourceProperties(
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

  test.each<Props>([{}, { keySources: ['query:key'] }])('cannot be a TOKEN authorizer with %p', (props) => {
    expect(problemOf(() => build(props).authorizer.forRestApi('Rest', { type: 'TOKEN' }))).toMatch(
      /^type: got "TOKEN"/,
    );
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
    withHttpApi({ keySources: ['bearer'], resultCacheTtl: Duration.minutes(1) }).hasResourceProperties(
      HTTP_AUTHORIZER,
      {
        IdentitySource: ['$request.header.Authorization'],
        AuthorizerResultTtlInSeconds: 60,
      },
    );
  });

  test('lets this API alone invoke the function as this authorizer', () => {
    const template = withHttpApi();
    const [api] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    const [authorizer] = Object.keys(template.findResources(HTTP_AUTHORIZER));
    const sourceArn = Match.objectLike({
      'Fn::Join': ['', Match.arrayWith([{ Ref: api }, '/authorizers/', { Ref: authorizer }])],
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: sourceArn,
    });
  });

  test('is not shared by two APIs', () => {
    const { stack, authorizer } = build();
    const shared = authorizer.forHttpApi();
    addRoute(new HttpApi(stack, 'One'), shared);
    expect(problemOf(() => addRoute(new HttpApi(stack, 'Two'), shared))).toMatch(
      /^HttpApi: got routes of two HTTP APIs/,
    );
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
    expect(message).toBe('API key is required. Pass via x-api-key header.');
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

  test('a preflight needs no key', () => {
    const template = withRestApi({}, {}, { defaultCorsPreflightOptions: { allowOrigins: ['*'] } });
    template.hasResourceProperties('AWS::ApiGateway::Method', { HttpMethod: 'OPTIONS', AuthorizationType: 'NONE' });
  });
});
