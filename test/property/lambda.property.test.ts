import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyState } from '../../keys/state.ts';
import { readConfig } from '../../lambda/config.ts';
import { presentedKey } from '../../lambda/credentials.ts';
import { EVENT_SOURCES } from '../../lambda/eventSources.ts';
import { arbitraryRecord, arbitrarySecret } from '../support/arbitraries.ts';
import {
  appSyncEvent,
  eventApiEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../testing/authorizerEvents.ts';
import { handlerUnderTest } from '../support/handlerUnderTest.ts';
import { hashSecret } from '../../keys/secret.ts';
import { makeKey, NOW_MS } from '../support/keys.ts';
import { evaluatePolicy, parseStatements } from '../../local/authorizer.ts';
import { runs } from '../support/runs.ts';

const POLICY_MAKERS = [restTokenEvent, restRequestEvent, httpApiEvent, httpApiV1Event];
const MAKERS = [...POLICY_MAKERS, webSocketEvent, appSyncEvent, eventApiEvent];
const RUNS = runs(1000);

/** Anything in place of a map of headers: also arrays, nulls, numbers for names and values, and names of prototypes. */
const anyMap = fc.oneof(
  fc.anything(),
  fc.dictionary(
    fc.oneof(fc.constantFrom('Authorization', 'authorization', 'x-api-key', '__proto__', 'constructor'), fc.string()),
    fc.oneof(fc.string(), fc.array(fc.anything(), { maxLength: 3 }), fc.anything()),
  ),
);

const anyEvent = fc.oneof(
  fc.anything(),
  fc
    .tuple(
      fc.constantFrom(...MAKERS).map((makeEvent) => makeEvent()),
      fc.record(
        {
          authorizationToken: fc.anything(),
          headers: anyMap,
          multiValueHeaders: anyMap,
          cookies: fc.anything(),
          queryStringParameters: anyMap,
          multiValueQueryStringParameters: anyMap,
          requestContext: fc.anything(),
        },
        { requiredKeys: [] },
      ),
    )
    .map(([event, fields]) => ({ ...event, ...fields })),
);

test('presentedKey never throws for any event', () => {
  const { keySources, keyFormat } = readConfig({
    LATCHKEY_TABLE: 'keys',
    LATCHKEY_KEY_SOURCES:
      'header:X-Api-Key,bearer,basic,header:X-Api-Key:Token,cookie:key,websocket-protocol,query:api_key',
  });
  fc.assert(
    fc.property(anyEvent, (event) => {
      const fields = typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {};
      for (const apiType of EVENT_SOURCES) {
        expect(presentedKey(apiType.read(fields), keySources, keyFormat)).toHaveProperty('kind');
      }
    }),
    RUNS,
  );
});

describe('presentedKey for any value of one header', () => {
  const piece = fc.oneof(
    fc.constantFrom('Bearer ', 'bearer', 'Token ', 'token=', 'Basic ', 'key=', ' ', ';', '"', ':', '=', 'chat'),
    arbitrarySecret,
    fc.tuple(arbitrarySecret, fc.constantFrom('', ':', ':password', ':a:b')).map((parts) => btoa(parts.join(''))),
    fc.string({ maxLength: 3 }),
  );
  const valueOf = (separator: fc.Arbitrary<string>) =>
    fc.array(fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: separator }), { maxLength: 6 });
  const arbitraryValue = fc.oneof(
    valueOf(fc.constant(',')).map((pieces) => pieces.join('')),
    fc.tuple(piece, piece).map((pieces) => pieces.join('')),
    fc
      .tuple(fc.constantFrom('Bearer ', 'Basic ', 'Token ', 'Token token=', 'key=', 'bearer,', 'bearer, '), piece)
      .map((pieces) => pieces.join('')),
  );
  const presentIn = (makeEvent: (typeof MAKERS)[number], sources: string, header: readonly [string, string]) => {
    const { keySources, keyFormat } = readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_KEY_SOURCES: sources });
    const event = makeEvent({ headers: [header] });
    const apiType = EVENT_SOURCES.find(({ matches }) => matches(event));
    return apiType && presentedKey(apiType.read(event), keySources, keyFormat);
  };

  test.each(['bearer', 'basic', 'header:Authorization', 'header:Authorization:Token', 'basic,bearer'])(
    'returns the same key for events of every API type that reads %s',
    (sources) => {
      fc.assert(
        fc.property(
          // A comma may join two headers in some events, but not in others.
          arbitraryValue.filter((value) => !value.includes(',')),
          fc.constantFrom(restTokenEvent, httpApiEvent, httpApiV1Event, webSocketEvent),
          (value, makeEvent) => {
            // A bare header's TOKEN authorizer also accepts a bearer value.
            fc.pre(sources !== 'header:Authorization' || makeEvent !== restTokenEvent || !/^ *bearer /i.test(value));
            const header = ['Authorization', value] as const;
            expect(presentIn(makeEvent, sources, header)).toEqual(presentIn(restRequestEvent, sources, header));
          },
        ),
        RUNS,
      );
    },
  );

  test.each([
    ['cookie:key', 'Cookie'],
    ['websocket-protocol', 'Sec-WebSocket-Protocol'],
  ])('returns the same key for events of every API type that reads %s', (sources, name) => {
    fc.assert(
      fc.property(arbitraryValue, fc.constantFrom(httpApiEvent, httpApiV1Event, webSocketEvent), (value, makeEvent) => {
        const presented = presentIn(makeEvent, sources, [name, value]);
        expect(presented).toEqual(presentIn(restRequestEvent, sources, [name, value]));
      }),
      RUNS,
    );
  });
});

