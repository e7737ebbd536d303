import { setTimeout as sleep } from 'node:timers/promises';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRegistry } from '../../keys/registry.ts';
import { hashSecret } from '../../keys/secret.ts';
import { fuzz } from '../../soak/fuzz.ts';
import { measureGrowth } from '../../soak/growth.ts';
import { KeyModel } from '../../soak/keyModel.ts';
import { KeyPool } from '../../soak/keyPool.ts';
import { toAnswersReport, hasPassed, toReport } from '../../soak/report.ts';
import { soak, type SoakResult } from '../../soak/soak.ts';
import { startFunctionTable } from '../support/functionTable.ts';
import { makeKey } from '../support/keys.ts';

const LEAK = new URL('leak.mjs', import.meta.url).href;

describe('a three-second soak test', () => {
  let sound: SoakResult;
  let stale: SoakResult;
  let planted: SoakResult;
  beforeAll(async () => {
    [sound, stale, planted] = await Promise.all([
      soak({ seconds: 3, minRequests: 50 }),
      soak({ seconds: 3, minRequests: 50, staleIfErrorSeconds: 10 }),
      // The function denies all keys of the table, and its memory grows.
      soak({ seconds: 3, environment: { LATCHKEY_KEY_PREFIXES: 'other_' }, preload: [LEAK] }),
    ]);
  });

  test('finds only correct responses despite key changes and DynamoDB faults', () => {
    expect(sound.wrong).toEqual([]);
    expect(sound.wrongCount).toBe(0);
    expect(sound.requests).toBeGreaterThanOrEqual(50);
    expect(sound.outages).toBeGreaterThan(0);
    expect(sound.changes.size).toBeGreaterThan(0);
    expect(sound.latestAcceptanceMs).toBeLessThanOrEqual(sound.recordMs);
  });

  test('finds only correct responses if staleIfError is set', () => {
    expect(stale.wrong).toEqual([]);
    expect(stale.requests).toBeGreaterThanOrEqual(50);
    expect(toAnswersReport('staleIfError', stale)).toMatch(/^staleIfError +\d+ requests .* wrong answers 0\npassed\n$/);
    expect(toAnswersReport('staleIfError', planted)).toMatch(/expected .*\nFAILED\n$/);
  });

  test('reports a wrong response with its key and the expected outcome', () => {
    expect(planted.wrongCount).toBeGreaterThan(0);
    expect(planted.wrong.join('\n')).toMatch(
      /: [0-9a-f-]{36}: expected .*ALLOWED.*, got (rest: INVALID_KEY|http: DENIED)/,
    );
    expect(hasPassed(planted)).toBe(false);
  });

  test('reports growth in memory and in the number of handles', () => {
    expect(planted.growth.problems.join('\n')).toMatch(
      /RSS grew by .* %\n(.*\n)*AuthorizerFunction\w+ Timeout: \d+ handles before, \d+ after/,
    );
    expect(toReport(planted)).toMatch(/\nFAILED\n$/);
  });
});

test('the fuzzer finds only correct responses in 400 runs', async () => {
  const { problems, outcomes, blocks, byteCases } = await fuzz(400);
  expect(problems).toEqual([]);
  expect(byteCases).toBe(120);
  // Inputs that aren't JSON don't have an outcome.
  expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(400);
  expect(outcomes.get('INVALID_KEY')).toBeGreaterThan(10);
  expect(blocks).toBeGreaterThan(50);
});

