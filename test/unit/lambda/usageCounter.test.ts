import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LatchkeyError } from '../../../keys/errors.ts';
import type { KeyDecision, Fault } from '../../../lambda/authorize.ts';
import { toCachedKey } from '../../../lambda/cachedKey.ts';
import { Scopes } from '../../../lambda/scopes.ts';
import { UsageCounter } from '../../../lambda/usageCounter.ts';
import { makeKey } from '../../support/keys.ts';

const HOUR_MS = Date.parse('2026-11-30T21:00:00Z');
const MINUTE_MS = 60_000;
const KEY = toCachedKey(makeKey().record, { scopes: new Scopes(), plans: undefined });
const LIMIT_STATE = { policies: [], policy: 'throttle', remaining: 0, resetAtMs: 0, resetSeconds: 1 } as const;
const keyOf = (id: string) => ({ ...KEY, record: { ...KEY.record, id } });

const allow = (id = 'k1'): KeyDecision => ({ effect: 'allow', key: keyOf(id) });
const refuse = (code: 'KEY_REVOKED' | 'INSUFFICIENT_SCOPE'): KeyDecision => ({
  effect: 'deny',
  code,
  key: keyOf('k1'),
});
const ofApi = (apiId: string) => ({ requestContext: { apiId } });

function counterUnderTest() {
  const lines: string[] = [];
  const counter = new UsageCounter({ write: (line) => lines.push(line) });
  const count = (decision: KeyDecision | Fault, minutes: number, event: object = ofApi('a1')) =>
    counter.count(decision, event as Readonly<Record<string, unknown>>, HOUR_MS + minutes * MINUTE_MS);
  /** Returns the parsed lines since the last call. */
  const take = () => lines.splice(0).map((line) => JSON.parse(line));
  return { counter, lines, count, take };
}

