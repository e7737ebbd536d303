import { describe, expect, test } from '@jest/globals';
import { evaluatePolicy, parseStatements } from '../../../local/authorizer.ts';
import {
  appSyncEvent,
  eventApiEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../../testing/authorizerEvents.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import type { TestRequest } from '../../../testing/request.ts';
import { sumsOf } from '../../support/embeddedMetrics.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { makeKey } from '../../support/keys.ts';

const INSIDE = '203.0.113.7';
const OUTSIDE = '198.51.100.9';

interface Answer {
  readonly isAuthorized?: boolean;
  readonly policyDocument?: { readonly Statement: readonly { readonly Effect: string }[] };
  readonly context: Readonly<Record<string, string>>;
}

/** Returns a key with an IP list, and a function that sends it from an address. */
function restrictedKey(environment: Record<string, string> = {}, fields: TestKeyFields = {}) {
  const { secret, record } = makeKey({ allowedIps: [`${INSIDE}/32`, '2001:db8::/32'], ...fields });
  const handler = handlerUnderTest([record], environment);
  const send = async (
    makeEvent: (request: TestRequest) => object,
    sourceIp: string,
    request: TestRequest = {},
  ): Promise<Answer> => {
    const headers = [['Authorization', `Bearer ${secret}`] as const, ...(request.headers ?? [])];
    return (await handler.invoke(makeEvent({ ...request, sourceIp, headers }))) as Answer;
  };
  return { ...handler, record, secret, send };
}

const codeOf = ({ context }: Answer) => context['errorCode'];
const SIMPLE = { LATCHKEY_HTTP_API_RESPONSE: 'simple' };
const CACHED = { LATCHKEY_RESULTS_CACHE_SECONDS: '60', LATCHKEY_KEY_SOURCES: 'bearer' };
const IPV6 = '2001:DB8:0::7';

describe('a key with allowedIps', () => {
  test.each<[string, (request: TestRequest) => object]>([
    ['a REST API', restRequestEvent],
    ['an HTTP API in format 1.0', httpApiV1Event],
    ['an HTTP API in format 2.0', httpApiEvent],
    ['a WebSocket API', webSocketEvent],
  ])('is allowed on %s only from its addresses', async (_, makeEvent) => {
    const { send, record } = restrictedKey();
    for (const address of [INSIDE, IPV6]) expect((await send(makeEvent, address)).context['keyId']).toBe(record.id);
    for (const address of [OUTSIDE, '2001:db9::', '::ffff:198.51.100.9']) {
      expect(codeOf(await send(makeEvent, address))).toBe('IP_FORBIDDEN');
    }
  });

  test('is neither counted nor recorded as used from another address', async () => {
    const limits = { free: { quota: { limit: 1, period: 'day' }, per: 'key' } };
    const plans = JSON.stringify({ namespace: '0123456789abcdef', perKey: [], shared: [], limits });
    const environment = { LATCHKEY_PLANS: plans, LATCHKEY_LIMITS_TABLE: 'limits' };
    const { send, limits: counts, lookup } = restrictedKey(environment, { plan: 'free' });
    expect(codeOf(await send(restRequestEvent, OUTSIDE))).toBe('IP_FORBIDDEN');
    expect([counts.writes, lookup.writes]).toEqual([0, 0]);
    expect(codeOf(await send(restRequestEvent, INSIDE))).toBeUndefined();
    expect([counts.writes, lookup.writes]).toEqual([1, 1]);
  });

  test.each<[string, TestKeyFields, string]>([
    ['revoked', { revokedAt: '2030-01-01T00:00:00Z' }, 'KEY_REVOKED'],
    ['expired', { expiresAt: '2030-01-01T00:00:00Z' }, 'KEY_EXPIRED'],
    ['disabled', { disabledAt: '2030-01-01T00:00:00Z' }, 'KEY_DISABLED'],
  ])('is refused for its state if it is %s, from every address', async (_, fields, code) => {
    const { send } = restrictedKey({}, fields);
    expect(codeOf(await send(restRequestEvent, INSIDE))).toBe(code);
    expect(codeOf(await send(restRequestEvent, OUTSIDE))).toBe(code);
  });

  test('tells nothing of its plan and its scopes from another address', async () => {
    const environment = {
      ...SIMPLE,
      LATCHKEY_SCOPES: '{"admin":["POST /admin"]}',
      LATCHKEY_PLANS:
        '{"namespace":"0123456789abcdef","perKey":[],"shared":[],"limits":{"free":{"quota":{"limit":1,"period":"day"},"per":"key"}}}',
      LATCHKEY_LIMITS_TABLE: 'limits',
    };
    for (const [fields, code] of [
      [{ scopes: ['admin'] }, 'INSUFFICIENT_SCOPE'],
      [{ plan: 'gone' }, 'PLAN_UNAVAILABLE'],
    ] as const) {
      const { send } = restrictedKey(environment, fields);
      expect(codeOf(await send(httpApiEvent, INSIDE))).toBe(code);
      expect(await send(httpApiEvent, OUTSIDE)).toEqual({
        isAuthorized: false,
        context: {
          errorCode: 'IP_FORBIDDEN',
          errorMessage: 'This API key may not be used from this address.',
        },
      });
    }
  });

  test.each<[string, (request: TestRequest) => object]>([
    ['a TOKEN event', restTokenEvent],
    ['an AppSync event', appSyncEvent],
    ['an event of an Event API', eventApiEvent],
  ])("is refused in %s, which doesn't contain an address, and the log says so", async (_, makeEvent) => {
    for (const environment of [{}, { LATCHKEY_TRUSTED_PROXIES: '1' }]) {
      const { invoke, secret, logged } = restrictedKey(environment);
      const headers = [
        ['Authorization', `Bearer ${secret}`],
        ['X-Forwarded-For', `${INSIDE}, ${INSIDE}`],
      ] as const;
      const answer = (await invoke(makeEvent({ headers, sourceIp: INSIDE }))) as Record<string, object>;
      const context = answer['context'] ?? answer['resolverContext'] ?? answer['handlerContext'];
      expect(context).toMatchObject({ errorCode: 'IP_FORBIDDEN' });
      expect(logged()).toEqual([expect.objectContaining({ code: 'IP_FORBIDDEN', detail: 'no address in the event' })]);
    }
  });

  test('is refused with a log line that does not contain the address, and counted as a denial', async () => {
    const { send, logged, log, metricLines } = restrictedKey();
    await send(restRequestEvent, OUTSIDE);
    const detail = 'address not in allowedIps';
    expect(logged()).toEqual([expect.objectContaining({ message: 'denied', code: 'IP_FORBIDDEN', detail })]);
    expect(log.join('')).not.toContain(OUTSIDE);
    expect(metricLines.join('')).toContain('"Reason":"IP_FORBIDDEN"');
    expect(sumsOf(metricLines.map((line) => JSON.parse(line)))).toMatchObject({ Denied: 1 });
  });

  test('is allowed from nowhere if its list is empty or has no address', async () => {
    for (const allowedIps of [[], ['everywhere', '0.0.0.0/0', '::/0']]) {
      for (const environment of [{}, CACHED]) {
        const { send } = restrictedKey(environment, { allowedIps });
        for (const address of [INSIDE, IPV6]) {
          const { policyDocument, context } = await send(restRequestEvent, address);
          expect(policyDocument?.Statement).toMatchObject([{ Effect: 'Deny' }]);
          expect(context['errorCode']).toBe('IP_FORBIDDEN');
        }
      }
    }
  });

  test('is allowed by the address before the trusted proxies', async () => {
    const { send } = restrictedKey({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8' });
    const through = (value: string) => send(restRequestEvent, '10.0.0.1', { headers: [['X-Forwarded-For', value]] });
    expect(codeOf(await through(`${OUTSIDE}, ${INSIDE}, 10.0.0.1`))).toBeUndefined();
    expect(codeOf(await through(`${INSIDE}, ${OUTSIDE}, 10.0.0.1`))).toBe('IP_FORBIDDEN');
    const direct = await send(restRequestEvent, OUTSIDE, { headers: [['X-Forwarded-For', `${INSIDE}, ${OUTSIDE}`]] });
    expect(codeOf(direct)).toBe('IP_FORBIDDEN');
  });
});

describe('the cached policy of a key with allowedIps', () => {
  const ARN = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234';
  /** Evaluates the policy as the gateway does for a later request. */
  const gatewayAnswer = ({ policyDocument }: Answer, arn: string, sourceIp: string) => {
    const statements = parseStatements(policyDocument);
    if (statements === undefined) throw new Error('the policy is malformed');
    return evaluatePolicy(statements, arn, sourceIp);
  };

  test.each<[string, (request: TestRequest) => object, string]>([
    ['a REST API', restRequestEvent, `${ARN}/prod/GET/whoami`],
    ['an HTTP API in format 1.0', httpApiV1Event, `${ARN}/$default/GET/whoami`],
    ['an HTTP API in format 2.0', httpApiEvent, `${ARN}/$default/GET/whoami`],
    ['a WebSocket API', webSocketEvent, `${ARN}/prod/$connect`],
  ])('is the same on %s whichever address asked, and holds only for its addresses', async (_, makeEvent, arn) => {
    const { send } = restrictedKey(CACHED);
    const [inside, outside] = [await send(makeEvent, INSIDE), await send(makeEvent, OUTSIDE)];
    expect(outside).toEqual(inside);
    expect(inside.context).toMatchObject({ keyId: expect.any(String), errorCode: 'IP_FORBIDDEN' });
    for (const answer of [inside, outside]) {
      expect(gatewayAnswer(answer, arn, INSIDE)).toBe('allow');
      expect(gatewayAnswer(answer, arn, IPV6)).toBe('allow');
      expect(gatewayAnswer(answer, arn, OUTSIDE)).toBe('implicit-deny');
      expect(gatewayAnswer(answer, arn, '2001:db9::')).toBe('implicit-deny');
    }
  });

  test('also holds only for the routes of its scopes, and names the reason of the first request', async () => {
    const environment = { ...CACHED, LATCHKEY_SCOPES: '{"read":["GET /orders/*"]}' };
    const { send } = restrictedKey(environment, { scopes: ['read'] });
    const answers = [
      await send(restRequestEvent, INSIDE, { path: '/orders/1' }),
      await send(restRequestEvent, INSIDE, { path: '/admin' }),
      await send(restRequestEvent, OUTSIDE, { path: '/orders/1' }),
    ];
    expect(answers.map(codeOf)).toEqual(['INSUFFICIENT_SCOPE', 'INSUFFICIENT_SCOPE', 'IP_FORBIDDEN']);
    for (const answer of answers) {
      expect(gatewayAnswer(answer, `${ARN}/prod/GET/orders/1`, INSIDE)).toBe('allow');
      expect(gatewayAnswer(answer, `${ARN}/prod/GET/orders/1`, OUTSIDE)).toBe('implicit-deny');
      expect(gatewayAnswer(answer, `${ARN}/prod/GET/admin`, INSIDE)).toBe('implicit-deny');
      expect(gatewayAnswer(answer, `${ARN}/prod/GET/orders/../admin`, INSIDE)).toBe('explicit-deny');
      expect(gatewayAnswer(answer, `${ARN}/prod/GET/orders/../admin`, OUTSIDE)).toBe('explicit-deny');
    }
  });

  test('denies everything after a TOKEN event', async () => {
    const { invoke, secret } = restrictedKey(CACHED);
    const answer = (await invoke(restTokenEvent({ headers: [['Authorization', `Bearer ${secret}`]] }))) as Answer;
    expect(gatewayAnswer(answer, `${ARN}/prod/GET/whoami`, INSIDE)).toBe('explicit-deny');
  });

  test("has no condition if the key has no list, or if policies aren't cached", async () => {
    const { secret, record } = makeKey();
    const headers = [['Authorization', `Bearer ${secret}`]] as const;
    const free = await handlerUnderTest([record], CACHED).invoke(restRequestEvent({ headers }));
    const uncached = await restrictedKey().send(restRequestEvent, INSIDE);
    expect(JSON.stringify([free, uncached])).not.toContain('Condition');
  });
});

describe('a simple response for a key with allowedIps', () => {
  test('is a refusal for every address if it is cached, and the log names the reason', async () => {
    const { send, logged } = restrictedKey({ ...SIMPLE, ...CACHED });
    for (const address of [INSIDE, OUTSIDE]) {
      expect(await send(httpApiEvent, address)).toMatchObject({
        isAuthorized: false,
        context: { errorCode: 'IP_FORBIDDEN' },
      });
    }
    const line = expect.objectContaining({
      code: 'IP_FORBIDDEN',
      detail: 'cached simple response',
    });
    expect(logged()).toEqual([line, line]);
  });

  test('depends on the address without a cache', async () => {
    const { send } = restrictedKey(SIMPLE);
    expect(await send(httpApiEvent, INSIDE)).toMatchObject({ isAuthorized: true });
    expect(await send(httpApiEvent, OUTSIDE)).toMatchObject({ isAuthorized: false });
  });

  test('does not keep the key from policies of the same function', async () => {
    const { send, record } = restrictedKey({ ...SIMPLE, ...CACHED });
    expect((await send(restRequestEvent, INSIDE)).context['keyId']).toBe(record.id);
    expect((await send(httpApiV1Event, INSIDE)).context['keyId']).toBe(record.id);
  });
});
