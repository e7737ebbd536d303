import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KeyRecord } from '../../../keys/record.ts';
import { Plans } from '../../../lambda/plans.ts';
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
import { at, makeKey } from '../../support/keys.ts';

const NAMESPACE = '0123456789abcdef';
const LISTS = { namespace: NAMESPACE, perKey: ['free', 'trial'], shared: ['pro'] };
const PLANNED = { LATCHKEY_PLANS: JSON.stringify(LISTS) };
const SCOPED = { ...PLANNED, LATCHKEY_SCOPES: '{"orders":["GET /orders","$connect"],"nothing":[]}' };
const COUNTED = [
  ['rest-token', restTokenEvent],
  ['rest-request', restRequestEvent],
  ['websocket', webSocketEvent],
] as const;
const OTHERS = [
  ['http-api', httpApiEvent],
  ['http-api-1.0', httpApiV1Event],
  ['appsync', appSyncEvent],
  ['appsync-events', eventApiEvent],
] as const;

const bearing = (secret: string) => ({ headers: [['Authorization', `Bearer ${secret}`]] as const });

describe.each(COUNTED)('the response to a %s event', (_, makeEvent) => {
  const identifierFor = async (
    fields: Partial<KeyRecord>,
    environment: Record<string, string> = PLANNED,
    path = '/',
  ) => {
    const { secret, record } = makeKey(fields);
    const answer = await handlerUnderTest([record], environment).invoke(makeEvent({ ...bearing(secret), path }));
    return 'usageIdentifierKey' in answer ? answer.usageIdentifierKey : undefined;
  };

  test.each(['free', 'pro', undefined])('contains the identifier of a key on the plan %p', async (plan) => {
    const fields = { id: 'one', ...(plan === undefined ? {} : { plan }) };
    expect(await identifierFor(fields)).toBe(plansOf(LISTS).identifierFor(fields));
    expect(await identifierFor(fields)).toMatch(/^[0-9a-z]{20,128}$/);
  });

  test('contains an Allow without an identifier for a key on an unknown plan', async () => {
    expect(await identifierFor({ plan: 'gold' })).toBeUndefined();
  });

  test('contains the same identifier for a scoped key on every route', async () => {
    const fields = { plan: 'free', scopes: ['orders'] };
    const expected = plansOf(LISTS).identifierFor({ id: makeKey().record.id, plan: 'free' });
    for (const path of ['/orders', '/admin']) expect(await identifierFor(fields, SCOPED, path)).toBe(expected);
  });

  test.each<[string, Partial<KeyRecord>]>([
    ['a revoked key', { revokedAt: at(0) }],
    ["a key whose scopes don't allow any route", { scopes: ['nothing'] }],
  ])("doesn't contain an identifier if it is a denial of %s", async (__, fields) => {
    expect(await identifierFor({ plan: 'free', ...fields }, SCOPED)).toBeUndefined();
  });

  test("doesn't contain an identifier if the deployment doesn't have plans", async () => {
    for (const plan of ['free', 'gold']) expect(await identifierFor({ plan }, {})).toBeUndefined();
  });
});

test.each(OTHERS)('the response to a %s event never contains an identifier for a usage plan', async (_, makeEvent) => {
  for (const fields of [{ plan: 'free' }, { plan: 'pro' }, {}]) {
    const { secret, record } = makeKey(fields);
    const answer = await handlerUnderTest([record], PLANNED).invoke(makeEvent(bearing(secret)));
    expect(answer).not.toHaveProperty('usageIdentifierKey');
  }
});