describe('the model of a key', () => {
  const NOW = 1_000_000;
  const facts = { exists: true, isRevoked: false, isDisabled: false, isInScope: true, expiresAtMs: Infinity };
  const makeModel = (changed: Partial<typeof facts> = {}) => {
    const { secret, record } = makeKey();
    return new KeyModel({ secret, id: record.id }, { ...facts, ...changed });
  };
  const getOutcomes = (key: KeyModel, sentMs: number, recordMs = 0) => [
    ...key.outcomes({ sentMs, answeredMs: sentMs, recordMs }),
  ];

  test.each([
    [{ exists: false, isRevoked: true }, 'INVALID_KEY'],
    [{ isRevoked: true, isDisabled: true, expiresAtMs: 0 }, 'KEY_REVOKED'],
    [{ isDisabled: true, expiresAtMs: 0 }, 'KEY_EXPIRED'],
    [{ isDisabled: true, isInScope: false }, 'KEY_DISABLED'],
    [{ isInScope: false }, 'INSUFFICIENT_SCOPE'],
    [{}, 'ALLOWED'],
  ])('maps the facts %j to the outcome %s', (changed, outcome) => {
    expect(getOutcomes(makeModel(changed), NOW)).toEqual([outcome]);
  });

  test('accepts the state before a change only until the cached record expires', async () => {
    const key = makeModel();
    const beganMs = Date.now();
    await key.change({ isRevoked: true }, async () => {
      expect(new Set(getOutcomes(key, Date.now()))).toEqual(new Set(['ALLOWED', 'KEY_REVOKED']));
    });
    expect(getOutcomes(key, beganMs - 10)).toEqual(['ALLOWED']);
    expect(getOutcomes(key, key.sinceMs + 999, 1000)).toContain('ALLOWED');
    expect(getOutcomes(key, key.sinceMs + 1010, 1000)).toEqual(['KEY_REVOKED']);
  });

  test('keeps the time of the revocation after the key is deleted', async () => {
    const key = makeModel();
    expect(key.revokedSinceMs).toBe(Infinity);
    await key.change({ isRevoked: true }, async () => {});
    const revokedSinceMs = key.sinceMs;
    await sleep(5);
    await key.change({ exists: false }, async () => {});
    expect(key.sinceMs).toBeGreaterThan(revokedSinceMs);
    expect(key.revokedSinceMs).toBe(revokedSinceMs);
  });
});

test("the key pool reports a table item that doesn't belong to a key", async () => {
  const table = await startFunctionTable();
  const { client } = table;
  const registry = new KeyRegistry({ client, tableName: 'keys', actor: 'tests' });
  const pool = new KeyPool({ registry, client, tableName: 'keys' });
  await pool.issue();
  await pool.revoke();
  expect(await pool.differences()).toEqual([]);
  const keyHash = hashSecret(pool.inventedKey());
  const Item = { keyHash, lastUsedAt: '2030-06-15T12:00:00.000Z' };
  await client.send(new PutCommand({ TableName: 'keys', Item }));
  expect(await pool.differences()).toEqual([expect.stringMatching(/^left in the table: /)]);
  await table.stop();
});

describe('the memory check', () => {
  const idle = (openFiles: number, handles = {}) => ({ rssBytes: 0, logLines: 0, openFiles, handles });
  const quiet = { before: idle(10), after: idle(10) };
  const rising = (to: number) => Array.from({ length: 100 }, (_, at) => 100 + ((to - 100) * at) / 99);
  const stepping = (to: number) => Array.from({ length: 100 }, (_, at) => (at < 50 ? 100 : to));

  test.each([
    [109, []],
    [111, ['RSS grew by 11.0 %']],
  ])('finds these problems in a steady rise from 100 to %d: %j', (to, problems) => {
    expect(measureGrowth(rising(to), quiet).problems).toEqual(problems);
  });

  test('includes the first and the last of thousands of samples', () => {
    const samples = Array.from({ length: 5001 }, (_, at) => 100 + at / 250);
    expect(measureGrowth(samples, quiet)).toMatchObject({ rssAtStart: 100, rssAtEnd: expect.closeTo(120, 5) });
  });

  test('reports a leak only if it persists past the first half', () => {
    expect(measureGrowth(rising(100).with(99, 1000).with(0, 10), quiet).problems).toEqual([]);
    expect(measureGrowth(stepping(120), quiet).problems).toHaveLength(1);
  });

  test('reports a lack of samples as a problem', () => {
    expect(measureGrowth([], quiet).problems).toEqual(['RSS grew by NaN %']);
  });

  test('reports growing numbers of open files and of each kind of handle', () => {
    const { problems } = measureGrowth(rising(100), {
      before: idle(10, { Timeout: 1 }),
      after: idle(19, { Timeout: 2 }),
    });
    expect(problems).toEqual(['Timeout: 1 handles before, 2 after', '10 open files before, 19 after']);
  });
});
