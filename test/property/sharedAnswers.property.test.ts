import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashSecret } from '../../keys/secret.ts';
import { toCachedKey } from '../../lambda/cachedKey.ts';
import { getStageArn, isConnectArn, isMethodArn, toRoute } from '../../lambda/routes.ts';
import { Scopes } from '../../lambda/scopes.ts';
import {
  appSyncEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../testing/authorizerEvents.ts';
import { arbitraryRecord, arbitrarySecret } from '../support/arbitraries.ts';
import { handlerUnderTest } from '../support/handlerUnderTest.ts';
import { NOW_MS } from '../support/keys.ts';
import { runs } from '../support/runs.ts';

const MAKERS = [restTokenEvent, restRequestEvent, httpApiEvent, httpApiV1Event, webSocketEvent, appSyncEvent];
const SETTINGS: readonly Record<string, string>[] = [
  {},
  { LATCHKEY_HTTP_API_RESPONSE: 'simple' },
  { LATCHKEY_SCOPES: JSON.stringify({ read: ['GET /orders/*', '$connect'], write: ['POST /orders'] }) },
  { LATCHKEY_SCOPES: JSON.stringify({ read: ['GET /reports'] }), LATCHKEY_HTTP_API_RESPONSE: 'simple' },
  { LATCHKEY_PLANS: JSON.stringify({ namespace: '0123456789abcdef', perKey: ['free'], shared: ['pro'] }) },
];
const STAGES = ['prod', '$default', 'prod2', 'pro'];

const request = fc.record({
  makeEvent: fc.constantFrom(...MAKERS),
  settings: fc.nat({ max: SETTINGS.length - 1 }),
  stage: fc.constantFrom(...STAGES),
  method: fc.constantFrom('GET', 'POST'),
  path: fc.constantFrom('/orders', '/orders/7', '/reports', '/$connect'),
  laterMs: fc.constantFrom(0, 1000, 30_000),
});
const planned = fc
  .tuple(
    arbitraryRecord,
    fc.record(
      { scopes: fc.subarray(['read', 'write', 'unmapped']), plan: fc.constantFrom('free', 'pro', 'gone') },
      { requiredKeys: [] },
    ),
  )
  .map(([record, fields]) => ({ ...record, ...fields }));

/** Returns the event with its own stage. */
function eventOf(
  { makeEvent, stage, method, path }: typeof request extends fc.Arbitrary<infer T> ? T : never,
  secret: string,
) {
  const event = makeEvent({ key: secret, method, path });
  const onStage = (arn: string) => arn.replace(/\/(prod|\$default)\//, () => `/${stage}/`);
  if ('methodArn' in event) return { ...event, methodArn: onStage(event.methodArn) };
  return 'routeArn' in event ? { ...event, routeArn: onStage(event.routeArn) } : event;
}

test("the handler's response doesn't depend on its earlier responses", async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitrarySecret,
      planned,
      fc.array(request, { minLength: 2, maxLength: 8 }),
      async (secret, fields, requests) => {
        const record = { ...fields, keyHash: hashSecret(secret) };
        const warm = SETTINGS.map((settings) => handlerUnderTest([record], settings));
        for (const asked of requests) {
          const event = eventOf(asked, secret);
          const handler = warm[asked.settings];
          const fresh = handlerUnderTest([{ ...record }], SETTINGS[asked.settings]);
          for (const { clock } of [...warm, fresh]) clock.nowMs = NOW_MS + asked.laterMs;
          expect(await handler?.invoke(event)).toEqual(await fresh.invoke(event));
        }
      },
    ),
    runs(500),
  );
});

test("a caller that changes a response doesn't change the response to a later request", async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySecret, planned, request, async (secret, fields, asked) => {
      const record = { ...fields, keyHash: hashSecret(secret) };
      const { invoke } = handlerUnderTest([record], SETTINGS[asked.settings]);
      const answer = await invoke(eventOf(asked, secret));
      const before = JSON.stringify(answer);
      tamper(answer);
      expect(JSON.stringify(await invoke(eventOf(asked, secret)))).toBe(before);
    }),
  );
});

/** Recursively overwrites every member of the value that can be overwritten. */
function tamper(value: object): void {
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'object' && member !== null) tamper(member);
    Reflect.set(value, name, 'tampered');
  }
}

test("the parsed stage and route of an ARN don't depend on ARNs that were parsed earlier", () => {
  const PATTERN = /^(arn:[\w-]+:execute-api:[\w-]*:[\w-]*:[\w-]+\/[\w$-]+)\/(.*)$/s;
  const part = fc.constantFrom('', 'a', 'ab', '$connect', '*', 'a/b', 'a:b', 'x y', '\n', 'é');
  const arn = fc
    .tuple(fc.constantFrom('aws', 'aws-cn', ''), part, part, part, part)
    .map(
      ([partition, api, stage, method, path]) =>
        `arn:${partition}:execute-api:us-east-1:1:${api}/${stage}/${method}/${path}`,
    );
  const value = fc.oneof(
    arn,
    arn.map((text) => text.slice(0, -3)),
    arn.map((text) => `x${text}`),
    fc.constantFrom('', '/', undefined, 7, null),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 10 }), (values) => {
      for (const methodArn of values) {
        const [, stageArn, end = ''] = typeof methodArn === 'string' ? (PATTERN.exec(methodArn) ?? []) : [];
        expect(isMethodArn(methodArn)).toBe(stageArn !== undefined);
        expect(isConnectArn(methodArn)).toBe(end === '$connect');
        if (!isMethodArn(methodArn)) continue;
        expect(getStageArn(methodArn)).toBe(stageArn);
        expect(toRoute(methodArn)).toBe(end === '$connect' ? '' : end.replace('/', ' /'));
      }
    }),
    runs(2000),
  );
});

test('a cached key has the expiry and the last-used time of its record', () => {
  fc.assert(
    fc.property(arbitraryRecord, (record) => {
      const stated = {
        expiresAtMs: record.expiresAt === undefined ? Infinity : Date.parse(record.expiresAt),
        lastUsedAtMs: record.lastUsedAt === undefined ? -Infinity : Date.parse(record.lastUsedAt),
      };
      expect(toCachedKey(record, { scopes: new Scopes(), plans: undefined })).toMatchObject(stated);
    }),
  );
});