describe('the identifier of a key', () => {
  const arbitraryKey = fc.record({ id: fc.uuid(), plan: fc.constantFrom('free', 'trial', 'pro', 'gold', undefined) });
  const identifierOf = ({ id, plan }: { id: string; plan: string | undefined }, by = plansOf(LISTS)) =>
    by.identifierFor({ id, ...(plan === undefined ? {} : { plan }) });

  test('depends only on the key or on its shared plan', () => {
    fc.assert(
      fc.property(arbitraryKey, arbitraryKey, (one, two) => {
        expect(identifierOf(one)).toBe(identifierOf({ ...one }, plansOf(LISTS)));
        if (one.plan === 'gold' || one.id === two.id) return;
        const isShared = one.plan === two.plan && [undefined, 'pro'].includes(one.plan);
        expect(identifierOf(one) === identifierOf(two)).toBe(isShared);
      }),
    );
  });

  // These identifiers are the values of the API keys in AWS. If one changed, API Gateway wouldn't recognize it.
  test.each([
    [
      'a key on a plan that limits each key',
      'free',
      '9b371694bdf536b02c91f65c86830763ab6039ad89f440bcfd4a0a1fbd0ae133',
    ],
    ['a shared plan', 'pro', '7903271bf1ca370d4b0da1b3cebbf8f241d59c941b45d2b07ccb80fd5118ebea'],
    ['keys without a plan', undefined, '83e0b56fe8e46a8129eb9aaeff108d4c5f6e5a177e1fb3e8e0968b5d97604cbf'],
  ])('stays the same in every version of Latchkey for %s', (_, plan, identifier) => {
    expect(identifierOf({ id: 'one', plan })).toBe(identifier);
  });

  test('stays the same if the key moves to another plan that limits each key', () => {
    expect(identifierOf({ id: 'one', plan: 'free' })).toBe(identifierOf({ id: 'one', plan: 'trial' }));
  });

  test('has a different value in every deployment', () => {
    const elsewhere = plansOf({ ...LISTS, namespace: 'fedcba9876543210' });
    fc.assert(
      fc.property(
        arbitraryKey.filter(({ plan }) => plan !== 'gold'),
        (key) => identifierOf(key) !== identifierOf(key, elsewhere),
      ),
    );
  });

  test("never equals the identifier of a plan, even if the key's id is the name of the plan", () => {
    const ids = ['pro', 'plan', 'unplanned'].map((id) => identifierOf({ id, plan: 'free' }));
    expect(
      new Set([...ids, identifierOf({ id: '', plan: 'pro' }), identifierOf({ id: '', plan: undefined })]).size,
    ).toBe(5);
  });
});

describe('an unknown plan', () => {
  test('appears in the log once per execution environment', async () => {
    const one = makeKey({ plan: 'gold' });
    const two = makeKey({ plan: 'gold' });
    const { invoke, logged } = handlerUnderTest([one.record, two.record], PLANNED);
    for (const { secret } of [one, one, two]) await invoke(restTokenEvent(bearing(secret)));
    expect(logged()).toEqual([
      expect.objectContaining({
        level: 'WARN',
        message: 'plan unknown',
        code: 'PLAN_UNKNOWN',
        apiType: 'rest-token',
        plan: 'gold',
        keyId: one.record.id,
      }),
    ]);
  });

  test("doesn't appear in the log if the deployment doesn't have plans", async () => {
    const keys = ['free', 'pro'].map((plan) => makeKey({ plan }));
    const records = keys.map(({ record }) => record);
    for (const environment of [PLANNED, {}]) {
      const { invoke, log } = handlerUnderTest(records, environment);
      for (const { secret } of keys) await invoke(restTokenEvent(bearing(secret)));
      expect(log).toEqual([]);
    }
  });

  test('appears in the log only if it is among the first 1000 unknown plans of an execution environment', async () => {
    const keys = Array.from({ length: 1001 }, (_, key) => makeKey({ plan: `plan-${key}` }));
    const { invoke, logged } = handlerUnderTest(keys.map(({ record }) => record), PLANNED); // prettier-ignore
    for (const { secret } of keys) await invoke(restTokenEvent(bearing(secret)));
    expect(logged()).toHaveLength(1000);
  });
});

test('Plans.toText writes the lists that Plans.parse reads', () => {
  const byName = { free: {}, pro: { shared: true }, trial: { shared: false }, ...JSON.parse('{"nothing":null}') };
  const lists = { namespace: NAMESPACE, perKey: ['free', 'trial', 'nothing'], shared: ['pro'] };
  expect(JSON.parse(Plans.toText(byName, NAMESPACE))).toEqual(lists);
});

