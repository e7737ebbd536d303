import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, ResponseType, RestApi, type RestApiProps } from 'aws-cdk-lib/aws-apigateway';
import { describe, expect, test } from '@jest/globals';
import { authorizerUnderTest, sharedTemplate, type AuthorizerProps } from './authorizerUnderTest.ts';

const RESPONSE = 'AWS::ApiGateway::GatewayResponse';
const OWN = { type: ResponseType.ACCESS_DENIED, templates: { 'application/json': '{"mine":true}' } };

function withApis(...ids: string[]) {
  const { stack, authorizer } = authorizerUnderTest();
  const apis = ids.map((id) => {
    const api = new RestApi(stack, id);
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi(`${id}Authorizer`) });
    return api;
  });
  return { stack, authorizer, apis };
}

function withApi() {
  const { stack, authorizer, apis } = withApis('Api');
  const [api = new RestApi(stack, 'Never')] = apis;
  return { stack, authorizer, api };
}

const responsesOf = (stack: Stack) =>
  Object.values(Template.fromStack(stack).findResources(RESPONSE)).map(({ Properties }) => Properties);

/** Returns the template of a REST API with gateway responses. */
const withRestApi = sharedTemplate((props: AuthorizerProps = {}, apiProps: RestApiProps = {}) => {
  const { stack, authorizer } = authorizerUnderTest(props);
  const api = new RestApi(stack, 'Api', apiProps);
  api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
  authorizer.addGatewayResponses(api);
  return stack;
});

describe('addGatewayResponses', () => {
  const envelopeOf = (template: Template, type: string) => {
    const [response] = Object.values(
      template.findResources(RESPONSE, { Properties: Match.objectLike({ ResponseType: type }) }),
    );
    return JSON.parse(
      response?.['Properties'].ResponseTemplates['application/json'].replace(/\$context\.error\.messageString/, 'null'),
    );
  };

  test('lists the key sources in the response to a request without a key', () => {
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

  test('contain one challenge for each scheme of the Authorization header', () => {
    const keySources = ['bearer', 'basic', 'header:Authorization:Api-Key', 'cookie:key'] as const;
    withRestApi({ keySources }).hasResourceProperties(RESPONSE, {
      ResponseType: 'UNAUTHORIZED',
      ResponseParameters: { 'gatewayresponse.header.WWW-Authenticate': `'Bearer, Basic realm="API key", Api-Key'` },
    });
  });

  test('lists only the configured key sources', () => {
    const { message } = envelopeOf(withRestApi({ keySources: ['header:X-Api-Key'] }), 'UNAUTHORIZED').error;
    expect(message).toBe('API key is required. Pass via X-Api-Key header.');
  });

  test.each(['ACCESS_DENIED', 'AUTHORIZER_FAILURE', 'AUTHORIZER_CONFIGURATION_ERROR', 'DEFAULT_4XX', 'DEFAULT_5XX'])(
    'defines the JSON envelope for %s',
    (type) => {
      expect(envelopeOf(withRestApi(), type)).toMatchObject({ success: false, data: null, pagination: null });
    },
  );

  test('defines the code AUTHORIZER_UNAVAILABLE for a fault', () => {
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
  ])('adds CORS headers to error responses for the origins %p', (allowOrigins, ResponseParameters) => {
    const template = withRestApi({}, { defaultCorsPreflightOptions: { allowOrigins } });
    for (const ResponseType of ['UNAUTHORIZED', 'ACCESS_DENIED', 'DEFAULT_4XX', 'DEFAULT_5XX']) {
      template.hasResourceProperties(RESPONSE, { ResponseType, ResponseParameters });
    }
  });

  test('omits Access-Control-Allow-Credentials if CORS has several origins', () => {
    const cors = (...allowOrigins: string[]) => ({
      defaultCorsPreflightOptions: { allowOrigins, allowCredentials: true },
    });
    const credentials = 'gatewayresponse.header.Access-Control-Allow-Credentials';
    withRestApi({}, cors('https://a.example')).hasResourceProperties(RESPONSE, {
      ResponseType: 'UNAUTHORIZED',
      ResponseParameters: { [credentials]: "'true'" },
    });
    withRestApi({}, cors('https://a.example', 'https://b.example')).hasResourceProperties(RESPONSE, {
      ResponseType: 'UNAUTHORIZED',
      ResponseParameters: { [credentials]: Match.absent() },
    });
  });

  test('leaves preflight requests without an authorizer', () => {
    const template = withRestApi({}, { defaultCorsPreflightOptions: { allowOrigins: ['*'] } });
    template.hasResourceProperties('AWS::ApiGateway::Method', { HttpMethod: 'OPTIONS', AuthorizationType: 'NONE' });
  });

  test('leaves preflight requests without an authorizer even if all methods have one by default', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const api = new RestApi(stack, 'Api', {
      defaultCorsPreflightOptions: { allowOrigins: ['*'] },
      defaultMethodOptions: { authorizer: authorizer.forRestApi() },
    });
    api.root.addResource('orders').addMethod('GET', new MockIntegration());
    const methods = Object.values(Template.fromStack(stack).findResources('AWS::ApiGateway::Method'));
    const open = methods.map(({ Properties }) => `${Properties.HttpMethod} ${Properties.AuthorizationType}`);
    expect(open.toSorted()).toEqual(['GET CUSTOM', 'OPTIONS NONE', 'OPTIONS NONE']);
  });

  test('keeps a response that the API already has', () => {
    const { stack, authorizer, api } = withApi();
    api.addGatewayResponse('Mine', OWN);
    authorizer.addGatewayResponses(api);
    const responses = responsesOf(stack);
    const denials = responses.filter(({ ResponseType: type }) => type === 'ACCESS_DENIED');
    expect(denials).toEqual([expect.objectContaining({ ResponseTemplates: OWN.templates })]);
    expect(responses.map(({ ResponseType: type }) => type)).toContain('UNAUTHORIZED');
  });

  test('fails the synthesis if you add a response of the same type later', () => {
    const { stack, authorizer, api } = withApi();
    authorizer.addGatewayResponses(api);
    api.addGatewayResponse('Mine', OWN);
    expect(() => Template.fromStack(stack)).toThrow(/expected your gateway response ACCESS_DENIED before the call/);
  });

  test('adds the responses to each API that you pass', () => {
    const { stack, authorizer, apis } = withApis('One', 'Two');
    for (const api of apis) authorizer.addGatewayResponses(api);
    const types = responsesOf(stack).map(({ ResponseType: type }) => type);
    expect(types.filter((type) => type === 'ACCESS_DENIED')).toHaveLength(2);
  });
});
