import { describe, expect, test } from '@jest/globals';
import { appSyncEvent, restRequestEvent, restTokenEvent } from '../../../testing/authorizerEvents.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { at, makeKey } from '../../support/keys.ts';

const KEPT = { LATCHKEY_RESULTS_CACHE_SECONDS: '300' };
const authorization = (value: string) => appSyncEvent({ headers: [['Authorization', value]] });

test.each([
  ['TOKEN', restTokenEvent()],
  ['REQUEST', restRequestEvent()],
])('a malformed %s event is not read as an AppSync event, which may have a bare key', async (_, event) => {
  const { secret, record } = makeKey();
  const { invoke } = handlerUnderTest([record]);
  const malformed = { ...appSyncEvent(), ...event, methodArn: '*', authorizationToken: secret };
  await expect(invoke(malformed)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
});

describe('the token of an AppSync event', () => {
  test.each(['', 'Bearer ', 'bearer  '])('is accepted as a key after the scheme %j', async (scheme) => {
    const { secret, record } = makeKey();
    const { invoke } = handlerUnderTest([record]);
    expect(await invoke(authorization(`${scheme}${secret}`))).toMatchObject({
      isAuthorized: true,
      resolverContext: { keyId: record.id },
    });
  });

  test.each(['', 'Bearer', 'Basic dXNlcjpwYXNz'])('%j is answered with AUTH_REQUIRED', async (token) => {
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

describe('the ttlOverride of an AppSync answer', () => {
  test('is 0 without a results cache', async () => {
    const { secret, record } = makeKey();
    const { invoke } = handlerUnderTest([record]);
    expect(await invoke(authorization(secret))).toMatchObject({ ttlOverride: 0 });
  });

  test('is the TTL of the results cache for a key that expires later', async () => {
    const { secret, record } = makeKey({ expiresAt: at(301_000) });
    const { invoke } = handlerUnderTest([record], KEPT);
    expect(await invoke(authorization(secret))).toMatchObject({ ttlOverride: 300 });
  });

  test('ends when the key expires', async () => {
    const { secret, record } = makeKey({ expiresAt: at(10_900) });
    const { invoke } = handlerUnderTest([record], KEPT);
    expect(await invoke(authorization(secret))).toMatchObject({ isAuthorized: true, ttlOverride: 10 });
  });

  test('is never negative, even if the key expires while its use is written', async () => {
    const { secret, record } = makeKey({ expiresAt: at(100) });
    const { invoke, lookup, clock } = handlerUnderTest([record], KEPT);
    lookup.recordUse = async () => {
      clock.nowMs += 250;
      return 'written';
    };
    expect(await invoke(authorization(secret))).toMatchObject({ isAuthorized: true, ttlOverride: 0 });
  });

  test('is short for a refusal, so a new key is soon accepted', async () => {
    const { invoke } = handlerUnderTest([], KEPT);
    expect(await invoke(authorization(makeKey().secret))).toMatchObject({ isAuthorized: false, ttlOverride: 10 });
  });
});
