import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../local/gatewayError.ts';
import type { Header } from '../../../local/gatewayRequest.ts';
import type { TemplateJson } from '../../support/gateway.ts';
import { fetchAsOperator } from '../../support/localOperator.ts';
import { startTestIssuer } from '../../support/testIssuer.ts';
import { setProperties } from './sampleStack.ts';
import { bearer, serve, stopServing } from './servedStack.ts';

afterEach(stopServing);

describe('an HTTP API', () => {
  test.each([
    [undefined, 401, '{"message":"Unauthorized"}'],
    ['unauthorized', 401, '{"message":"Unauthorized"}'],
    ['deny', 403, '{"message":"Forbidden"}'],
    ['almost', 500, '{"message":"Internal Server Error"}'],
    ['noPolicy', 500, '{"message":"Internal Server Error"}'],
    ['simpleAllow', 500, '{"message":"Internal Server Error"}'],
  ])('translates the authorizer response %s to the status %i', async (token, status, text) => {
    const { http } = await serve();
    expect(await http('/echo', token === undefined ? [] : bearer(token))).toMatchObject({ status, text });
  });

  test('accepts simple responses if the template enables them', async () => {
    const { http } = await serve({ simpleResponses: true });
    expect((await http('/echo', bearer('simpleDeny'))).status).toBe(403);
    const reply = await http('/echo', bearer('simpleAllow'));
    expect(reply.json().requestContext.authorizer).toEqual({ lambda: { count: 2, list: [1] } });
  });

  test('sends the authorizer an event of payload format 2.0', async () => {
    const { http } = await serve();
    const headers: Header[] = [...bearer('event'), ['X-A', '1'], ['x-a', '2'], ['Cookie', 'c=1; d=2']];
    const reply = await http('/echo?a=1&a=2&b=x%20y', headers);
    expect(JSON.parse(reply.json().requestContext.authorizer.lambda.event)).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: 'arn:aws:execute-api:us-east-1:000000000000:Http/$default/GET/echo',
      identitySource: ['Bearer event'],
      routeKey: 'GET /echo',
      rawPath: '/echo',
      rawQueryString: 'a=1&a=2&b=x%20y',
      cookies: ['c=1', 'd=2'],
      headers: { authorization: 'Bearer event', 'x-a': '1,2' },
      queryStringParameters: { a: '1,2', b: 'x y' },
      requestContext: { routeKey: 'GET /echo', stage: '$default', http: { method: 'GET', path: '/echo' } },
    });
  });

  test('caches results per route if $context.routeKey is an identity source', async () => {
    const { http, countInvocations } = await serve(
      { resultTtlSeconds: 10, simpleResponses: true },
      setProperties('HttpCheck', { IdentitySource: ['$request.header.Authorization', '$context.routeKey'] }),
    );
    for (const path of ['/echo', '/echo', '/items/1', '/items/2']) {
      expect((await http(path, bearer('simpleAllow'))).status).toBe(201);
    }
    expect(countInvocations('Check')).toBe(2);
  });

  test('passes removed parameters only to the authorizer', async () => {
    const { http, getEvents } = await serve(
      {},
      setProperties('HttpEcho', {
        RequestParameters: { 'remove:header.Authorization': "''", 'remove:querystring.api_key': "''" },
      }),
    );
    const reply = await http('/echo?a=%20&api_key=k&api%5Fkey=j&b', [...bearer('allow'), ['X-A', '1']]);
    expect(getEvents('Check')[0]).toMatchObject({ headers: { authorization: 'Bearer allow' } });
    expect(reply.json()).toMatchObject({ rawQueryString: 'a=%20&b', queryStringParameters: { a: ' ', b: '' } });
    expect(reply.json().headers).toEqual({ 'x-a': '1' });
  });

  test.each(['overwrite:header.X', 'append:querystring.x', 'remove:path', 'overwrite:path'])(
    'causes a GatewayError if it has the parameter mapping %s',
    async (name) => {
      const change = setProperties('HttpEcho', { RequestParameters: { [name]: '$request.header.Y' } });
      await expect(serve({}, change)).rejects.toThrow(GatewayError);
    },
  );

  test('responds to preflight requests with 204', async () => {
    const { http } = await serve();
    const preflight: Header[] = [
      ['Origin', 'https://a.example'],
      ['Access-Control-Request-Method', 'GET'],
    ];
    const reply = await http('/echo', preflight, { method: 'OPTIONS' });
    expect(reply.status).toBe(204);
    expect(reply.headers).toContainEqual(['access-control-allow-origin', 'https://a.example']);
    expect(reply.headers).toContainEqual(['access-control-max-age', '60']);
    const denied = await http('/echo', [['Origin', 'https://b.example']]);
    expect(denied.headers?.filter(([name]) => name.startsWith('access-control'))).toEqual([]);
  });

  test('returns 404 for an unknown route', async () => {
    const { http } = await serve();
    expect(await http('/nowhere', bearer('allow'))).toMatchObject({ status: 404, text: '{"message":"Not Found"}' });
  });
});