describe('plans that the authorizer enforces', () => {
  const QUOTA = { limit: 10, period: 'minute' };
  const THROTTLE = { rateLimit: 0.5, burstLimit: 1 };
  const withLimits = (limits: unknown, lists: object = LISTS) => Plans.parse(JSON.stringify({ ...lists, limits }));

  test('are parsed with their limits, and are no usage plans of API Gateway', () => {
    const limits = { mini: { quota: QUOTA, per: 'key' }, team: { throttle: THROTTLE, quota: QUOTA, per: 'owner' } };
    const plans = withLimits(limits);
    expect(plans?.limits).toEqual(limits);
    expect(plans?.hasLimits).toBe(true);
    expect(plans?.unknownPlanOf({ plan: 'mini' })).toBeUndefined();
    expect(plans?.unknownPlanOf({ plan: 'toString' })).toBe('toString');
    expect(plans?.identifierFor({ id: 'one', plan: 'mini' })).toBe(plansOf(LISTS).identifierFor({ id: 'one' }));
    expect(plansOf(LISTS).hasLimits).toBe(false);
  });

  test.each<[string, unknown]>([
    ['a list', []],
    ['an invalid name', { 'no plan': { quota: QUOTA, per: 'key' } }],
    ['the name of a usage plan', { free: { quota: QUOTA, per: 'key' } }],
    ['no limit', { mini: { per: 'key' } }],
    ['no subject', { mini: { quota: QUOTA } }],
    ['an unknown subject', { mini: { quota: QUOTA, per: 'stage' } }],
    ['an unknown field', { mini: { quota: QUOTA, per: 'key', shared: true } }],
    ['an unknown period', { mini: { quota: { limit: 1, period: 'year' }, per: 'key' } }],
    ['an offset', { mini: { quota: { ...QUOTA, offset: 1 }, per: 'key' } }],
    ['a limit of 0', { mini: { quota: { ...QUOTA, limit: 0 }, per: 'key' } }],
    ['a limit with a fraction', { mini: { quota: { ...QUOTA, limit: 1.5 }, per: 'key' } }],
    ['a rate of 0', { mini: { throttle: { ...THROTTLE, rateLimit: 0 }, per: 'key' } }],
    ['a burst with a fraction', { mini: { throttle: { ...THROTTLE, burstLimit: 0.5 }, per: 'key' } }],
    ['a throttle without a burst', { mini: { throttle: { rateLimit: 1 }, per: 'key' } }],
    ['null', { mini: null }],
  ])('are rejected with %s', (_, limits) => {
    expect(withLimits(limits)).toBeUndefined();
  });

  test('appear alone in the message about an invalid limit', () => {
    const limits = { mini: { quota: QUOTA, per: 'key' }, wrong: { quota: { limit: -1, period: 'day' }, per: 'key' } };
    expect(Plans.invalidPartOf(JSON.stringify({ ...LISTS, limits }))).toBe(JSON.stringify({ wrong: limits.wrong }));
  });

  test('are written in the format of the construct', () => {
    const enforce = 'authorizer';
    const text = Plans.toText(
      {
        free: {},
        pro: { shared: true },
        mini: { enforce, quota: { limit: 10, period: 'MINUTE' } },
        team: { enforce, per: 'owner', throttle: THROTTLE },
        all: { enforce, shared: true, throttle: THROTTLE },
      },
      NAMESPACE,
    );
    expect(JSON.parse(text)).toEqual({
      namespace: NAMESPACE,
      perKey: ['free'],
      shared: ['pro'],
      limits: {
        mini: { quota: QUOTA, per: 'key' },
        team: { throttle: THROTTLE, per: 'owner' },
        all: { throttle: THROTTLE, per: 'plan' },
      },
    });
    expect(Plans.parse(text)?.hasLimits).toBe(true);
  });

  test('are rejected if they are shared and per owner at once', () => {
    const both = { enforce: 'authorizer', shared: true, per: 'owner', throttle: THROTTLE };
    expect(Plans.parse(Plans.toText({ both }, NAMESPACE))).toBeUndefined();
  });
});

function plansOf(lists: object): Plans {
  const parsed = Plans.parse(JSON.stringify(lists));
  if (parsed === undefined) throw new Error('the plans were not read');
  return parsed;
}
