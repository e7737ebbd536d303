import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyState } from '../../keys/record.ts';
import { readConfig } from '../../lambda/config.ts';
import { presentedKey } from '../../lambda/presentedKey.ts';
import { httpApi } from '../../lambda/surfaces/httpApi.ts';
import { restRequest } from '../../lambda/surfaces/restRequest.ts';
import { restToken } from '../../lambda/surfaces/restToken.ts';
import { arbitraryRecord, arbitrarySecret } from '../support/arbitraries.ts';
import { httpApiEvent, restRequestEvent, restTokenEvent } from '../support/events.ts';
import { handlerUnderTest } from '../support/handlerUnderTest.ts';
import { hashSecret } from '../../keys/secret.ts';
import { NOW_MS } from '../support/keys.ts';

const SURFACES = [restToken, restRequest, httpApi];
const MAKERS = [restTokenEvent, restRequestEvent, httpApiEvent];
const RUNS = { numRuns: 1000 };

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
          queryStringParameters: anyMap,
          multiValueQueryStringParameters: anyMap,
          requestContext: fc.anything(),
        },
        { requiredKeys: [] },
      ),
    )
    .map(([event, fields]) => ({ ...event, ...fields })),
);

test('reading the presented key throws on no event', () => {
  const { keySources, keyFormat } = readConfig({
    LATCHKEY_TABLE: 'keys',
    LATCHKEY_KEY_SOURCES: 'header:X-Api-Key,bearer,query:api_key',
  });
  fc.assert(
    fc.property(anyEvent, (event) => {
      const fields = typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {};
      for (const surface of SURFACES) {
        expect(presentedKey(surface.read(fields), keySources, keyFormat)).toHaveProperty('kind');
      }
    }),
    RUNS,
  );
});

test('no event that brings no key of the table gets an Allow, or puts anything of itself into the log', async () => {
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

test('Allow is answered if and only if the table holds the key and it is active', async () => {
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
        expect(answer.includes('"Effect":"Allow"')).toBe(isAllowed);
        expect(answer.includes('"Effect":"Deny"')).toBe(!isAllowed);
      },
    ),
    RUNS,
  );
});

test('every value handed to the integration is a text', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySecret, arbitraryRecord, async (secret, fields) => {
      const { invoke } = handlerUnderTest([{ ...fields, keyHash: hashSecret(secret) }]);
      const answer = await invoke(restRequestEvent({ headers: [['Authorization', `Bearer ${secret}`]] }));
      const values = Object.values((answer as { context: object }).context);
      expect(values.every((value) => typeof value === 'string')).toBe(true);
    }),
  );
});
