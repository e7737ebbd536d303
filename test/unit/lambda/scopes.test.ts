import { describe, expect, test } from '@jest/globals';
import {
  appSyncEvent,
  eventApiEvent,
  type EventApiOperation,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../../testing/authorizerEvents.ts';
import { AMBIGUOUS_ARN_ENDS, CONNECT } from '../../../lambda/routes.ts';
import { Scopes } from '../../../lambda/scopes.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { makeKey } from '../../support/keys.ts';

const MAPPING = {
  'orders:read': ['GET /orders', 'GET /orders/*'],
  'orders:write': ['POST /orders', '* /orders/*'],
  live: ['$connect'],
  graph: ['GRAPHQL /graphql'],
  nothing: [],
  all: ['* /*'],
};
const SCOPED = { LATCHKEY_SCOPES: JSON.stringify(MAPPING) };
const SIMPLE = { ...SCOPED, LATCHKEY_HTTP_API_RESPONSE: 'simple' };
const INSUFFICIENT = { errorCode: 'INSUFFICIENT_SCOPE', errorMessage: 'This API key may not use this route.' };
const API = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234';

const keyOf = (...scopes: string[]) => makeKey({ scopes });
const bearing = (secret: string) => ({ headers: [['Authorization', `Bearer ${secret}`]] as const });

/** Returns the response's policy. For a scoped key, a policy with a wildcard also denies ambiguous paths. */
function policyOf(answer: object) {
  const { principalId, policyDocument, context } = answer as {
    principalId: string;
    policyDocument: { Statement: { Effect: string; Resource: string | string[] }[] };
    context: Record<string, string>;
  };
  const [statement, ...others] = policyDocument.Statement;
  const resource = statement?.Resource;
  const hasWildcard =
    context['errorCode'] === 'INSUFFICIENT_SCOPE' && statement?.Effect === 'Allow' && /\*/.test(String(resource));
  const stage = /^[^/]+\/[^/]+/.exec(String(resource))?.[0];
  expect(others).toEqual(
    hasWildcard
      ? [expect.objectContaining({ Effect: 'Deny', Resource: AMBIGUOUS_ARN_ENDS.map((end) => `${stage}/${end}`) })]
      : [],
  );
  return { principalId, effect: statement?.Effect, resource, context };
}

describe.each([
  ['rest-token', restTokenEvent, 'prod'],
  ['rest-request', restRequestEvent, 'prod'],
  ['http-api', httpApiEvent, '$default'],
  ['http-api-1.0', httpApiV1Event, '$default'],
])('scopes of a %s event', (_, makeEvent, stage) => {
  test('limit a key to its own routes regardless of the first requested route', async () => {
    const { secret, record } = keyOf('orders:read');
    const { invoke } = handlerUnderTest([record], SCOPED);
    const own = await invoke(makeEvent({ ...bearing(secret), path: '/orders/7' }));
    const other = await invoke(makeEvent({ ...bearing(secret), method: 'POST', path: '/admin' }));
    expect(own).toEqual(other);
    expect(policyOf(own)).toEqual({
      principalId: record.id,
      effect: 'Allow',
      resource: [`${API}/${stage}/GET/orders`, `${API}/${stage}/GET/orders/*`],
      context: { keyId: record.id, keyPrefix: record.keyPrefix, label: 'ci', scopes: 'orders:read', ...INSUFFICIENT },
    });
  });

  test.each([
    ['an empty list of scopes', []],
    ['a scope with an empty list of routes', ['nothing']],
    ['a scope that the mapping lacks', ['unheard-of']],
    ['only scopes of other API types', ['live']],
  ])('deny every request with a key that has %s', async (__, scopes) => {
    const { secret, record } = keyOf(...scopes);
    const { invoke } = handlerUnderTest([record], SCOPED);
    expect(policyOf(await invoke(makeEvent({ ...bearing(secret), path: '/orders' })))).toMatchObject({
      principalId: record.id,
      effect: 'Deny',
      resource: `${API}/${stage}/*`,
      context: INSUFFICIENT,
    });
  });

  test("don't limit a key without scopes", async () => {
    const { secret, record } = makeKey();
    const { invoke } = handlerUnderTest([record], SCOPED);
    const { effect, resource, context } = policyOf(await invoke(makeEvent(bearing(secret))));
    expect({ effect, resource }).toEqual({ effect: 'Allow', resource: `${API}/${stage}/*` });
    expect(context).not.toHaveProperty('errorCode');
  });

  test("appear only in the context if the settings don't map any scope", async () => {
    const { secret, record } = keyOf('orders:read');
    const { invoke } = handlerUnderTest([record]);
    const { resource, context } = policyOf(await invoke(makeEvent(bearing(secret))));
    expect(resource).toBe(`${API}/${stage}/*`);
    expect(context).toEqual({ keyId: record.id, keyPrefix: record.keyPrefix, label: 'ci', scopes: 'orders:read' });
  });

  test('cause a denial without a last-used write for a request outside the scopes', async () => {
    const { secret, record } = keyOf('orders:read');
    const { invoke, lookup, logged } = handlerUnderTest([record], SCOPED);
    await invoke(makeEvent({ ...bearing(secret), path: '/admin' }));
    expect(lookup.writes).toBe(0);
    expect(logged()).toEqual([
      expect.objectContaining({ message: 'denied', code: 'INSUFFICIENT_SCOPE', keyId: record.id }),
    ]);
    await invoke(makeEvent({ ...bearing(secret), path: '/orders' }));
    expect(lookup.writes).toBe(1);
  });
});

test('a policy contains the shared resource of two scopes only once', async () => {
  const { secret, record } = keyOf('orders:write', 'orders:read');
  const { invoke } = handlerUnderTest([record], {
    LATCHKEY_SCOPES: JSON.stringify({ 'orders:read': ['GET /orders'], 'orders:write': ['GET /orders'] }),
  });
  expect(policyOf(await invoke(restTokenEvent(bearing(secret)))).resource).toBe(`${API}/prod/GET/orders`);
});

test.each([restTokenEvent, restRequestEvent, httpApiEvent, httpApiV1Event])(
  'a request with dot segments causes a denial without a last-used write (%p)',
  async (makeEvent) => {
    const { secret, record } = keyOf('orders:read');
    const { invoke, lookup, logged } = handlerUnderTest([record], SCOPED);
    await invoke(makeEvent({ ...bearing(secret), path: '/orders/../admin' }));
    expect(lookup.writes).toBe(0);
    expect(logged()).toEqual([expect.objectContaining({ code: 'INSUFFICIENT_SCOPE' })]);
  },
);

describe('scopes with simple responses of an HTTP API', () => {
  test.each([
    ['GET', '/orders'],
    ['GET', '/orders/7'],
  ])('allow a request for their own route: %s %s', async (method, path) => {
    const { secret, record } = keyOf('orders:read');
    const { invoke } = handlerUnderTest([record], SIMPLE);
    expect(await invoke(httpApiEvent({ ...bearing(secret), method, path }))).toEqual({
      isAuthorized: true,
      context: { keyId: record.id, keyPrefix: record.keyPrefix, label: 'ci', scopes: 'orders:read' },
    });
  });

  test.each([
    ['POST', '/orders'],
    ['GET', '/admin'],
    ['GET', '/orders/../admin'],
    ['GET', '/orders/%2E%2e/admin'],
  ])('deny a request for any other route: %s %s', async (method, path) => {
    const { secret, record } = keyOf('orders:read');
    const { invoke } = handlerUnderTest([record], SIMPLE);
    expect(await invoke(httpApiEvent({ ...bearing(secret), method, path }))).toEqual({
      isAuthorized: false,
      context: INSUFFICIENT,
    });
  });

  test('must cover the whole route if there is a results cache', async () => {
    const { secret, record } = keyOf('one');
    const settings = { ...SIMPLE, LATCHKEY_SCOPES: '{"one":["GET /orders/1"]}' };
    const event = { ...httpApiEvent({ ...bearing(secret), path: '/orders/1' }), routeKey: 'GET /orders/{id}' };
    const uncached = handlerUnderTest([record], settings);
    expect(await uncached.invoke(event)).toMatchObject({ isAuthorized: true });
    const cached = handlerUnderTest([record], { ...settings, LATCHKEY_RESULTS_CACHE_SECONDS: '60' });
    expect(await cached.invoke(event)).toMatchObject({ isAuthorized: false });
    expect(await cached.invoke({ ...event, routeKey: 'GET /orders/1' })).toMatchObject({ isAuthorized: true });
  });

  test('deny an event without a route if there is a results cache', async () => {
    const { secret, record } = keyOf('all');
    const { invoke } = handlerUnderTest([record], { ...SIMPLE, LATCHKEY_RESULTS_CACHE_SECONDS: '60' });
    const { routeKey: _, ...event } = httpApiEvent(bearing(secret));
    expect(await invoke(event)).toEqual({ isAuthorized: false, context: INSUFFICIENT });
  });
});

test("a scoped key's use of its own route is recorded even if there is a results cache", async () => {
  const { secret, record } = keyOf('one');
  const settings = { LATCHKEY_SCOPES: '{"one":["GET /orders/1"]}', LATCHKEY_RESULTS_CACHE_SECONDS: '60' };
  const { invoke, lookup, log } = handlerUnderTest([record], settings);
  await invoke({ ...httpApiEvent({ ...bearing(secret), path: '/orders/1' }), routeKey: 'GET /orders/{id}' });
  expect(lookup.writes).toBe(1);
  expect(log).toEqual([]);
});

describe('scopes of a WebSocket API', () => {
  test('must include $connect, the only route that they can allow', async () => {
    const allowed = keyOf('live', 'orders:read');
    const refused = keyOf('orders:write');
    const { invoke } = handlerUnderTest([allowed.record, refused.record], SCOPED);
    expect(policyOf(await invoke(webSocketEvent(bearing(allowed.secret))))).toMatchObject({
      effect: 'Allow',
      resource: `${API}/prod/$connect`,
    });
    expect(policyOf(await invoke(webSocketEvent(bearing(refused.secret))))).toMatchObject({
      effect: 'Deny',
      context: INSUFFICIENT,
    });
  });
});

describe('scopes of AppSync', () => {
  test('must include GRAPHQL /graphql', async () => {
    const allowed = keyOf('graph');
    const refused = keyOf('all');
    const { invoke } = handlerUnderTest([allowed.record, refused.record], SCOPED);
    expect(await invoke(appSyncEvent(bearing(allowed.secret)))).toMatchObject({ isAuthorized: true });
    expect(await invoke(appSyncEvent(bearing(refused.secret)))).toMatchObject({
      isAuthorized: false,
      resolverContext: INSUFFICIENT,
    });
  });
});

describe('scopes of an AppSync Event API', () => {
  const subscriber = keyOf('listen');
  const publisher = keyOf('tell');
  const reader = keyOf('all', 'graph', 'live');
  const unscoped = makeKey({ id: 'unscoped' });
  const records = [subscriber, publisher, reader, unscoped].map(({ record }) => record);
  const CHANNELS = {
    LATCHKEY_SCOPES:
      '{"listen":["SUBSCRIBE /orders/*"],"tell":["PUBLISH /orders/eu"],"all":["* /*"],"graph":["GRAPHQL /graphql"],"live":["$connect"]}',
  };
  const CACHED = { ...CHANNELS, LATCHKEY_RESULTS_CACHE_SECONDS: '300' };
  const ask = async ({ secret }: { secret: string }, operation: EventApiOperation, environment = CHANNELS) =>
    Object(await handlerUnderTest(records, environment).invoke(eventApiEvent(bearing(secret), operation)));
  const CONNECT = { operation: 'EVENT_CONNECT' } as const;
  const subscribeTo = (channel: string) => ({ operation: 'EVENT_SUBSCRIBE', channel }) as const;
  const publishTo = (channel: string) => ({ operation: 'EVENT_PUBLISH', channel }) as const;

  test.each([
    ['connect', subscriber, CONNECT],
    ['connect', publisher, CONNECT],
    ['subscribe to a channel', subscriber, subscribeTo('/orders/eu')],
    ['subscribe to every channel of their pattern', subscriber, subscribeTo('/orders/*')],
    ['publish to a channel', publisher, publishTo('/orders/eu')],
  ])('allow a key to %s', async (_, key, operation) => {
    const answer = await ask(key, operation);
    expect(answer).toMatchObject({ isAuthorized: true, handlerContext: { keyId: key.record.id } });
    expect(answer).not.toHaveProperty('resolverContext');
  });

  test.each([
    ['subscribe to another channel', subscriber, subscribeTo('/invoices/eu')],
    ['subscribe to more channels than their pattern covers', subscriber, subscribeTo('/*')],
    ['publish to a channel for subscriptions', subscriber, publishTo('/orders/eu')],
    ['subscribe to a channel for publications', publisher, subscribeTo('/orders/eu')],
    ['publish to another channel', publisher, publishTo('/orders/us')],
    ['subscribe to a channel with a dot segment', subscriber, subscribeTo('/orders/../invoices')],
    ['connect without a pattern for a channel', reader, CONNECT],
    ['subscribe with a pattern for any method', reader, subscribeTo('/orders/eu')],
    ['publish with a pattern for any method', reader, publishTo('/orders/eu')],
    ['subscribe without a channel', subscriber, { operation: 'EVENT_SUBSCRIBE' } as const],
    [
      'use an operation that AWS has not documented',
      reader,
      { operation: 'EVENT_DELETE' as never, channel: '/orders/eu' },
    ],
  ])("don't allow a key to %s", async (_, key, operation) => {
    expect(await ask(key, operation)).toMatchObject({ isAuthorized: false, handlerContext: INSUFFICIENT });
  });

  test('leave a key without scopes on every channel', async () => {
    for (const operation of [CONNECT, subscribeTo('/invoices/*'), publishTo('/orders/eu')])
      expect(await ask(unscoped, operation)).toMatchObject({ isAuthorized: true });
  });

  test('keep AppSync from caching a decision that holds for one channel', async () => {
    expect(await ask(subscriber, subscribeTo('/orders/eu'), CACHED)).toMatchObject({
      isAuthorized: true,
      ttlOverride: 0,
    });
    expect(await ask(subscriber, subscribeTo('/other'), CACHED)).toMatchObject({ isAuthorized: false, ttlOverride: 0 });
    expect(await ask(subscriber, CONNECT, CACHED)).toMatchObject({ isAuthorized: true, ttlOverride: 0 });
  });

  test('let AppSync cache a decision that holds for every channel', async () => {
    expect(await ask(unscoped, publishTo('/orders/eu'), CACHED)).toMatchObject({ ttlOverride: 300 });
    expect(await ask(makeKey({ id: 'unknown' }), CONNECT, CACHED)).toMatchObject({
      isAuthorized: false,
      handlerContext: { errorCode: 'INVALID_KEY' },
      ttlOverride: 10,
    });
  });
});

test('an unknown scope appears in the log once per execution environment', async () => {
  const one = keyOf('orders:read', 'unheard-of');
  const { invoke, logged } = handlerUnderTest([one.record], SCOPED);
  const event = restTokenEvent({ ...bearing(one.secret), path: '/orders' });
  for (let request = 0; request < 3; request++) await invoke(event);
  expect(logged()).toEqual([
    expect.objectContaining({
      level: 'WARN',
      message: 'scope unknown',
      code: 'SCOPE_UNKNOWN',
      scope: 'unheard-of',
      keyId: one.record.id,
    }),
  ]);
});

test('the log contains at most 1000 unknown scopes per execution environment', async () => {
  const keys = Array.from({ length: 3 }, (_, key) =>
    keyOf(...Array.from({ length: 400 }, (__, at) => `s${key}-${at}`)),
  );
  const { invoke, logged } = handlerUnderTest(
    keys.map(({ record }) => record),
    SCOPED,
  );
  for (const { secret } of keys) await invoke(restTokenEvent(bearing(secret)));
  expect(logged().filter(({ message }) => message === 'scope unknown')).toHaveLength(1000);
});

describe('Scopes.invalidPartOf', () => {
  test.each([
    ['{"read":["GET /orders","orders"],"write":["POST /orders"]}', '{"read":["orders"]}'],
    ['{"re ad":["GET /orders"]}', '{"re ad":["GET /orders"]}'],
    ['{"read":"GET /orders"}', '{"read":"GET /orders"}'],
    ['{"read":["GET /orders"]}', '{}'],
    ['[]', '[]'],
    ['{', '{'],
  ])('reduces %s to its invalid part %s', (text, wrong) => {
    expect(Scopes.invalidPartOf(text)).toBe(wrong);
  });
});

test('allPatterns returns the patterns of every scope', () => {
  const read = { method: 'GET', path: '/orders' };
  const write = { method: 'POST', path: '/orders' };
  expect(
    new Scopes(
      new Map([
        ['read', [read]],
        ['write', [write, CONNECT]],
      ]),
    ).allPatterns,
  ).toEqual([read, write, CONNECT]);
});