test("the handler never allows an event whose key isn't in the table", async () => {
  const marker = 'zebra';
  await fc.assert(
    fc.asyncProperty(anyEvent, arbitrarySecret, async (event, secret) => {
      const { invoke, log } = handlerUnderTest([]);
      const marked =
        typeof event === 'object' && event !== null
          ? { ...event, [marker.toUpperCase()]: marker, headers: { Authorization: `Bearer ${secret}`, marker } }
          : event;
      const answer = await invoke(marked).catch(() => 'an error');
      expect(JSON.stringify(answer)).not.toMatch(/Allow|"isAuthorized":true/);
      expect(log.join()).not.toContain(marker);
      expect(log.join()).not.toContain(secret);
    }),
    RUNS,
  );
});

test('the handler allows a request if and only if its key is in the table and active', async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitrarySecret,
      arbitraryRecord,
      fc.constantFrom(...MAKERS),
      fc.boolean(),
      async (secret, fields, makeEvent, isKnown) => {
        const record = { ...fields, keyHash: hashSecret(secret) };
        const { invoke } = handlerUnderTest(isKnown ? [record] : []);
        const answer = JSON.stringify(await invoke(makeEvent({ headers: [['Authorization', `Bearer ${secret}`]] })));
        const isAllowed = isKnown && keyState(record, NOW_MS) === 'active';
        expect(/"Effect":"Allow"|"isAuthorized":true/.test(answer)).toBe(isAllowed);
        expect(/"Effect":"Deny"|"isAuthorized":false/.test(answer)).toBe(!isAllowed);
      },
    ),
    RUNS,
  );
});

test("every value in the authorizer's context is a string", async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySecret, arbitraryRecord, async (secret, fields) => {
      const { invoke } = handlerUnderTest([{ ...fields, keyHash: hashSecret(secret) }]);
      const answer = await invoke(restRequestEvent({ headers: [['Authorization', `Bearer ${secret}`]] }));
      const values = Object.values((answer as { context: object }).context);
      expect(values.every((value) => typeof value === 'string')).toBe(true);
    }),
  );
});

