import { afterEach, describe, expect, test } from '@jest/globals';
import { readCloudAssembly } from '../../../local/cloudAssembly.ts';
import { GatewayError } from '../../../local/gatewayError.ts';
import type { Header } from '../../../local/gatewayRequest.ts';
import { writeTemplateVariant, type TemplateJson } from '../../support/gateway.ts';
import { setProperties, writeSampleStack } from './sampleStack.ts';
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

test.each(['constructor', 'toString', '__proto__'])('a query parameter may be called %s', async (name) => {
  const { rest, http } = await serve();
  expect((await rest(`/token?${name}=1`, bearer('allow'))).status).toBe(201);
  expect((await http(`/echo?${name}=1`, bearer('allow'))).status).toBe(201);
});

describe('an HTTP API', () => {
  test.each([
    [undefined, 401, '{"message":"Unauthorized"}'],
    ['unauthorized', 401, '{"message":"Unauthorized"}'],
    ['deny', 403, '{"message":"Forbidden"}'],
    ['almost', 500, '{"message":"Internal Server Error"}'],
    ['noPolicy', 500, '{"message":"Internal Server Error"}'],
    ['simpleAllow', 500, '{"message":"Internal Server Error"}'],
  ])('an authorizer that answers %s makes %i', async (token, status, text) => {
    const { http } = await serve();
    expect(await http('/echo', token === undefined ? [] : bearer(token))).toMatchObject({ status, text });
  });

  test('simple answers are taken where they are on, and the context keeps its shape', async () => {
    const { http } = await serve({ simpleResponses: true });
    expect((await http('/echo', bearer('simpleDeny'))).status).toBe(403);
    const reply = await http('/echo', bearer('simpleAllow'));
    expect(reply.json().requestContext.authorizer).toEqual({ lambda: { count: 2, list: [1] } });
  });

  test('an event is of payload format 2.0', async () => {
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

  test('with $context.routeKey among the identity sources a result is kept for its route alone', async () => {
    const { http, countOf } = await serve(
      { resultTtlSeconds: 10, simpleResponses: true },
      setProperties('HttpCheck', { IdentitySource: ['$request.header.Authorization', '$context.routeKey'] }),
    );
    for (const path of ['/echo', '/echo', '/items/1', '/items/2']) {
      expect((await http(path, bearer('simpleAllow'))).status).toBe(201);
    }
    expect(countOf('Check')).toBe(2);
  });

  test('what a parameter mapping removes reaches the authorizer and not the integration', async () => {
    const { http, eventsOf } = await serve(
      {},
      setProperties('HttpEcho', {
        RequestParameters: { 'remove:header.Authorization': "''", 'remove:querystring.api_key': "''" },
      }),
    );
    const reply = await http('/echo?a=%20&api_key=k&api%5Fkey=j&b', [...bearer('allow'), ['X-A', '1']]);
    expect(eventsOf('Check')[0]).toMatchObject({ headers: { authorization: 'Bearer allow' } });
    expect(reply.json()).toMatchObject({ rawQueryString: 'a=%20&b', queryStringParameters: { a: ' ', b: '' } });
    expect(reply.json().headers).toEqual({ 'x-a': '1' });
  });

  test.each(['overwrite:header.X', 'append:querystring.x', 'remove:path', 'overwrite:path'])(
    'the parameter mapping %s is refused',
    async (name) => {
      const change = setProperties('HttpEcho', { RequestParameters: { [name]: '$request.header.Y' } });
      await expect(serve({}, change)).rejects.toThrow(GatewayError);
    },
  );

  test('a preflight is answered by the gateway, and answers name an allowed origin only', async () => {
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

  test('an unknown route is 404', async () => {
    const { http } = await serve();
    expect(await http('/nowhere', bearer('allow'))).toMatchObject({ status: 404, text: '{"message":"Not Found"}' });
  });
});

describe('an HTTP API with an authorizer of payload format 1.0', () => {
  const payloadV1 = setProperties('HttpCheck', {
    AuthorizerPayloadFormatVersion: '1.0',
    IdentitySource: ['$request.header.Authorization', '$request.querystring.a'],
  });

  test('an event is of that format', async () => {
    const { http, eventsOf } = await serve({}, payloadV1);
    const headers: Header[] = [...bearer('allow'), ['X-A', '1'], ['X-A', '2'], ['user-agent', 'jest']];
    await http('/items/x%20y?a=1&b=2', headers);
    expect(eventsOf('Check')).toEqual([
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
  ])('an authorizer that answers %s makes %i: policies alone are taken, whatever else is on', async (token, status) => {
    const { http } = await serve({ simpleResponses: true }, payloadV1);
    expect((await http('/echo?a=1', bearer(token))).status).toBe(status);
  });

  test('a missing identity source is 401 without invoking, and a kept policy is judged anew on another route', async () => {
    const { http, countOf } = await serve({ resultTtlSeconds: 10 }, payloadV1);
    expect((await http('/echo', bearer('allow'))).status).toBe(401);
    expect(countOf('Check')).toBe(0);
    expect((await http('/echo?a=1', bearer('thisRoute'))).status).toBe(201);
    expect((await http('/items/1?a=1', bearer('thisRoute'))).status).toBe(403);
    expect(countOf('Check')).toBe(1);
  });

  test('an integration of payload format 1.0 is refused', async () => {
    await expect(serve({}, setProperties('HttpEcho', { PayloadFormatVersion: '1.0' }))).rejects.toThrow(GatewayError);
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

test.each([
  [{ RevocationDelaySeconds: { Value: '60' } }, 60],
  [{ Other: { Value: '60' } }, undefined],
  [undefined, undefined],
])('of the outputs %j the revocation delay is %s', async (outputs, seconds) => {
  const template = await writeTemplateVariant(
    (json) => Object.assign(json, { Outputs: outputs }),
    await writeSampleStack(),
  );
  expect((await readCloudAssembly(template)).revocationDelaySeconds).toBe(seconds);
});

test('a revocation delay that is no number is refused', async () => {
  const template = await writeTemplateVariant(
    (json) => Object.assign(json, { Outputs: { RevocationDelaySeconds: { Value: 'soon' } } }),
    await writeSampleStack(),
  );
  await expect(readCloudAssembly(template)).rejects.toThrow(GatewayError);
});

test('a route whose authorizer is not in the template is refused, not left open', async () => {
  const template = await writeTemplateVariant(
    ({ Resources }) => {
      delete Resources['Token'];
      Object.assign(Resources['TokenMethod']?.Properties ?? {}, { AuthorizerId: 'Elsewhere' });
    },
    await writeSampleStack(),
  );
  await expect(readCloudAssembly(template)).rejects.toThrow(GatewayError);
});

test('a template that is not there is refused in one line', async () => {
  await expect(readCloudAssembly('/nowhere/X.template.json')).rejects.toThrow(GatewayError);
});
