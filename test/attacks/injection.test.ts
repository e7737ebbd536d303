import { describe, expect, test } from '@jest/globals';
import { readOptions } from '../../lambda/verifier.ts';
import { readConfig } from '../../lambda/config.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { AMBIGUOUS_ARN_ENDS } from '../../lambda/routes.ts';
import {
  appSyncEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../testing/authorizerEvents.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import { handlerUnderTest } from '../support/handlerUnderTest.ts';
import { HOSTILE_TEXTS, PROTOTYPE_NAMES } from '../support/hostileEvents.ts';
import { makeKey, NOW_MS } from '../support/keys.ts';

const WITH_A_METHOD = [restTokenEvent, restRequestEvent, httpApiEvent, httpApiV1Event];
const ALL = [...WITH_A_METHOD, webSocketEvent, appSyncEvent];
const SCOPES = {
  read: ['GET /orders/*'],
  graphql: ['GRAPHQL /graphql'],
  connect: ['$connect'],
  channels: ['SUBSCRIBE /orders/*', 'PUBLISH /orders/*'],
};
const SCOPED = { LATCHKEY_SCOPES: JSON.stringify(SCOPES) };
const STAGE = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234';

interface Answer {
  readonly policyDocument: { readonly Statement: readonly { readonly Resource: string }[] };
  readonly isAuthorized: boolean;
  readonly context: Readonly<Record<string, string>>;
}

/** Serializes an event and parses it. The Lambda runtime does the same. */
const sent = (event: object): object => JSON.parse(JSON.stringify(event));
const send = async (invoke: (event: unknown) => Promise<object>, event: object) =>
  (await invoke(sent(event))) as Answer;

describe('attacker-controlled text', () => {
  const { secret, record } = makeKey({ scopes: ['read'] });

  test.each(HOSTILE_TEXTS)("doesn't appear in the policy if the method or path contains it: %j", async (text) => {
    for (const settings of [{}, SCOPED]) {
      for (const makeEvent of WITH_A_METHOD) {
        const event = makeEvent({ key: secret, method: text, path: `/orders/${text}` });
        const onStage = (end: string) =>
          `${STAGE}/${'routeArn' in event || 'version' in event ? '$default' : 'prod'}/${end}`;
        // Only the ARNs of WebSocket APIs lack a slash after the method.
        const { policyDocument } = await send(handlerUnderTest([record], settings).invoke, event);
        const own = settings === SCOPED ? ['GET/orders/*', AMBIGUOUS_ARN_ENDS] : ['*'];
        expect(policyDocument.Statement.map(({ Resource }) => Resource)).toEqual(
          own.map((ends) => (typeof ends === 'string' ? onStage(ends) : ends.map(onStage))),
        );
      }
    }
  });

  test.each(['*', '?', 'prod\n', 'pr od', 'prod*', '${aws:username}', 'a"b', 'prod\u0000', 'ｐrod', ''])(
    'causes EVENT_UNKNOWN if it is the stage or the API id: %j',
    async (text) => {
      for (const arn of [`${STAGE}/${text}/GET/orders`, `${STAGE.replace(/[^:]*$/, text)}/prod/GET/orders`]) {
        for (const makeEvent of WITH_A_METHOD) {
          const event = makeEvent({ key: secret });
          const broken = { ...event, ...('routeArn' in event ? { routeArn: arn } : { methodArn: arn }) };
          await expect(handlerUnderTest([record]).invoke(sent(broken))).rejects.toMatchObject({
            code: 'EVENT_UNKNOWN',
          });
        }
      }
    },
  );
});

describe('a scope', () => {
  const { secret, record } = makeKey({ scopes: ['graphql', 'connect', 'channels'] });
  const { secret: reader, record: readers } = makeKey({ scopes: ['read'] });

  test.each([
    ['GRAPHQL', '/graphql'],
    ['SUBSCRIBE', '/orders/eu'],
    ['PUBLISH', '/orders/eu'],
    ['EVENT_CONNECT', ''],
    ['$connect', ''],
    ['$connect', '/'],
    ['GET', '/$connect'],
  ])("doesn't allow the HTTP route %s %s if it is for another API type", async (method, path) => {
    for (const response of ['iam', 'simple']) {
      const { invoke } = handlerUnderTest([record], { ...SCOPED, LATCHKEY_HTTP_API_RESPONSE: response });
      const answer = await send(invoke, httpApiEvent({ key: secret, method, path }));
      expect(answer.context['errorCode']).toBe('INSUFFICIENT_SCOPE');
      expect(JSON.stringify(answer)).not.toMatch(/"Allow"|true/);
    }
  });

  test("doesn't allow a request whose route key isn't a string", async () => {
    const { invoke } = handlerUnderTest([readers], {
      ...SCOPED,
      LATCHKEY_HTTP_API_RESPONSE: 'simple',
      LATCHKEY_RESULTS_CACHE_SECONDS: '60',
    });
    for (const routeKey of [{ toString: 1, valueOf: 1 }, ['GET /orders/7'], null, 7]) {
      const event = { ...httpApiEvent({ key: reader, path: '/orders/7' }), routeKey };
      expect(await send(invoke, event)).toMatchObject({ isAuthorized: false });
    }
  });
});

describe('the name of an Object.prototype member', () => {
  const { secret, record } = makeKey();

  test.each(PROTOTYPE_NAMES)('can be the name of an ordinary header or parameter: %s', async (name) => {
    for (const makeEvent of ALL) {
      const pair = [[name, 'x']] as const;
      const { invoke } = handlerUnderTest([record]);
      const answer = await send(invoke, makeEvent({ key: secret, headers: pair, query: pair }));
      expect(JSON.stringify(answer)).toMatch(/"Allow"|"isAuthorized":true/);
      if ('multiValueHeaders' in makeEvent()) {
        expect(Object.entries(makeEvent({ headers: pair }))).toContainEqual([
          'multiValueHeaders',
          asMember(name, ['x']),
        ]);
      }
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test.each(PROTOTYPE_NAMES)('yields only the sent key if it is the name of a key source: %s', async (name) => {
    const settings = { LATCHKEY_KEY_SOURCES: `header:${name},query:${name}` };
    const { invoke } = handlerUnderTest([record], settings);
    await expect(invoke(sent(restRequestEvent()))).rejects.toThrow('Unauthorized');
    for (const request of [{ headers: [[name, secret]] as const }, { query: [[name, secret]] as const }]) {
      expect(JSON.stringify(await send(invoke, restRequestEvent(request)))).toContain('"Allow"');
    }
  });

  test.each(PROTOTYPE_NAMES)('allows only its mapped routes if it is the name of a scope: %s', async (name) => {
    const scoped = makeKey({ scopes: [name] });
    const event = restRequestEvent({ key: scoped.secret, path: '/orders' });
    const unmapped = handlerUnderTest([scoped.record], SCOPED);
    expect(JSON.stringify(await send(unmapped.invoke, event))).toContain('"Deny"');
    const mapped = handlerUnderTest([scoped.record], { LATCHKEY_SCOPES: `{"${name}":["GET /orders"]}` });
    expect(JSON.stringify(await send(mapped.invoke, event))).toContain('GET/orders"');
  });

  test.each(PROTOTYPE_NAMES)('causes an error if it is the name of an option: %s', (name) => {
    const options = { tableName: 'keys', ...asMember(name, 'x') };
    expect(() => readOptions(options)).toThrow(`${name}: unknown option`);
  });
});

describe('look-alike characters', () => {
  const { secret, record } = makeKey();
  const values = [
    `Вearer ${secret}`,
    `Ｂｅａｒｅｒ ${secret}`,
    `Bearer\u00A0${secret}`,
    `Bearer\u2003${secret}`,
    `Bearer \u200B${secret}`,
    `Bearer ${secret}\u0000`,
    `Bearer ${secret}\uFEFF`,
    `Bearer ${secret}\u0301`,
    `Bearer ${secret.replace('s', 'ſ').replace('k', '\u212A')}`,
    `Bearer ${secret.replace('k', '\u212A')}`,
    `Bearer ${secret.toUpperCase()}`,
    `Bearer ${secret.slice(0, -1)}\uD835\uDFCE`,
    `Bearer ${secret.slice(0, 20)}\uD800${secret.slice(20)}`,
    `Bearer ${[...secret].join('\u200D')}`,
    `Bearer ${Buffer.from(secret).toString('base64')}`,
    `Bearer ${encodeURIComponent(secret).replace('_', '%5F')}`,
  ];

  test.each([{}, { LATCHKEY_EXTERNAL_KEYS: 'true' }])(
    "aren't accepted in a key or a scheme with the settings %j",
    async (settings) => {
      const { invoke, lookup } = handlerUnderTest([record], settings);
      for (const value of values) {
        for (const makeEvent of ALL) {
          const event = makeEvent({ headers: [['Authorization', value]] });
          const answer = await send(invoke, event).catch((error: Error) => error.message);
          expect([value, JSON.stringify(answer)]).not.toEqual([value, expect.stringMatching(/"Allow"|true/)]);
        }
      }
      expect(lookup.writes).toBe(0);
    },
  );

  test("aren't treated as ASCII characters in a header name", async () => {
    const { invoke } = handlerUnderTest([record], { LATCHKEY_KEY_SOURCES: 'header:x-api-key' });
    for (const name of [
      'x-api-\u212Aey',
      'X-API-\u212AEY',
      'x-apı-key',
      'x_api_key',
      'x\rapi\rkey',
      'x-api-key\u0000',
      ' x-api-key',
    ]) {
      await expect(invoke(sent(restRequestEvent({ headers: [[name, secret]] })))).rejects.toThrow('Unauthorized');
    }
  });
});

describe('the log', () => {
  const odd = makeKey({
    id: 'odd"}\n{"level":"ERROR"',
    keyPrefix: '\u001B[31m\r\n',
    disabledAt: '2030-01-01T00:00:00Z',
  });

  test('contains one line of JSON per request, even if the record and the request id contain control characters', async () => {
    const lines: string[] = [];
    const handler = createHandler({
      config: readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_METRICS: 'false' }),
      functionName: 'authorizer',
      lookup: new MemoryLookup(odd.record),
      now: () => NOW_MS,
      random: () => 0.5,
      writeLog: (line) => lines.push(line),
    });
    const requestId = 'x\n{"level":"ERROR"}\u001B[0m';
    await handler(sent(restRequestEvent({ key: odd.secret })), { awsRequestId: requestId });
    expect(lines).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex -- the test looks for control characters
    expect(lines[0]).not.toMatch(/[\u0000-\u001F]/);
    expect(JSON.parse(String(lines[0]))).toMatchObject({ level: 'INFO', requestId, keyId: odd.record.id });
  });

  test('contains only those field names of an unknown event that are words', async () => {
    const { invoke, log } = handlerUnderTest([]);
    const names = HOSTILE_TEXTS.filter((text) => !/^\w+$/.test(text)).map((text) => [text, text] as const);
    const words = Array.from({ length: 30 }, (_, at) => [`word${at}`, '\n'] as const);
    await expect(invoke(sent(Object.fromEntries([...names, ...words])))).rejects.toMatchObject({
      code: 'EVENT_UNKNOWN',
    });
    const listed = Array.from({ length: 20 }, (_, at) => `word${at}`).join(', ');
    expect(JSON.parse(String(log[0]))['detail']).toMatch(new RegExp(`it has ${listed}$`));
  });
});

describe('the authorizer', () => {
  const { secret, record } = makeKey();
  const LENGTH = 100_000;
  const many = (text: string) => text.repeat(LENGTH / text.length);

  test.each([
    ['spaces around the key', `Bearer ${many(' ')}${secret}${many(' ')}`, true],
    ['spaces', many(' '), false],
    ['commas', `Bearer ${secret}${many(',')}`, false],
    ['schemes', many('bearer '), false],
    ['schemes with commas', many('bearer ,'), false],
    ['an overlong key', `Bearer ${secret}${many('a')}`, false],
    ['keys', many(`Bearer ${secret},`), false],
    ['zeros', many('\u0000'), false],
    ['unpaired surrogates', many('\uD800'), false],
  ])('responds to a header with 100 KB of %s in under 1,000 characters', async (_, value, isKey) => {
    for (const makeEvent of ALL) {
      const { invoke } = handlerUnderTest([record], { LATCHKEY_KEY_SOURCES: 'bearer,header:x-api-key' });
      const event = makeEvent({ headers: [['Authorization', value]], query: [['api_key', value]] });
      const answer = JSON.stringify(await send(invoke, event).catch((error: Error) => error.message));
      expect([makeEvent.name, /"Allow"|"isAuthorized":true/.test(answer)]).toEqual([makeEvent.name, isKey]);
      expect(answer.length).toBeLessThan(1000);
    }
  });

  test('accepts a key among 10,000 headers only if the name of its header is unique', async () => {
    const { invoke } = handlerUnderTest([record]);
    const values = Array.from({ length: 10_000 }, () => `Bearer ${secret}`);
    const names = Object.fromEntries(values.map((value, at) => [`x-${at}`, value]));
    const sameName = { ...restRequestEvent(), multiValueHeaders: { Authorization: values } };
    const manyNames = {
      ...restRequestEvent(),
      headers: { ...names, Authorization: `Bearer ${secret}` },
      multiValueHeaders: names,
    };
    expect((await send(invoke, sameName)).context).toMatchObject({ errorCode: 'INVALID_KEY' });
    expect((await send(invoke, manyNames)).context).toMatchObject({ keyId: record.id });
  });
});

/** Returns an object with one member. A plain assignment to `__proto__` would change the prototype. */
function asMember(name: string, value: unknown): object {
  return Object.fromEntries([[name, value]]);
}
