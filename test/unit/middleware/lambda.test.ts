import { describe, expect, test } from '@jest/globals';
import type { ALBEvent, ALBHandler, APIGatewayProxyEventV2, Context, LambdaFunctionURLHandler } from 'aws-lambda';
import { publicRecord } from '../../../keys/record.ts';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { latchkey, type WithKey } from '../../../middleware/lambda.ts';
import { restRequestEvent, restTokenEvent } from '../../../testing/authorizerEvents.ts';
import { createTestAuthorizer, type TestAuthorizerOptions } from '../../../testing/createTestAuthorizer.ts';
import type { TestRequest } from '../../../testing/request.ts';
import { makeKey } from '../../support/keys.ts';
import { functionUrlEvent, loadBalancerEvent, version1Event } from '../../support/proxyEvents.ts';

const { secret, record } = makeKey();

const EVENTS: readonly (readonly [string, (request: TestRequest) => object])[] = [
  ['a function URL', functionUrlEvent],
  ['a load balancer', (request) => loadBalancerEvent(request)],
  ['a load balancer with multi-value headers', (request) => loadBalancerEvent(request, true)],
  ['a REST API', restRequestEvent],
  ['an HTTP API in payload format 1.0', version1Event],
];

/** Wraps a handler that returns its arguments. */
function wrapped(options: TestAuthorizerOptions = {}, requirements = {}) {
  const { authenticator } = createTestAuthorizer({ records: [record], ...options });
  return latchkey(authenticator, (...args: readonly [WithKey<object>, ...unknown[]]) => args, requirements);
}

describe.each(EVENTS)('a wrapped handler for %s', (_, makeEvent) => {
  test('gets the event with the record of an active key, and every other argument', async () => {
    const event = makeEvent({ key: secret });
    const context = { awsRequestId: '1' };
    expect(await wrapped()(event, context)).toEqual([{ ...event, latchkey: publicRecord(record) }, context]);
    expect(event).not.toHaveProperty('latchkey');
  });

  test('is not called without a key', async () => {
    expect(await wrapped()(makeEvent({}))).toMatchObject({
      statusCode: 401,
      headers: { 'WWW-Authenticate': 'Bearer', 'Content-Type': 'application/json' },
      body: expect.stringContaining('"AUTH_REQUIRED"'),
      isBase64Encoded: false,
    });
  });

  test('is not called if the key lacks the required scope or its scopes do not cover the route', async () => {
    const scoped = makeKey({ scopes: ['orders:read'] });
    const event = makeEvent({ key: scoped.secret, path: '/orders' });
    const refused = { statusCode: 403, body: expect.stringContaining('INSUFFICIENT_SCOPE') };
    expect(await wrapped({ records: [scoped.record] }, { require: 'orders:write' })(event)).toMatchObject(refused);
    for (const [pattern, expected] of [
      ['GET /orders', [{ latchkey: { id: scoped.record.id } }]],
      ['POST /orders', refused],
    ] as const) {
      const scopes = { 'orders:read': [pattern] };
      expect(await wrapped({ records: [scoped.record], scopes })(event)).toMatchObject(expected);
    }
  });

  test('gets a key of any characters from the query', async () => {
    const odd = 'a+b/c==0123456789abcdefghij%2B' as KeySecret;
    const imported = { ...record, keyHash: hashSecret(odd) };
    const handler = wrapped({ records: [imported], externalKeys: true });
    expect(await handler(makeEvent({ query: [['api_key', odd]] }))).toMatchObject([{ latchkey: { id: record.id } }]);
  });
});

test('a wrapped handler gets a key from the cookies of payload format 2.0', async () => {
  const handler = wrapped({ keySources: ['cookie:session'] });
  const event = functionUrlEvent({ headers: [['cookie', `theme=dark; session=${secret}`]] });
  expect(event.cookies).toHaveLength(2);
  expect(await handler(event)).toMatchObject([{ latchkey: { id: record.id } }]);
});

describe('the response to a load balancer', () => {
  test('has the text of its status line', async () => {
    expect(await wrapped()(loadBalancerEvent())).toMatchObject({ statusDescription: '401 Unauthorized' });
  });

  test('has lists of headers if the load balancer sends lists', async () => {
    const refused = await wrapped()(loadBalancerEvent({}, true));
    expect(refused).toMatchObject({ multiValueHeaders: { 'WWW-Authenticate': ['Bearer'] } });
    expect(await wrapped()(loadBalancerEvent())).not.toHaveProperty('multiValueHeaders');
  });
});

describe('a wrapped handler', () => {
  test('throws its own errors', async () => {
    const { authenticator } = createTestAuthorizer({ records: [record] });
    const failing = latchkey(authenticator, async () => Promise.reject(new Error('mine')));
    await expect(failing(functionUrlEvent({ key: secret }))).rejects.toThrow('mine');
  });

  test.each([
    ['a queue', { Records: [{ body: secret }] }],
    ['an authorizer', restTokenEvent({ key: secret })],
    ['payload format 2.0 without a method', { version: '2.0', rawPath: '/', headers: { authorization: secret } }],
  ])('throws EVENT_UNKNOWN for an event of %s, without its values', async (_, event) => {
    await expect(wrapped()(event)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
    await expect(wrapped()(event)).rejects.not.toThrow(secret);
  });

  test('refuses a scoped key if the path of the event contains a question mark', async () => {
    const scoped = makeKey({ scopes: ['all'] });
    const handler = wrapped({ records: [scoped.record], scopes: { all: ['* /*'] } });
    const event = { ...functionUrlEvent({ key: scoped.secret }), rawPath: '/orders?' };
    expect(await handler(event)).toMatchObject({ statusCode: 403 });
  });

  test('survives an event whose maps have other shapes', async () => {
    const event = {
      httpMethod: 'GET',
      path: '/',
      headers: null,
      multiValueQueryStringParameters: { api_key: [7, null] },
    };
    expect(await wrapped()(event)).toMatchObject({ statusCode: 401 });
  });

  test('has the types of the event and the result of each source', async () => {
    const { authenticator } = createTestAuthorizer();
    const forUrl: LambdaFunctionURLHandler = latchkey(
      authenticator,
      async (event: WithKey<APIGatewayProxyEventV2>) => ({
        statusCode: 200,
        body: event.latchkey.label + event.rawPath,
      }),
    );
    const forLoadBalancer: ALBHandler = latchkey(authenticator, async (event: WithKey<ALBEvent>, context: Context) => ({
      statusCode: 200,
      body: event.latchkey.label + event.path + context.awsRequestId,
    }));
    expect([forUrl, forLoadBalancer].map((handler) => handler.length)).toEqual([1, 1]);
  });
});
