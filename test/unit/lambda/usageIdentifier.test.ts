import { describe, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { httpApiEvent, restRequestEvent, restTokenEvent, webSocketEvent } from '../../../testing/authorizerEvents.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { at, makeKey } from '../../support/keys.ts';

/** The value of an API key of API Gateway, which is 40 letters and digits by default. */
const NATIVE = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0';
const PASS_THROUGH = {
  LATCHKEY_USAGE_IDENTIFIER: 'presented-key',
  LATCHKEY_KEY_SOURCES: 'header:x-api-key',
  LATCHKEY_EXTERNAL_KEYS: 'true',
};
const PLANNED = { LATCHKEY_PLANS: '{"namespace":"0123456789abcdef","perKey":["free"],"shared":["pro"]}' };

const imported = (value: string, fields: Partial<KeyRecord> = {}): KeyRecord => ({
  ...makeKey(fields).record,
  keyHash: hashSecret(value as KeySecret),
});
const presenting = (value: string) => ({ headers: [['x-api-key', value]] as const });
const tokenEvent = ({ headers }: ReturnType<typeof presenting>) => ({
  ...restTokenEvent(),
  authorizationToken: headers[0][1],
});

describe.each([
  ['rest-token', tokenEvent],
  ['rest-request', restRequestEvent],
  ['websocket', webSocketEvent],
] as const)('the response to a %s event with presented-key', (_, makeEvent) => {
  const identifierOf = async (
    value: string,
    records: readonly KeyRecord[],
    environment: Record<string, string> = {},
  ) => {
    const { invoke, log } = handlerUnderTest(records, { ...PASS_THROUGH, ...environment });
    const answer = await invoke(makeEvent(presenting(value)));
    expect(log.join()).not.toContain(value);
    return 'usageIdentifierKey' in answer ? answer.usageIdentifierKey : undefined;
  };

  test('contains an API Gateway key as its own identifier', async () => {
    expect(await identifierOf(NATIVE, [imported(NATIVE)])).toBe(NATIVE);
  });

  test('contains an API Gateway key as its own identifier even if the deployment has the plan of the key', async () => {
    for (const plan of ['free', 'pro', 'gold'])
      expect(await identifierOf(NATIVE, [imported(NATIVE, { plan })], PLANNED)).toBe(NATIVE);
  });

  test('contains the identifier of its plan for a key that Latchkey issued', async () => {
    const { secret, record } = makeKey({ plan: 'free' });
    const ofPlan = await identifierOf(secret, [record], PLANNED);
    expect(ofPlan).toMatch(/^[0-9a-f]{64}$/);
    expect(await identifierOf(secret, [record], { ...PLANNED, LATCHKEY_USAGE_IDENTIFIER: 'plan' })).toBe(ofPlan);
  });

  test("doesn't contain an identifier for a key that Latchkey issued if the deployment doesn't have plans", async () => {
    const { secret, record } = makeKey();
    expect(await identifierOf(secret, [record])).toBeUndefined();
  });

  test.each([19, 129])('contains the identifier of its plan for an external key of %d characters', async (length) => {
    const value = 'k'.repeat(length);
    expect(await identifierOf(value, [imported(value)], PLANNED)).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, readonly KeyRecord[]]>([
    ['an unknown key', []],
    ['a revoked key', [imported(NATIVE, { revokedAt: at(0) })]],
    ['a disabled key', [imported(NATIVE, { disabledAt: at(0) })]],
    ['a key whose scopes don’t allow any route', [imported(NATIVE, { scopes: ['nothing'] })]],
  ])("doesn't contain the presented value for %s", async (__, records) => {
    expect(await identifierOf(NATIVE, records, { LATCHKEY_SCOPES: '{"nothing":[]}' })).toBeUndefined();
  });
});

test('the presented key never appears in a response to an HTTP API', async () => {
  const { invoke } = handlerUnderTest([imported(NATIVE)], PASS_THROUGH);
  const answer = JSON.stringify(await invoke(httpApiEvent(presenting(NATIVE))));
  expect(answer).toContain('Allow');
  expect(answer).not.toContain(NATIVE);
});

test('the presented key appears only as usageIdentifierKey in a response', async () => {
  const { invoke } = handlerUnderTest([imported(NATIVE)], PASS_THROUGH);
  const { usageIdentifierKey, ...others } = Object(await invoke(restRequestEvent(presenting(NATIVE))));
  expect(usageIdentifierKey).toBe(NATIVE);
  expect(JSON.stringify(others)).not.toContain(NATIVE);
});