describe('the usage line', () => {
  test('contains the counts of each key by API and outcome, and nothing else', () => {
    const { count, take } = counterUnderTest();
    count(allow(), 0);
    expect(take()).toEqual([
      { level: 'INFO', message: 'usage', hour: '2026-11-30T21', keys: { k1: { a1: { allowed: 1 } } } },
    ]);
    count(allow(), 0.1);
    count(allow(), 0.2, ofApi('a2'));
    count(allow('k2'), 0.3);
    count(refuse('KEY_REVOKED'), 0.4);
    count(refuse('INSUFFICIENT_SCOPE'), 1);
    expect(take()).toEqual([
      {
        level: 'INFO',
        message: 'usage',
        hour: '2026-11-30T21',
        keys: {
          k1: { a1: { allowed: 1, KEY_REVOKED: 1, INSUFFICIENT_SCOPE: 1 }, a2: { allowed: 1 } },
          k2: { a1: { allowed: 1 } },
        },
      },
    ]);
  });

  test("counts a request beyond a limit by the limit's code, whether it is denied or only told", () => {
    const { count, counter, take } = counterUnderTest();
    const limited = { code: 'THROTTLED', retryAfterSeconds: 1, state: LIMIT_STATE } as const;
    const { code, ...quota } = { ...limited, code: 'QUOTA_EXCEEDED' as const };
    count(allow(), 0);
    take();
    count({ effect: 'allow', key: keyOf('k1'), limit: { state: LIMIT_STATE } }, 0.1);
    count({ effect: 'allow', key: keyOf('k1'), limit: { limited } }, 0.1);
    count({ effect: 'deny', code, key: keyOf('k1'), limit: { code, ...quota } }, 0.1);
    counter.flush();
    expect(take()[0].keys).toEqual({ k1: { a1: { allowed: 1, THROTTLED: 1, QUOTA_EXCEEDED: 1 } } });
  });

  test('is written at most once a minute within an hour', () => {
    const { count, lines } = counterUnderTest();
    for (let second = 0; second < 600; second++) count(allow(), second / 60);
    expect(lines).toHaveLength(10);
  });

  test("is written before a request of another hour is counted, so a line doesn't span hours", () => {
    const { count, counter, take } = counterUnderTest();
    count(allow(), 59.5);
    count(allow(), 59.6);
    count(allow(), 60.1);
    counter.flush();
    expect(take().map(({ hour, keys }) => [hour, keys.k1.a1.allowed])).toEqual([
      ['2026-11-30T21', 1],
      ['2026-11-30T21', 1],
      ['2026-11-30T22', 1],
    ]);
  });

  test("isn't held back by a line from before the clock was set back", () => {
    const { count, lines } = counterUnderTest();
    count(allow(), 30);
    count(allow(), 20);
    expect(lines).toHaveLength(2);
  });

  test.each<[string, KeyDecision | Fault]>([
    ['without a key', { effect: 'unauthenticated' }],
    ['with an unknown key', { effect: 'deny', code: 'INVALID_KEY' }],
    ['that failed', { effect: 'fault', error: new LatchkeyError('STORE_UNAVAILABLE', 'down') }],
  ])("doesn't contain a request %s", (_, decision) => {
    const { count, counter, lines } = counterUnderTest();
    count(decision, 0);
    counter.flush();
    expect(lines).toEqual([]);
  });

  test.each([
    ['the context', { requestContext: { apiId: 'a1' } }, 'a1'],
    ['the ARN of a TOKEN event', { methodArn: 'arn:aws:execute-api:eu-west-1:123456789012:t1/prod/GET/a' }, 't1'],
    ['no usable field', { requestContext: { apiId: '{"' } }, 'unknown'],
    ['an event without any', {}, 'unknown'],
  ])('names the API by %s', (_, event, apiId) => {
    const { count, take } = counterUnderTest();
    count(allow(), 0, event);
    expect(take()[0].keys.k1).toEqual({ [apiId]: { allowed: 1 } });
  });

  test('sums a record with an invalid id as other, so the roll-up can read the counts of the other keys', () => {
    const { count, counter, take } = counterUnderTest();
    count(allow('first'), 0);
    take();
    for (const id of ['k1', '__proto__', '*', 'a b\u202e', 'x'.repeat(37)]) count(allow(id), 0.1);
    counter.flush();
    const [{ keys, other }] = take();
    expect({ keys, other }).toEqual({ keys: { k1: { a1: { allowed: 1 } } }, other: { a1: { allowed: 4 } } });
  });

  test('has 500 keys at most and sums the others, within 256 KB', () => {
    const { count, counter, lines, take } = counterUnderTest();
    count(allow('first'), 0);
    take();
    const id = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
    for (let at = 0; at < 600; at++) count(allow(id(at)), 0.1);
    count(allow(id(0)), 0.1);
    count(allow(id(0)), 0.1, ofApi('a2'));
    counter.flush();
    expect(Buffer.byteLength(String(lines[0]))).toBeLessThan(256 * 1024);
    const [{ keys, other }] = take();
    expect(Object.keys(keys)).toHaveLength(500);
    expect(keys[id(0)]).toEqual({ a1: { allowed: 2 } });
    expect(other).toEqual({ a1: { allowed: 100 }, a2: { allowed: 1 } });
    count(allow('again'), 0.2);
    counter.flush();
    expect(take()[0]).toMatchObject({ keys: { again: { a1: { allowed: 1 } } } });
  });

  test('counts each request exactly once, for any times and keys', () => {
    const requests = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.constantFrom('k1', 'k2', '__proto__')));
    fc.assert(
      fc.property(requests, (all) => {
        const { count, counter, take } = counterUnderTest();
        for (const [minutes, key] of all) count(allow(key), minutes);
        counter.flush();
        const counted = take().flatMap(({ keys, other = {} }) =>
          [...Object.values<{ a1?: { allowed: number } }>(keys), other].map(({ a1 }) => a1?.allowed ?? 0),
        );
        expect(counted.reduce((sum, each) => sum + each, 0)).toBe(all.length);
      }),
    );
  });
});
