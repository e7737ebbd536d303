import { setTimeout as sleepMs } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createLimiter,
  type LimitDecision,
  type LimitedContext,
  type LimiterSettings,
} from '../../../lambda/createLimiter.ts';
import { closedEndpoint, createClient, startDynalite, type Engine } from '../../support/engine.ts';
import { NOW_MS } from '../../support/keys.ts';
import { createLimitsTable } from '../../support/limitsTable.ts';

const PLANS: LimiterSettings['plans'] = {
  chat: { enforce: 'authorizer', quota: { limit: 5, period: 'MINUTE' } },
  gateway: { quota: { limit: 5, period: 'DAY' } },
};
const CONTEXT = { keyId: 'new', rootId: 'old', plan: 'chat', label: 'ci' };

describe('createLimiter', () => {
  const startedAtMs = Date.now();
  let engine: Engine;
  let client: DynamoDBDocumentClient;
  beforeAll(async () => {
    engine = await startDynalite();
    client = DynamoDBDocumentClient.from(createClient(engine.endpoint));
    await createLimitsTable(client, 'limits');
  });
  afterAll(async () => {
    client.destroy();
    await engine.stop();
  });

  const limiterUnderTest = (options: Partial<LimiterSettings> = {}, endpoint = engine.endpoint) =>
    createLimiter({
      client: createClient(endpoint),
      limitsTable: 'limits',
      plans: PLANS,
      now: () => NOW_MS + Date.now() - startedAtMs,
      ...options,
    });

  test('counts messages by the context of their connection, with those of other limiters', async () => {
    const [one, two] = [limiterUnderTest(), limiterUnderTest()];
    const decisions: LimitDecision[] = [];
    const denied = () => decisions.filter(({ effect }) => effect === 'deny').length;
    for (let tries = 0; denied() < 2 && tries < 100; tries++) {
      decisions.push(await one.take(CONTEXT), await two.take({ keyId: 'old', plan: 'chat' }));
      // A busy engine may answer late. The message is then allowed without a limit, and the limiter waits for a second.
      if (decisions.some((decision) => decision.effect === 'allow' && decision.limit === undefined)) await sleepMs(50);
    }
    const allowed = decisions.filter((decision) => decision.effect === 'allow');
    const counted = allowed.filter(({ limit }) => limit !== undefined).length;
    expect(counted).toBeLessThanOrEqual(5);
    // A late response loses its request.
    expect(allowed.length).toBeGreaterThanOrEqual(5);
    const state = expect.objectContaining({ remaining: 0 });
    const limit = { code: 'QUOTA_EXCEEDED', retryAfterSeconds: expect.any(Number), state };
    expect(decisions.at(-1)).toEqual({ effect: 'deny', code: 'QUOTA_EXCEEDED', limit });
  });

  test.each(['gateway', undefined])('allows every message of a key on the plan %p', async (plan) => {
    expect(await limiterUnderTest().take({ keyId: 'one', plan })).toEqual({ effect: 'allow' });
  });

  test('denies every message of a key on an unknown plan, unless it has no plan to enforce', async () => {
    const context = { keyId: 'one', plan: 'gold' };
    expect(await limiterUnderTest().take(context)).toEqual({ effect: 'deny', code: 'PLAN_UNAVAILABLE' });
    const plans = { gateway: { quota: { limit: 5, period: 'DAY' } } };
    expect(await limiterUnderTest({ plans }).take(context)).toEqual({ effect: 'allow' });
  });

  test.each<[LimitedContext]>([[{}], [{ keyId: 7, plan: 'chat' }]])('rejects the context %p', async (context) => {
    await expect(limiterUnderTest().take(context)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('allows a message if DynamoDB is down, unless onLimiterFailure is deny', async () => {
    const down = await closedEndpoint();
    expect(await limiterUnderTest({}, down).take(CONTEXT)).toEqual({ effect: 'allow' });
    const closed = limiterUnderTest({ onLimiterFailure: 'deny' }, down);
    await expect(closed.take(CONTEXT)).rejects.toMatchObject({ code: 'LIMITER_UNAVAILABLE', keyId: 'new' });
  });

  test('rejects invalid options with their names', () => {
    const plans = { chat: { enforce: 'authorizer', quota: { limit: 0, period: 'MINUTE' } } } as const;
    expect(() => limiterUnderTest({ plans, limitsTable: '!' })).toThrow(/plans: expected .*limitsTable: expected /);
  });
});
