import { setTimeout as sleep } from 'node:timers/promises';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRegistry } from '../../keys/registry.ts';
import { hashSecret } from '../../keys/secret.ts';
import { fuzz } from '../../soak/fuzz.ts';
import { growthOf } from '../../soak/growth.ts';
import { KeyModel } from '../../soak/keyModel.ts';
import { KeyPool } from '../../soak/keyPool.ts';
import { answersReportOf, held, reportOf } from '../../soak/report.ts';
import { soak, type SoakResult } from '../../soak/soak.ts';
import { startFunctionTable } from '../support/functionTable.ts';
import { makeKey } from '../support/keys.ts';

const LEAK = new URL('leak.mjs', import.meta.url).href;

describe('three seconds of it', () => {
  let sound: SoakResult;
  let stale: SoakResult;
  let planted: SoakResult;
  beforeAll(async () => {
    [sound, stale, planted] = await Promise.all([
      soak({ seconds: 3 }),
      soak({ seconds: 3, staleIfErrorSeconds: 10 }),
      // No key of the table is taken for one there, and the function grows.
      soak({ seconds: 3, environment: { LATCHKEY_KEY_PREFIX: 'other_' }, preload: [LEAK] }),
    ]);
  });

  test('find no wrong answer, through changes of keys and faults of the store', () => {
    expect(sound.wrong).toEqual([]);
    expect(sound.wrongCount).toBe(0);
    expect(sound.requests).toBeGreaterThan(20);
    expect(sound.outages).toBeGreaterThan(0);
    expect(sound.changes.size).toBeGreaterThan(0);
    expect(sound.latestAcceptanceMs).toBeLessThanOrEqual(sound.recordMs);
  });

  test('find none with staleIfError either', () => {
    expect(stale.wrong).toEqual([]);
    expect(stale.requests).toBeGreaterThan(20);
    expect(answersReportOf('staleIfError', stale)).toMatch(/^staleIfError +\d+ requests .* wrong answers 0\nheld\n$/);
    expect(answersReportOf('staleIfError', planted)).toMatch(/wanted .*\nFAILED\n$/);
  });

  test('tell wrong answers, with the key and what was wanted', () => {
    expect(planted.wrongCount).toBeGreaterThan(0);
    expect(planted.wrong.join('\n')).toMatch(/: [0-9a-f-]{36}: (rest: INVALID_KEY|http: DENIED), wanted .*ALLOWED/);
    expect(held(planted)).toBe(false);
  });

  test('tell what grew in the function', () => {
    expect(planted.growth.problems.join('\n')).toMatch(
      /RSS grew by .* %\n(.*\n)*AuthorizerFunction\w+ Timeout: \d+ handles before, \d+ after/,
    );
    expect(reportOf(planted)).toMatch(/\nFAILED\n$/);
  });
});

test('hostile events of the fuzzer find nothing, and lead it by what they run', async () => {
  const { problems, outcomes, blocks, byteCases } = await fuzz(400);
  expect(problems).toEqual([]);
  expect(byteCases).toBe(120);
  // An input that is no event comes to nothing.
  expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(400);
  expect(outcomes.get('INVALID_KEY')).toBeGreaterThan(10);
  expect(blocks).toBeGreaterThan(50);
});

describe('the model of a key', () => {
  const NOW = 1_000_000;
  const facts = { exists: true, isRevoked: false, isDisabled: false, isInScope: true, expiresAtMs: Infinity };
  const keyOf = (changed: Partial<typeof facts> = {}) => {
    const { secret, record } = makeKey();
    return new KeyModel({ secret, id: record.id }, { ...facts, ...changed });
  };
  const outcomesOf = (key: KeyModel, sentMs: number, recordMs = 0) => [
    ...key.outcomes({ sentMs, answeredMs: sentMs, recordMs }),
  ];

  test.each([
    [{ exists: false, isRevoked: true }, 'INVALID_KEY'],
    [{ isRevoked: true, isDisabled: true, expiresAtMs: 0 }, 'KEY_REVOKED'],
    [{ isDisabled: true, expiresAtMs: 0 }, 'KEY_EXPIRED'],
    [{ isDisabled: true, isInScope: false }, 'KEY_DISABLED'],
    [{ isInScope: false }, 'INSUFFICIENT_SCOPE'],
    [{}, 'ALLOWED'],
  ])('of %j wants %s', (changed, outcome) => {
    expect(outcomesOf(keyOf(changed), NOW)).toEqual([outcome]);
  });

  test('takes both states while it changes and for as long as a record is kept, and the new one after that', async () => {
    const key = keyOf();
    const beganMs = Date.now();
    await key.change({ isRevoked: true }, async () => {
      expect(new Set(outcomesOf(key, Date.now()))).toEqual(new Set(['ALLOWED', 'KEY_REVOKED']));
    });
    expect(outcomesOf(key, beganMs - 10)).toEqual(['ALLOWED']);
    expect(outcomesOf(key, key.sinceMs + 999, 1000)).toContain('ALLOWED');
    expect(outcomesOf(key, key.sinceMs + 1010, 1000)).toEqual(['KEY_REVOKED']);
  });

  test('knows since when it is revoked, also once it is deleted', async () => {
    const key = keyOf();
    expect(key.revokedSinceMs).toBe(Infinity);
    await key.change({ isRevoked: true }, async () => {});
    const revokedSinceMs = key.sinceMs;
    await sleep(5);
    await key.change({ exists: false }, async () => {});
    expect(key.sinceMs).toBeGreaterThan(revokedSinceMs);
    expect(key.revokedSinceMs).toBe(revokedSinceMs);
  });
});

test('the table has what was done to it, and what a write left of no key is told', async () => {
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

describe('growth', () => {
  const idle = (openFiles: number, handles = {}) => ({ rssBytes: 0, logLines: 0, openFiles, handles });
  const quiet = { before: idle(10), after: idle(10) };
  const rising = (to: number) => Array.from({ length: 100 }, (_, at) => 100 + ((to - 100) * at) / 99);
  const stepping = (to: number) => Array.from({ length: 100 }, (_, at) => (at < 50 ? 100 : to));

  test.each([
    [109, []],
    [111, ['RSS grew by 11.0 %']],
  ])('of a memory that rises from 100 to %d all the time is %j', (to, problems) => {
    expect(growthOf(rising(to), quiet).problems).toEqual(problems);
  });

  test('of thousands of samples is measured from the first to the last of them', () => {
    const samples = Array.from({ length: 5001 }, (_, at) => 100 + at / 250);
    expect(growthOf(samples, quiet)).toMatchObject({ rssAtStart: 100, rssAtEnd: expect.closeTo(120, 5) });
  });

  test('of a moment is none, and of all but the first half is told', () => {
    expect(growthOf(rising(100).with(99, 1000).with(0, 10), quiet).problems).toEqual([]);
    expect(growthOf(stepping(120), quiet).problems).toHaveLength(1);
  });

  test('of no sample is told: nobody looked', () => {
    expect(growthOf([], quiet).problems).toEqual(['RSS grew by NaN %']);
  });

  test('of handles and of files is told by their kind', () => {
    const { problems } = growthOf(rising(100), { before: idle(10, { Timeout: 1 }), after: idle(19, { Timeout: 2 }) });
    expect(problems).toEqual(['Timeout: 1 handles before, 2 after', '10 open files before, 19 after']);
  });
});
