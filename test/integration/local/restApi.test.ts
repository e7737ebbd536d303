import { afterEach, describe, expect, test } from '@jest/globals';
import type { TemplateJson } from '../../support/gateway.ts';
import { setProperties } from './sampleStack.ts';
import { bearer, serve, stopServing } from './servedStack.ts';

afterEach(stopServing);

describe('a REST API', () => {
  test.each(['/token', '/request'])(
    'returns 401 for %s without invoking the authorizer if the identity source is empty',
    async (path) => {
      const { rest } = await serve();
      expect(await rest(path)).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
      expect(await rest(path, [['Authorization', '']])).toMatchObject({ status: 401 });
      const allowed = (await rest(path, bearer('allow'))).json();
      expect(allowed.requestContext.authorizer.count).toBe('1');
    },
  );

  test.each([
    ['unauthorized', 401, '{"message":"Unauthorized"}'],
    ['deny', 403, '{"code":"NO"}'],
    ['almost', 500, '{"message":null}'],
    ['nested', 500, '{"message":null}'],
    ['noPrincipal', 500, '{"message":null}'],
    ['noPolicy', 500, '{"message":null}'],
    ['simpleAllow', 500, '{"message":null}'],
    ['spin', 500, '{"message":null}'],
    ['die', 500, '{"message":null}'],
  ])('translates the authorizer response %s to the status %i', async (token, status, text) => {
    const { rest } = await serve();
    expect(await rest('/token', bearer(token))).toMatchObject({ status, text });
    // A failed invocation must not affect later requests.
    expect((await rest('/token', bearer('allow'))).status).toBe(201);
  });

  test('passes the principal and the context to the integration as strings', async () => {
    const { rest, log } = await serve();
    const reply = await rest('/token', bearer('allow'));
    expect(reply.json().requestContext.authorizer).toEqual({
      principalId: 'somebody',
      count: '1',
      yes: 'true',
      table: 'Keys',
      hasId: 'true',
    });
    expect(reply.headers).toContainEqual(['X-Echo', 'yes']);
    expect(log()).toContain('echo was here');
  });

  test('sends a TOKEN authorizer the token and the ARN of the requested path', async () => {
    const { rest } = await serve();
    const reply = await rest('/token/a%20b', bearer('event'));
    expect(JSON.parse(reply.json().requestContext.authorizer.event)).toEqual({
      type: 'TOKEN',
      methodArn: 'arn:aws:execute-api:us-east-1:000000000000:Rest/prod/GET/token/a%20b',
      authorizationToken: 'Bearer event',
    });
    expect(reply.json().pathParameters).toEqual({ id: 'a b' });
  });

  test('sends a REQUEST authorizer the unchanged headers and all query values', async () => {
    const { rest } = await serve();
    const reply = await rest('/request?a=1&a=2', [
      ['AUTHORIZATION', 'Bearer event'],
      ['x-A', '1'],
      ['x-A', '2'],
    ]);
    expect(JSON.parse(reply.json().requestContext.authorizer.event)).toMatchObject({
      type: 'REQUEST',
      methodArn: 'arn:aws:execute-api:us-east-1:000000000000:Rest/prod/GET/request',
      resource: '/request',
      path: '/request',
      httpMethod: 'GET',
      headers: { AUTHORIZATION: 'Bearer event', 'x-A': '2' },
      multiValueHeaders: { AUTHORIZATION: ['Bearer event'], 'x-A': ['1', '2'] },
      queryStringParameters: { a: '2' },
      multiValueQueryStringParameters: { a: ['1', '2'] },
      pathParameters: {},
      stageVariables: {},
      requestContext: { stage: 'prod', path: '/prod/request', requestTime: '02/Jan/2030:03:04:05 +0000' },
    });
  });

  test('copies a mapped header from the request to a gateway response', async () => {
    const { rest } = await serve(
      {},
      setProperties('Denied', {
        ResponseParameters: {
          'gatewayresponse.header.Access-Control-Allow-Origin': 'method.request.header.Origin',
          'gatewayresponse.header.Vary': "'Origin'",
        },
      }),
    );
    const asked = await rest('/token', [...bearer('deny'), ['origin', 'https://a.example']]);
    expect(asked.headers).toContainEqual(['Access-Control-Allow-Origin', 'https://a.example']);
    expect(asked.headers).toContainEqual(['Vary', 'Origin']);
    const { headers } = await rest('/token', bearer('deny'));
    expect(headers).toContainEqual(['Vary', 'Origin']);
    expect(headers?.map(([name]) => name)).not.toContain('Access-Control-Allow-Origin');
  });

  test('returns 401 if the token does not match the validation expression', async () => {
    const { rest } = await serve({ tokenPattern: '^Bearer a' });
    expect((await rest('/token', bearer('deny'))).status).toBe(401);
    expect((await rest('/token', bearer('allow'))).json().requestContext.authorizer.count).toBe('1');
  });

  test('evaluates a cached policy for each route until its TTL passes', async () => {
    const { rest, advance } = await serve({ resultTtlSeconds: 10 });
    const count = async () => (await rest('/token', bearer('thisRoute'))).json().requestContext.authorizer.count;
    expect(await count()).toBe('1');
    expect(await count()).toBe('1');
    expect((await rest('/token/1', bearer('thisRoute'))).status).toBe(403);
    advance(10_000);
    expect(await count()).toBe('2');
  });

  test('gives each authorizer a separate cache', async () => {
    const { rest } = await serve({ resultTtlSeconds: 10 });
    await rest('/token', bearer('allow'));
    expect((await rest('/request', bearer('allow'))).json().requestContext.authorizer.count).toBe('2');
  });

  test.each(['unauthorized', 'almost'])('does not cache the error %s', async (token) => {
    const { rest } = await serve({ resultTtlSeconds: 10 });
    await rest('/token', bearer(token));
    await rest('/token', bearer(token));
    expect((await rest('/token', bearer('allow'))).json().requestContext.authorizer.count).toBe('3');
  });

  test('runs concurrent invocations in one execution environment', async () => {
    const { rest } = await serve();
    const replies = await Promise.all([1, 2, 3].map(() => rest('/token', bearer('slow'))));
    const counts = replies.map((reply) => reply.json().requestContext.authorizer.count);
    expect(counts).toEqual(['3', '3', '3']);
  });

  test('responds to a preflight request with the headers of the mock integration', async () => {
    const { rest } = await serve();
    const reply = await rest('/token', [], { method: 'OPTIONS' });
    expect(reply).toMatchObject({ status: 204, headers: [['Access-Control-Allow-Origin', '*']] });
  });

  test('returns 403 for an unknown route', async () => {
    const { rest } = await serve();
    expect(await rest('/nowhere')).toMatchObject({ status: 403, text: '{"message":"Missing Authentication Token"}' });
    expect(await rest('/token', [...bearer('allow'), ['X-Broken', '1']])).toMatchObject({ status: 502 });
  });
});

