import { describe, expect, test } from '@jest/globals';
import {
  appSyncEvent,
  eventApiEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../../testing/authorizerEvents.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { makeKey, at } from '../../support/keys.ts';

const BUCKET = 'arn:aws:s3:::bucket/GET/orders';
const { methodArn } = restTokenEvent();

test.each([
  ['rest-token', restTokenEvent],
  ['rest-request', restRequestEvent],
  ['http-api', httpApiEvent],
  ['http-api-1.0', httpApiV1Event],
  ['websocket', webSocketEvent],
  ['appsync', appSyncEvent],
  ['appsync-events', eventApiEvent],
])('the log contains the event source %s', async (apiType, makeEvent) => {
  const { invoke, logged } = handlerUnderTest([]);
  await invoke(makeEvent({ key: 'sk_nonsense' }));
  expect(logged()).toEqual([expect.objectContaining({ code: 'INVALID_KEY', apiType })]);
});

test.each([
  ['a TOKEN event with text before its ARN', { ...restTokenEvent(), methodArn: `x${methodArn}` }],
  ['an HTTP API event of another type', { ...httpApiEvent(), type: 'OTHER' }],
  ['an HTTP API event with an ARN of another service', { ...httpApiEvent(), routeArn: BUCKET }],
  ['an HTTP API event of format 1.0 and of another type', { ...httpApiV1Event(), type: 'OTHER' }],
  ['an HTTP API event of format 1.0 with an ARN of another service', { ...httpApiV1Event(), methodArn: BUCKET }],
  ['a WebSocket event of another type', { ...webSocketEvent(), type: 'OTHER' }],
  ['a WebSocket event with a payload version', { ...webSocketEvent(), version: '2.0' }],
  ['an AppSync event without an API', { ...appSyncEvent(), requestContext: {} }],
  ['an event of an Event API without an API', { ...eventApiEvent(), requestContext: { operation: 'EVENT_CONNECT' } }],
  ['an AppSync event without a context', { ...appSyncEvent(), requestContext: undefined }],
  ['an AppSync event with null as its context', { ...appSyncEvent(), requestContext: null }],
  ['an AppSync event with a string as its context', { ...appSyncEvent(), requestContext: 'apiId' }],
  ['null', null],
])('the handler rejects %s with EVENT_UNKNOWN', async (_, event) => {
  await expect(handlerUnderTest([]).invoke(event)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
});

test('a policy with a wildcard omits its Deny statement in serverless-offline', async () => {
  const { secret, record } = makeKey({ scopes: ['read'] });
  const { invoke } = handlerUnderTest([record], { LATCHKEY_SCOPES: JSON.stringify({ read: ['GET /orders/*'] }) });
  const effectsAt = async (stageArn: string) => {
    const answer = await invoke({ ...restRequestEvent({ key: secret }), methodArn: `${stageArn}/GET/orders/7` });
    const { policyDocument } = answer as { policyDocument: { Statement: readonly { Effect: string }[] } };
    return policyDocument.Statement.map(({ Effect }) => Effect);
  };
  expect(await effectsAt('arn:aws:execute-api:us-east-1:random-account-id:random-api-id/dev')).toEqual(['Allow']);
  expect(await effectsAt('arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod')).toEqual(['Allow', 'Deny']);
});

/** The ARN of `GET /whoami`, in the form of each tool that runs an API on a developer's machine. */
const ARNS_OF_EMULATORS = [
  ['serverless-offline', 'arn:aws:execute-api:us-east-1:random-account-id:random-api-id/dev'],
  ['SAM CLI without a stage', 'arn:aws:execute-api:us-east-1:123456789012:1234567890/None'],
  ['SAM CLI with an HTTP API', 'arn:aws:execute-api:us-east-1:123456789012:1234567890/$default'],
  ['LocalStack', 'arn:aws:execute-api:us-east-1:000000000000:mydxb8xjma/local'],
  ['LocalStack with a custom id', 'arn:aws:execute-api:eu-central-1:000000000000:my-api/_user_request_'],
] as const;

describe.each(ARNS_OF_EMULATORS)('the handler behind %s', (_, stageArn) => {
  const { secret, record } = makeKey({ scopes: ['read'] });
  const arn = `${stageArn}/GET/whoami`;
  const settings = { LATCHKEY_SCOPES: JSON.stringify({ read: ['GET /whoami'] }) };
  const bearer = { key: secret };

  test.each([
    ['a TOKEN event', { ...restTokenEvent(bearer), version: '1.0', methodArn: arn }],
    ['a REQUEST event', { ...restRequestEvent(bearer), methodArn: arn }],
    ['a REQUEST event with version 1.0', { ...restRequestEvent(bearer), version: '1.0', methodArn: arn }],
    ['an HTTP API event of format 1.0', { ...httpApiV1Event(bearer), methodArn: arn }],
    ['an HTTP API event of format 2.0', { ...httpApiEvent(bearer), routeArn: arn }],
  ])('returns a policy for the ARN of %s', async (__, event) => {
    const { invoke } = handlerUnderTest([record], settings);
    await expect(invoke(event)).resolves.toMatchObject({
      principalId: record.id,
      policyDocument: { Statement: [{ Effect: 'Allow', Resource: arn }] },
    });
  });
});

test('the handler returns a policy for a WebSocket event of serverless-offline with the account "undefined"', async () => {
  const { secret, record } = makeKey();
  const methodArn = 'arn:aws:execute-api:us-east-1:undefined:private/local/$connect';
  const answer = await handlerUnderTest([record]).invoke({ ...webSocketEvent({ key: secret }), methodArn });
  expect(answer).toMatchObject({
    policyDocument: { Statement: [{ Effect: 'Allow', Resource: methodArn.replace('$connect', '*') }] },
  });
});

test.each(['*', '?', 'a b', 'a/b', '${aws:username}'])(
  'the handler rejects an ARN with the account %j with EVENT_UNKNOWN',
  async (account) => {
    const event = { ...restTokenEvent(), methodArn: methodArn.replace('123456789012', account) };
    await expect(handlerUnderTest([]).invoke(event)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
  },
);

const KEPT = { LATCHKEY_RESULTS_CACHE_SECONDS: '300' };
const authorization = (value: string) => appSyncEvent({ headers: [['Authorization', value]] });

test.each([
  ['TOKEN', restTokenEvent()],
  ['REQUEST', restRequestEvent()],
])("the handler doesn't treat a malformed %s event as an AppSync event", async (_, event) => {
  const { secret, record } = makeKey();
  const { invoke } = handlerUnderTest([record]);
  const malformed = { ...appSyncEvent(), ...event, methodArn: '*', authorizationToken: secret };
  await expect(invoke(malformed)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
});

describe('the token of an AppSync event', () => {
  test.each(['', 'Bearer ', 'bearer  '])('can have the scheme %j before the key', async (scheme) => {
    const { secret, record } = makeKey();
    const { invoke } = handlerUnderTest([record]);
    expect(await invoke(authorization(`${scheme}${secret}`))).toMatchObject({
      isAuthorized: true,
      resolverContext: { keyId: record.id },
    });
  });

  test.each(['', 'Bearer', 'Basic dXNlcjpwYXNz'])('causes AUTH_REQUIRED if it is %j', async (token) => {
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

describe('the ttlOverride of an AppSync response', () => {
  test('equals 0 without a results cache', async () => {
    const { secret, record } = makeKey();
    const { invoke } = handlerUnderTest([record]);
    expect(await invoke(authorization(secret))).toMatchObject({ ttlOverride: 0 });
  });

  test('equals the TTL of the results cache if the key expires later', async () => {
    const { secret, record } = makeKey({ expiresAt: at(301_000) });
    const { invoke } = handlerUnderTest([record], KEPT);
    expect(await invoke(authorization(secret))).toMatchObject({ ttlOverride: 300 });
  });

  test('equals the remaining lifetime of a key that expires earlier', async () => {
    const { secret, record } = makeKey({ expiresAt: at(10_900) });
    const { invoke } = handlerUnderTest([record], KEPT);
    expect(await invoke(authorization(secret))).toMatchObject({ isAuthorized: true, ttlOverride: 10 });
  });

  test('never becomes negative, even if the key expires during its last-used write', async () => {
    const { secret, record } = makeKey({ expiresAt: at(100) });
    const { invoke, lookup, clock } = handlerUnderTest([record], KEPT);
    lookup.recordUse = async () => {
      clock.nowMs += 250;
      return 'written';
    };
    expect(await invoke(authorization(secret))).toMatchObject({ isAuthorized: true, ttlOverride: 0 });
  });

  test('stays short after a denial, because a new key must work soon', async () => {
    const { invoke } = handlerUnderTest([], KEPT);
    expect(await invoke(authorization(makeKey().secret))).toMatchObject({ isAuthorized: false, ttlOverride: 10 });
  });
});
