import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ImportedKey } from '../../keys/registry.ts';
import { hashSecret, type KeySecret } from '../../keys/secret.ts';
import { startDynalite, type Engine } from '../support/engine.ts';
import { Tables } from './tableUnderTest.ts';

const COUNT = 1000;
const CONCURRENCY = 16;

let engine: Engine;
let tables: Tables;
beforeAll(async () => {
  engine = await startDynalite();
  tables = new Tables(engine);
});
afterAll(async () => {
  tables?.close();
  await engine?.stop();
});

test('a thousand keys are imported with a few in hand, and an interrupted run is gone on with', async () => {
  const { registry } = await tables.open();
  let read = 0;
  let told = 0;
  let mostInHand = 0;
  const source = function* (): Generator<ImportedKey> {
    for (let index = 0; index < COUNT; index++) {
      mostInHand = Math.max(mostInHand, ++read - told);
      yield { keyHash: hashSecret(`foreign-key-number-${index}` as KeySecret), label: `key ${index}` };
    }
  };
  const run = async (stopAfter: number) => {
    const counts = { taken: 0, skipped: 0, rejected: 0 };
    [read, told] = [0, 0];
    for await (const { outcome } of registry.importHashes(source(), { concurrency: CONCURRENCY })) {
      counts[outcome]++;
      if (++told === stopAfter) break;
    }
    return counts;
  };
  const first = await run(COUNT / 2);
  expect(first).toEqual({ taken: COUNT / 2, skipped: 0, rejected: 0 });
  const second = await run(COUNT);
  expect(second.taken + second.skipped).toBe(COUNT);
  expect(second.skipped).toBeGreaterThanOrEqual(first.taken);
  expect(second.skipped).toBeLessThan(first.taken + CONCURRENCY);
  expect(mostInHand).toBe(CONCURRENCY);
  let stored = 0;
  for await (const { records } of registry.pages({ consistentRead: true })) stored += records.length;
  expect(stored).toBe(COUNT);
}, 120_000);
