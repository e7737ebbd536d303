import { randomUUID } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { type IdempotentRequest, type IdempotentWork, runOnce } from '../../../management/idempotency.ts';
import { RequestProblem, UnconfirmedChange } from '../../../management/problems.ts';
import { type Engine, startDynalite } from '../../support/engine.ts';
import { type ManagementTables, openManagementTables } from '../../support/managementTables.ts';

const REQUEST: IdempotentRequest = {
  caller: ['owner', 'owner:ann', 'acme'],
  key: 'b2f1c0de',
  request: ['POST', '/me/keys', '{"label":"app"}'],
};

let engine: Engine;
let tables: ManagementTables;
/** The ids of the stored records. */
let stored: string[];
let prepared: number;
beforeAll(async () => {
  engine = await startDynalite();
});
beforeEach(async () => {
  tables = await openManagementTables(engine);
  stored = [];
  prepared = 0;
});
afterAll(async () => {
  await engine?.stop();
});

const work = (changes: Partial<IdempotentWork<string, string>> = {}): IdempotentWork<string, string> => ({
  prepare: () => `record-${++prepared}`,
  recordIdOf: (id) => id,
  store: async (id) => {
    stored.push(id);
    return `secret of ${id}`;
  },
  isStored: async (id) => stored.includes(id),
  ...changes,
});
const run = (request: Partial<IdempotentRequest> = {}, changes: Partial<IdempotentWork<string, string>> = {}) =>
  runOnce({ ...REQUEST, ...request }, work(changes), {
    store: tables.state,
    now: () => tables.clock.nowMs,
    randomId: randomUUID,
  });
/** Ends the run as a crash does, before or after the record is stored. */
const crash = (isStored: boolean) =>
  run(
    {},
    {
      store: async (id) => {
        if (isStored) stored.push(id);
        throw new Error('the environment ended');
      },
    },
  ).catch((error: Error) => error.message);

describe('a request with an idempotency key', () => {
  test('makes its change once, and a repeat gets the record without the secret', async () => {
    await expect(run()).resolves.toEqual({ outcome: 'done', result: 'secret of record-1' });
    await expect(run()).resolves.toEqual({ outcome: 'replayed', recordId: 'record-1' });
    expect(stored).toEqual(['record-1']);
  });

  test.each<[string, Partial<IdempotentRequest>]>([
    ['another body', { request: ['POST', '/me/keys', '{"label":"other"}'] }],
    ['another path', { request: ['POST', '/me/keys/one/rotate', '{"label":"app"}'] }],
    ['texts that only together are the same', { request: ['POST', '/me/keys{"label":', '"app"}'] }],
  ])('refuses its key for %s', async (_, other) => {
    await run();
    await expect(run(other)).resolves.toEqual({ outcome: 'mismatch' });
    expect(stored).toHaveLength(1);
  });

  test.each<[string, readonly string[]]>([
    ['another user of the organisation', ['owner', 'owner:bob', 'acme']],
    ['another owner', ['owner', 'owner:ann', 'globex']],
    ['an operator', ['operator', 'owner:ann']],
  ])('does not meet the request of %s with the same key', async (_, caller) => {
    await run();
    await expect(run({ caller })).resolves.toEqual({ outcome: 'done', result: 'secret of record-2' });
  });

  test('makes one change if 20 run at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => run()));
    expect(outcomes.filter(({ outcome }) => outcome === 'done')).toHaveLength(1);
    expect(outcomes.every(({ outcome }) => ['done', 'replayed', 'in progress'].includes(outcome))).toBe(true);
    expect(stored).toHaveLength(1);
  });

  test('is in progress for 30 seconds after a crash before the change, and then makes it', async () => {
    await expect(crash(false)).resolves.toBe('the environment ended');
    tables.clock.nowMs += 29_000;
    await expect(run()).resolves.toEqual({ outcome: 'in progress', retryAfterSeconds: 1 });
    tables.clock.nowMs += 1000;
    await expect(run()).resolves.toEqual({ outcome: 'done', result: 'secret of record-2' });
    expect(stored).toEqual(['record-2']);
  });

  test('finds the record after a crash behind the change', async () => {
    await crash(true);
    tables.clock.nowMs += 30_000;
    await expect(run()).resolves.toEqual({ outcome: 'replayed', recordId: 'record-1' });
    await expect(run()).resolves.toEqual({ outcome: 'replayed', recordId: 'record-1' });
    expect(stored).toEqual(['record-1']);
  });

  test('is taken over once if 20 run at once after a crash', async () => {
    await crash(false);
    tables.clock.nowMs += 30_000;
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => run()));
    expect(outcomes.filter(({ outcome }) => outcome === 'done')).toHaveLength(1);
    expect(stored).toHaveLength(1);
  });

  test.each([
    new LatchkeyError('CONFLICT', 'was rotated already'),
    new LatchkeyError('STORE_UNAVAILABLE', 'the read before the change failed'),
    new RequestProblem('TOO_MANY_KEYS', 'you have 20 keys'),
  ])('can be repeated at once after a refusal: $code', async (error) => {
    const refuse = async () => {
      throw error;
    };
    await expect(run({}, { store: refuse })).rejects.toBe(error);
    await expect(run()).resolves.toMatchObject({ outcome: 'done' });
  });

  test('keeps its key while the outcome is unknown', async () => {
    const fail = async () => {
      throw new UnconfirmedChange('look for the key', new Error('TimeoutError'));
    };
    await expect(run({}, { store: fail })).rejects.toBeInstanceOf(UnconfirmedChange);
    await expect(run()).resolves.toEqual({ outcome: 'in progress', retryAfterSeconds: 30 });
  });

  test('reserves nothing if the change cannot be prepared', async () => {
    const refuse = () => {
      throw new LatchkeyError('INPUT_INVALID', 'label: expected a text');
    };
    await expect(run({}, { prepare: refuse })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(run()).resolves.toMatchObject({ outcome: 'done' });
  });

  test('is forgotten after 24 hours, even before DynamoDB deletes it', async () => {
    await run();
    tables.clock.nowMs += 24 * 3_600_000;
    await expect(run()).resolves.toEqual({ outcome: 'done', result: 'secret of record-2' });
  });

  test('stores no part of the key, the request or the secret', async () => {
    await run();
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: tables.stateTable }));
    expect(Items).toEqual([
      {
        id: expect.stringMatching(/^idempotency\/[0-9a-f]{64}$/),
        revision: expect.any(String),
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        recordId: 'record-1',
        startedAtMs: tables.clock.nowMs,
        isDone: true,
        purgeAfter: tables.clock.nowMs / 1000 + 86_400,
      },
    ]);
  });
});