describe('a route of an HTTP API with an authorizer of API Gateway', () => {
  const withIam = setProperties('HttpRoute', { AuthorizationType: 'AWS_IAM', AuthorizerId: undefined });
  const withJwt =
    (issuer: string, properties: object = {}) =>
    (template: TemplateJson) => {
      setProperties('HttpCheck', {
        AuthorizerType: 'JWT',
        AuthorizerPayloadFormatVersion: undefined,
        AuthorizerUri: undefined,
        JwtConfiguration: { Issuer: issuer, Audience: ['app'] },
      })(template);
      for (const id of ['HttpRoute', 'ItemRoute'])
        setProperties(id, { AuthorizationType: 'JWT', ...properties })(template);
    };

  test('gets the ARN of the caller who signed a request', async () => {
    const { listen, advance } = await serve({}, withIam);
    advance(Date.now());
    const url = (await listen()).replace('ws:', 'http:').replace('/ws/', '/http/echo');
    const reply = await fetchAsOperator(url, { method: 'GET', headers: { 'x-forwarded-proto': 'https' } });
    const event = JSON.parse(await reply.text());
    expect(event.requestContext).toMatchObject({
      domainName: new URL(url).host,
      authorizer: {
        iam: { accessKey: 'local', userArn: 'arn:aws:iam::000000000000:user/local', cognitoIdentity: null },
      },
    });
    // The gateway itself knows the scheme.
    expect(event.headers['x-forwarded-proto']).toBe('http');
  });

  test('refuses a request without a signature, and does not invoke the function', async () => {
    const { http, countInvocations } = await serve({}, withIam);
    expect(await http('/echo', bearer('allow'))).toMatchObject({ status: 403, text: '{"message":"Forbidden"}' });
    expect(countInvocations('Echo')).toBe(0);
  });

  test('gets the claims of a token, and refuses other tokens with the reason', async () => {
    const issuer = await startTestIssuer();
    const { http, countInvocations } = await serve({}, withJwt(issuer.url));
    const token = await issuer.sign({ sub: 'alice', aud: 'app', exp: 1 });
    expect((await http('/echo', bearer(token))).json().requestContext.authorizer).toEqual({
      jwt: { claims: { iss: issuer.url, sub: 'alice', aud: 'app', exp: '1' }, scopes: null },
    });
    const refused = await http('/echo', bearer(await issuer.sign({ sub: 'alice', aud: 'other', exp: 1 })));
    expect(refused).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
    const challenge =
      'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"';
    expect(refused.headers).toContainEqual(['www-authenticate', challenge]);
    expect(countInvocations('Echo')).toBe(1);
    await issuer.stop();
  });

  test('refuses a token without a scope of the route with 403', async () => {
    const issuer = await startTestIssuer();
    const { http } = await serve({}, withJwt(issuer.url, { AuthorizationScopes: ['write'] }));
    const token = await issuer.sign({ sub: 'alice', aud: 'app', exp: 1, scope: 'read' });
    expect(await http('/echo', bearer(token))).toMatchObject({ status: 403, text: '{"message":"Forbidden"}' });
    await issuer.stop();
  });

  test('causes an error if its JWT authorizer is not in the template', async () => {
    await expect(serve({}, withJwt('https://issuer.example', { AuthorizerId: 'other' }))).rejects.toThrow(GatewayError);
  });
});

describe('an HTTP API with an authorizer of payload format 1.0', () => {
  const payloadV1 = setProperties('HttpCheck', {
    AuthorizerPayloadFormatVersion: '1.0',
    IdentitySource: ['$request.header.Authorization', '$request.querystring.a'],
  });

  test('sends the authorizer an event of payload format 1.0', async () => {
    const { http, getEvents } = await serve({}, payloadV1);
    const headers: Header[] = [...bearer('allow'), ['X-A', '1'], ['X-A', '2'], ['user-agent', 'jest']];
    await http('/items/x%20y?a=1&b=2', headers);
    expect(getEvents('Check')).toEqual([
      {
        version: '1.0',
        type: 'REQUEST',
        methodArn: 'arn:aws:execute-api:us-east-1:000000000000:Http/$default/GET/items/x%20y',
        identitySource: 'Bearer allow,1',
        authorizationToken: 'Bearer allow,1',
        resource: '/items/{id}',
        path: '/items/x%20y',
        httpMethod: 'GET',
        headers: { Authorization: 'Bearer allow', 'X-A': '2', 'user-agent': 'jest' },
        queryStringParameters: { a: '1', b: '2' },
        pathParameters: { id: 'x y' },
        stageVariables: {},
        requestContext: {
          path: '/items/x%20y',
          accountId: '000000000000',
          resourceId: 'ItemRoute',
          stage: '$default',
          requestId: 'request-1',
          identity: { sourceIp: '127.0.0.1', userAgent: 'jest' },
          resourcePath: '/items/{id}',
          httpMethod: 'GET',
          apiId: 'Http',
        },
      },
    ]);
  });

  test.each([
    ['allow', 201],
    ['deny', 403],
    ['unauthorized', 401],
    ['almost', 500],
    ['simpleAllow', 500],
  ])('translates the authorizer response %s to the status %i', async (token, status) => {
    const { http } = await serve({ simpleResponses: true }, payloadV1);
    expect((await http('/echo?a=1', bearer(token))).status).toBe(status);
  });

  test('evaluates a cached policy again for each route', async () => {
    const { http, countInvocations } = await serve({ resultTtlSeconds: 10 }, payloadV1);
    expect((await http('/echo', bearer('allow'))).status).toBe(401);
    expect(countInvocations('Check')).toBe(0);
    expect((await http('/echo?a=1', bearer('thisRoute'))).status).toBe(201);
    expect((await http('/items/1?a=1', bearer('thisRoute'))).status).toBe(403);
    expect(countInvocations('Check')).toBe(1);
  });

  test('causes an error if it has an integration of payload format 1.0', async () => {
    await expect(serve({}, setProperties('HttpEcho', { PayloadFormatVersion: '1.0' }))).rejects.toThrow(GatewayError);
  });
});

test.each(['constructor', 'toString', '__proto__'])('an HTTP API accepts a query parameter named %s', async (name) => {
  const { http } = await serve();
  expect((await http(`/echo?${name}=1`, bearer('allow'))).status).toBe(201);
});
