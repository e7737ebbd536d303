import { describe, expect, test } from '@jest/globals';
import { generateSecret } from '../../keys/secret.ts';
import { appSyncEvent, httpApiEvent, restRequestEvent, restTokenEvent } from '../../testing/authorizerEvents.ts';
import type { TestRequest } from '../../testing/request.ts';
import { handlerUnderTest } from '../support/handlerUnderTest.ts';
import { at, makeKey, mistyped, NOW_MS } from '../support/keys.ts';

const ACTIVE = makeKey({ id: 'active' });
const SCOPED = makeKey({ id: 'scoped', scopes: ['read'] });
const EXPIRED = makeKey({ id: 'expired', expiresAt: at(-1) });
const DISABLED = makeKey({ id: 'disabled', disabledAt: at(-1) });
const REVOKED = makeKey({ id: 'revoked', revokedAt: at(-1) });
const RECORDS = [ACTIVE, SCOPED, EXPIRED, DISABLED, REVOKED].map(({ record }) => record);
const SETTINGS = { LATCHKEY_SCOPES: '{"read":["GET /orders"]}' };
const UNKNOWN = generateSecret('sk_');
const REQUESTS = 1000;

const bearing = (value: string): TestRequest => ({ headers: [['Authorization', value]] });

describe('1,000 bad requests', () => {
  test.each<[string, () => TestRequest, number]>([
    ['without a key', () => ({}), 0],
    ['with another scheme', () => bearing('Basic dXNlcjpwYXNz'), 0],
    ['with a key that has a wrong checksum', () => bearing(`Bearer ${mistyped(generateSecret('sk_'))}`), 0],
    ['with a key of 10 KB', () => bearing(`Bearer ${'sk_A'.repeat(2500)}`), 0],
    ['with two keys', () => bearing(`Bearer ${ACTIVE.secret}, Bearer ${ACTIVE.secret}`), 0],
    ['with 1,000 keys that were never issued', () => ({ key: generateSecret('sk_') }), REQUESTS],
    ['with one key that was never issued', () => ({ key: UNKNOWN }), 1],
    ['with a key that has expired', () => ({ key: EXPIRED.secret }), 1],
    ['with a key that is disabled', () => ({ key: DISABLED.secret }), 1],
    ['with a key that was revoked', () => ({ key: REVOKED.secret }), 1],
    ['with a key outside its scopes', () => ({ key: SCOPED.secret }), 1],
  ])('cause at most one read of each key: %s', async (_, makeRequest, reads) => {
    for (const makeEvent of [restTokenEvent, restRequestEvent, httpApiEvent, appSyncEvent]) {
      const { invoke, lookup, log, metricLines } = handlerUnderTest(RECORDS, SETTINGS);
      const answers = new Set<string>();
      for (let at = 0; at < REQUESTS; at++) {
        const answer = await invoke(makeEvent(makeRequest())).catch((error: Error) => error.message);
        answers.add(JSON.stringify(answer));
      }
      expect([...answers]).toEqual([expect.stringMatching(/Unauthorized|"errorCode":/)]);
      expect({ reads: lookup.reads, writes: lookup.writes, lines: log.length }).toEqual({
        reads,
        writes: 0,
        lines: REQUESTS,
      });
      expect(Math.max(...log.map((line) => line.length))).toBeLessThan(300);
      expect(metricLines.length).toBeLessThanOrEqual(2);
    }
  });

  test('cause one failed read each during an outage', async () => {
    const { invoke, lookup, log } = handlerUnderTest(RECORDS, SETTINGS);
    lookup.isDown = true;
    for (let at = 0; at < REQUESTS; at++) {
      await expect(invoke(restRequestEvent({ key: UNKNOWN }))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
    expect({ reads: lookup.reads, writes: lookup.writes, lines: log.length }).toEqual({
      reads: REQUESTS,
      writes: 0,
      lines: REQUESTS,
    });
  });

  test('share one read if they arrive at the same time with one key', async () => {
    const { invoke, lookup } = handlerUnderTest(RECORDS);
    await Promise.all(Array.from({ length: REQUESTS }, () => invoke(restRequestEvent({ key: UNKNOWN }))));
    expect(lookup.reads).toBe(1);
  });
});

test("a flood of 25,000 unknown keys doesn't evict a cached record or the claim on its last-used write", async () => {
  const { invoke, lookup, clock } = handlerUnderTest(RECORDS);
  await invoke(restRequestEvent({ key: ACTIVE.secret }));
  expect([lookup.reads, lookup.writes]).toEqual([1, 1]);
  lookup.reads = 0;
  for (let at = 0; at < 25_000; at++) await invoke(restRequestEvent({ key: generateSecret('sk_') }));
  expect(lookup.reads).toBe(25_000);
  await invoke(restRequestEvent({ key: ACTIVE.secret }));
  expect(lookup.reads).toBe(25_000);
  // The old record suggests that a write is due. Only this environment's claim prevents a second one.
  lookup.put(ACTIVE.record);
  clock.nowMs = NOW_MS + 60_000;
  await invoke(restRequestEvent({ key: ACTIVE.secret }));
  expect([lookup.reads, lookup.writes]).toEqual([25_001, 1]);
});