describe('a REST API with usage plans', () => {
  const withPlans = (source: string | undefined) => (template: TemplateJson) => {
    setProperties('Rest', source === undefined ? {} : { ApiKeySourceType: source })(template);
    setProperties('TokenMethod', { ApiKeyRequired: true })(template);
  };

  test.each([
    ['counted', 201],
    ['allow', 403],
    ['countedTooShort', 403],
    ['countedByNumber', 403],
    ['deny', 403],
    ['unauthorized', 401],
  ])(
    'translates the authorizer response %s to the status %i if the method requires an API key',
    async (token, status) => {
      const { rest } = await serve({}, withPlans('AUTHORIZER'));
      expect((await rest('/token', bearer(token))).status).toBe(status);
    },
  );

  test('returns Forbidden if the authorizer response lacks a usage identifier', async () => {
    const { rest } = await serve({}, withPlans('AUTHORIZER'));
    expect((await rest('/token', bearer('allow'))).text).toBe('{"message":"Forbidden"}');
  });

  test('ignores a missing usage identifier if the method does not require an API key', async () => {
    const { rest } = await serve({}, withPlans('AUTHORIZER'));
    expect((await rest('/token/1', bearer('allow'))).status).toBe(201);
  });

  test('caches the usage identifier with the authorizer response', async () => {
    const { rest, countInvocations } = await serve({ resultTtlSeconds: 10 }, withPlans('AUTHORIZER'));
    for (const status of [201, 201]) expect((await rest('/token', bearer('counted'))).status).toBe(status);
    expect(countInvocations('Check')).toBe(1);
  });

  test('causes a warning that the local gateway doesn’t apply limits of usage plans', async () => {
    expect((await serve({}, withPlans('AUTHORIZER'))).log()).toContain('applies no limits of usage plans');
    expect((await serve()).log()).toBe('');
  });

  test.each(['HEADER', undefined])('causes an error if its API key source is %s', async (source) => {
    await expect(serve({}, withPlans(source))).rejects.toThrow(/TokenMethod: ApiKeyRequired: .*, got true/);
  });
});

test.each(['constructor', 'toString', '__proto__'])('a REST API accepts a query parameter named %s', async (name) => {
  const { rest } = await serve();
  expect((await rest(`/token?${name}=1`, bearer('allow'))).status).toBe(201);
});
