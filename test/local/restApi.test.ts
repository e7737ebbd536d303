import { afterEach, describe, expect, test } from '@jest/globals';
import type { TemplateJson } from '../support/gateway.ts';
import { setProperties } from './sampleStack.ts';
import { bearer, serve, stopServing } from './servedStack.ts';

afterEach(stopServing);

describe('a REST API', () => {
  test.each(['/token', '/request'])(
    '%s without its identity source is 401, and the function is not invoked',
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
  ])('an authorizer that answers %s makes %i', async (token, status, text) => {
    const { rest } = await serve();
    expect(await rest('/token', bearer(token))).toMatchObject({ status, text });
    // What came before harms nobody after it.
    expect((await rest('/token', bearer('allow'))).status).toBe(201);
  });

  test('the integration receives the principal and the context as strings', async () => {
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

  test('a TOKEN event has the token and the ARN of the path really asked for', async () => {
    const { rest } = await serve();
    const reply = await rest('/token/a%20b', bearer('event'));
    expect(JSON.parse(reply.json().requestContext.authorizer.event)).toEqual({
      type: 'TOKEN',
      methodArn: 'arn:aws:execute-api:us-east-1:000000000000:Rest/prod/GET/token/a%20b',
      authorizationToken: 'Bearer event',
    });
    expect(reply.json().pathParameters).toEqual({ id: 'a b' });
  });

  test('a REQUEST event has headers as sent and every value of the query', async () => {
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

  test("a gateway response's header is mapped from the request, and left out where the request has none", async () => {
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

  test('a token that the validation expression refuses is 401', async () => {
    const { rest } = await serve({ tokenPattern: '^Bearer a' });
    expect((await rest('/token', bearer('deny'))).status).toBe(401);
    expect((await rest('/token', bearer('allow'))).json().requestContext.authorizer.count).toBe('1');
  });

  test('a cached policy is judged anew on another route, and goes with the TTL', async () => {
    const { rest, advance } = await serve({ resultTtlSeconds: 10 });
    const count = async () => (await rest('/token', bearer('thisRoute'))).json().requestContext.authorizer.count;
    expect(await count()).toBe('1');
    expect(await count()).toBe('1');
    expect((await rest('/token/1', bearer('thisRoute'))).status).toBe(403);
    advance(10_000);
    expect(await count()).toBe('2');
  });

  test('each authorizer has a cache of its own', async () => {
    const { rest } = await serve({ resultTtlSeconds: 10 });
    await rest('/token', bearer('allow'));
    expect((await rest('/request', bearer('allow'))).json().requestContext.authorizer.count).toBe('2');
  });

  test.each(['unauthorized', 'almost'])('%s is not cached', async (token) => {
    const { rest } = await serve({ resultTtlSeconds: 10 });
    await rest('/token', bearer(token));
    await rest('/token', bearer(token));
    expect((await rest('/token', bearer('allow'))).json().requestContext.authorizer.count).toBe('3');
  });

  test('invocations run at once in one environment', async () => {
    const { rest } = await serve();
    const replies = await Promise.all([1, 2, 3].map(() => rest('/token', bearer('slow'))));
    const counts = replies.map((reply) => reply.json().requestContext.authorizer.count);
    expect(counts).toEqual(['3', '3', '3']);
  });

  test('a preflight needs no key and has the static headers of the mock', async () => {
    const { rest } = await serve();
    const reply = await rest('/token', [], { method: 'OPTIONS' });
    expect(reply).toMatchObject({ status: 204, headers: [['Access-Control-Allow-Origin', '*']] });
  });

  test('an unknown route and an integration out of shape have their own answers', async () => {
    const { rest } = await serve();
    expect(await rest('/nowhere')).toMatchObject({ status: 403, text: '{"message":"Missing Authentication Token"}' });
    expect(await rest('/token', [...bearer('allow'), ['X-Broken', '1']])).toMatchObject({ status: 502 });
  });
});

describe('a REST API under usage plans', () => {
  const underPlans = (source: string | undefined) => (template: TemplateJson) => {
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
  ])('an authorizer that answers %s makes %i on a method that is counted', async (token, status) => {
    const { rest } = await serve({}, underPlans('AUTHORIZER'));
    expect((await rest('/token', bearer(token))).status).toBe(status);
  });

  test('what is counted by nothing is refused as an invalid API key, and the function is not blamed', async () => {
    const { rest } = await serve({}, underPlans('AUTHORIZER'));
    expect((await rest('/token', bearer('allow'))).text).toBe('{"message":"Forbidden"}');
  });

  test('a method that is not counted is served without', async () => {
    const { rest } = await serve({}, underPlans('AUTHORIZER'));
    expect((await rest('/token/1', bearer('allow'))).status).toBe(201);
  });

  test('what it is counted by is kept with the rest of a kept answer', async () => {
    const { rest, countOf } = await serve({ resultTtlSeconds: 10 }, underPlans('AUTHORIZER'));
    for (const status of [201, 201]) expect((await rest('/token', bearer('counted'))).status).toBe(status);
    expect(countOf('Check')).toBe(1);
  });

  test('nothing is limited here, which the start says; without plans it says nothing', async () => {
    expect((await serve({}, underPlans('AUTHORIZER'))).log()).toContain('usage plans limit nothing here');
    expect((await serve()).log()).toBe('');
  });

  test.each(['HEADER', undefined])('an API key from %s is refused: none is known here', async (source) => {
    await expect(serve({}, underPlans(source))).rejects.toThrow(/TokenMethod: ApiKeyRequired: got true/);
  });
});

test.each(['constructor', 'toString', '__proto__'])('a query parameter may be called %s', async (name) => {
  const { rest } = await serve();
  expect((await rest(`/token?${name}=1`, bearer('allow'))).status).toBe(201);
});
