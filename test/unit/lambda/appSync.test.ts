import { describe, expect, test } from '@jest/globals';
import { appSyncEvent, restRequestEvent, restTokenEvent } from '../../../testing/authorizerEvents.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { at, makeKey } from '../../support/keys.ts';

const KEPT = { LATCHKEY_RESULTS_CACHE_SECONDS: '300' };
const authorization = (value: string) => appSyncEvent({ headers: [['Authorization', value]] });

test.each([
  ['TOKEN', restTokenEvent()],
  ['REQUEST', restRequestEvent()],
])('a %s event that is malformed is not read as one of AppSync, where a bare key is taken', async (_, event) => {
  const { secret, record } = makeKey();
  const { invoke } = handlerUnderTest([record]);
  const malformed = { ...appSyncEvent(), ...event, methodArn: '*', authorizationToken: secret };
  await expect(invoke(malformed)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
});

describe('the token', () => {
  test.each(['', 'Bearer ', 'bearer  '])('is the key behind %j', async (scheme) => {
    const { secret, record } = makeKey();
    const { invoke } = handlerUnderTest([record]);
    expect(await invoke(authorization(`${scheme}${secret}`))).toMatchObject({
      isAuthorized: true,
      resolverContext: { keyId: record.id },
    });
  });

  test.each(['', 'Bearer', 'Basic dXNlcjpwYXNz'])('%j brings no key, which is told', async (token) => {
    const { invoke } = handlerUnderTest([]);
    expect(await invoke(authorization(token))).toEqual({
      isAuthorized: false,
      resolverContext: {
        errorCode: 'AUTH_REQUIRED',
        errorMessage: 'API key is required. Pass via Authorization: Bearer <key> header.',
      },
      ttlOverride: 0,
    });
  });
});

describe('ttlOverride', () => {
  test('is 0 where the gateway keeps nothing', async () => {
    const { secret, record } = makeKey();
    const { invoke } = handlerUnderTest([record]);
    expect(await invoke(authorization(secret))).toMatchObject({ ttlOverride: 0 });
  });

  test('is the TTL of the gateway for a key that does not expire within it', async () => {
    const { secret, record } = makeKey({ expiresAt: at(301_000) });
    const { invoke } = handlerUnderTest([record], KEPT);
    expect(await invoke(authorization(secret))).toMatchObject({ ttlOverride: 300 });
  });

  test('ends with the key', async () => {
    const { secret, record } = makeKey({ expiresAt: at(10_900) });
    const { invoke } = handlerUnderTest([record], KEPT);
    expect(await invoke(authorization(secret))).toMatchObject({ isAuthorized: true, ttlOverride: 10 });
  });

  test('is never below zero, also where the key expires while its use is written', async () => {
    const { secret, record } = makeKey({ expiresAt: at(100) });
    const { invoke, lookup, clock } = handlerUnderTest([record], KEPT);
    lookup.recordUse = async () => {
      clock.nowMs += 250;
      return 'written';
    };
    expect(await invoke(authorization(secret))).toMatchObject({ isAuthorized: true, ttlOverride: 0 });
  });

  test('of a refusal is short, so that a key that was just issued is soon taken', async () => {
    const { invoke } = handlerUnderTest([], KEPT);
    expect(await invoke(authorization(makeKey().secret))).toMatchObject({ isAuthorized: false, ttlOverride: 10 });
  });
});