describe('the handler with any scopes, mapping and route', () => {
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS');
  const segment = fc.constantFrom(
    'a',
    'b',
    'ab',
    'orders',
    'GET',
    '',
    '.',
    '..',
    '..;x',
    '%2E%2e',
    'a%2Fb',
    '.a',
    'a.',
  );
  const plainSegment = fc.constantFrom('a', 'b', 'ab', 'orders', 'GET', '', '.a', 'a.');
  const path = fc.array(segment, { maxLength: 3 }).map((segments) => `/${segments.join('/')}`);
  const patternMethod = fc.oneof(method, fc.constantFrom('*', 'P*', '*T', 'G*T'));
  const patternPath = fc
    .array(fc.constantFrom('a', 'b', 'orders', '*', 'a*', '*b', 'o*s', 'GET'), { maxLength: 3 })
    .map((segments) => `/${segments.join('/')}`);
  const pattern = fc.tuple(patternMethod, patternPath).map((parts) => parts.join(' '));
  const scope = fc.constantFrom('one', 'two', 'three');
  const mapping = fc.dictionary(scope, fc.array(pattern, { maxLength: 3 }), { minKeys: 1, noNullPrototype: true });
  const asked = fc.record({
    mapping,
    scopes: fc.option(fc.array(fc.oneof(scope, fc.constant('unmapped')), { maxLength: 3 }), { nil: undefined }),
    method,
    path,
  });

  /**
   * Evaluates the mapping independently. Each pattern becomes two regular expressions, and the path's segments are
   * unambiguous.
   */
  const isCovered = ({ mapping, scopes, method, path }: Asked): boolean => {
    if (scopes === undefined) return true;
    const [, ...segments] = path.split('/');
    if (segments.slice(0, -1).includes('') || /%2e|%2f|%5c/i.test(path)) return false;
    if (segments.some((part) => part.startsWith('..') || part.split(';')[0] === '.')) return false;
    const patterns = scopes.flatMap((name) => (Object.hasOwn(mapping, name) ? (mapping[name] ?? []) : []));
    return patterns.some((text) => {
      const [wantedMethod = '', wantedPath = ''] = text.split(' ');
      return [
        [wantedMethod, method],
        [wantedPath, path],
      ].every(([pattern = '', got = '']) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(got));
    });
  };

  const send = async (makeEvent: (typeof MAKERS)[number], input: Asked, settings: Record<string, string> = {}) => {
    const { secret, record } = makeKey(input.scopes === undefined ? {} : { scopes: input.scopes });
    const { invoke } = handlerUnderTest([record], { LATCHKEY_SCOPES: JSON.stringify(input.mapping), ...settings });
    return invoke(
      makeEvent({ headers: [['Authorization', `Bearer ${secret}`]], method: input.method, path: input.path }),
    );
  };

  test('returns a policy that allows exactly the mapped routes', async () => {
    await fc.assert(
      fc.asyncProperty(asked, fc.constantFrom(...POLICY_MAKERS), method, path, async (input, makeEvent, ...other) => {
        const answer = (await send(makeEvent, { ...input, method: other[0], path: other[1] })) as {
          policyDocument: unknown;
        };
        const event = makeEvent({ method: input.method, path: input.path });
        const arn = 'routeArn' in event ? event.routeArn : 'methodArn' in event ? event.methodArn : '';
        const statements = parseStatements(answer.policyDocument) ?? [];
        expect(evaluatePolicy(statements, arn, '192.0.2.1') === 'allow').toBe(isCovered(input));
      }),
      RUNS,
    );
  });

  test('returns a simple response that allows exactly the mapped routes', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async (input) => {
        const answer = await send(httpApiEvent, input, { LATCHKEY_HTTP_API_RESPONSE: 'simple' });
        expect(answer).toMatchObject({ isAuthorized: isCovered(input) });
      }),
      RUNS,
    );
  });

  // With a results cache, API Gateway doesn't invoke the authorizer for a later request with dot segments:
  // docs/threat-model.md, E1.
  test('returns a cacheable simple response that allows only mapped requests of its route', async () => {
    await fc.assert(
      fc.asyncProperty(asked, plainSegment, async (input, value) => {
        const routeKey = `${input.method} ${input.path}/{orders}`;
        const { secret, record } = makeKey({ scopes: input.scopes ?? [] });
        const { invoke } = handlerUnderTest([record], {
          LATCHKEY_SCOPES: JSON.stringify(input.mapping),
          LATCHKEY_HTTP_API_RESPONSE: 'simple',
          LATCHKEY_RESULTS_CACHE_SECONDS: '60',
        });
        const event = httpApiEvent({ headers: [['Authorization', `Bearer ${secret}`]], method: input.method });
        const { isAuthorized } = (await invoke({ ...event, routeKey })) as { isAuthorized: boolean };
        const request = { ...input, scopes: input.scopes ?? [], path: `${input.path}/${value}` };
        expect(isAuthorized && !isCovered(request)).toBe(false);
      }),
      RUNS,
    );
  });
});

interface Asked {
  readonly mapping: Readonly<Record<string, readonly string[]>>;
  readonly scopes: string[] | undefined;
  readonly method: string;
  readonly path: string;
}
