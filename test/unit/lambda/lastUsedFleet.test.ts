import { expect, test } from '@jest/globals';
import { createTestKey } from '../../../testing/createTestKey.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { NOW_MS } from '../../support/keys.ts';
import { seededRandom, simulateTraffic, type Traffic } from '../../support/simulateTraffic.ts';
import { CountingTable } from '../../support/simulatedFleet.ts';

/** Half an hour of two requests a second to 20 keys. */
const TRAFFIC: Traffic = {
  environments: 2,
  keys: 20,
  popularity: 'uniform',
  requestsPerSecond: 2,
  hours: 0.5,
  recordCacheSeconds: 60,
  resultsCacheSeconds: 0,
};
const INTERVALS = 2;

test.each([1, 10, 100])('%d execution environments never write a key twice in an interval', async (environments) => {
  const counts = await simulateTraffic({ ...TRAFFIC, environments });
  expect(counts.committedWrites).toBeGreaterThan(1.5 * TRAFFIC.keys);
  expect(counts.committedWrites).toBeLessThanOrEqual(TRAFFIC.keys * INTERVALS);
  expect(counts.leastSecondsBetweenWrites).toBeGreaterThanOrEqual(900);
  expect(counts.refusedWrites).toBeLessThanOrEqual(0.1 * counts.committedWrites);
});

/** Twelve intervals of one hot key in a thousand execution environments. */
const HOT_KEY: Traffic = {
  ...TRAFFIC,
  environments: 1000,
  keys: 1,
  requestsPerSecond: 20,
  lastUsedSeconds: 120,
  hours: 0.4,
};

async function attemptsPerWrite(traffic: Traffic): Promise<number> {
  const { committedWrites, refusedWrites } = await simulateTraffic(traffic);
  expect(committedWrites).toBeGreaterThan(10);
  expect(committedWrites).toBeLessThanOrEqual(12);
  return (committedWrites + refusedWrites) / committedWrites;
}

test('a thousand execution environments attempt at most 1.1 writes for each successful one', async () => {
  expect(await attemptsPerWrite(HOT_KEY)).toBeLessThanOrEqual(1.1);
});

test('a thousand execution environments attempt more than 50 writes per successful one if each uses only its cached record', async () => {
  expect(await attemptsPerWrite({ ...HOT_KEY, trustsCachedRecords: true })).toBeGreaterThan(50);
});

test('the simulated table accepts and rejects the same last-used writes as MemoryLookup', async () => {
  const { record } = createTestKey();
  const table = new CountingTable([record], { readMs: 4, writeMs: 6, wait: () => Promise.resolve() });
  const reference = new MemoryLookup(record);
  const random = seededRandom(3);
  const outcomes: string[] = [];
  for (let use = 0; use < 200; use++) {
    const usedAtMs = NOW_MS + Math.floor(random() * 100);
    const outcome = await table.recordUse(record.keyHash, usedAtMs, usedAtMs - 10);
    expect(outcome).toBe(await reference.recordUse(record.keyHash, usedAtMs, usedAtMs - 10));
    expect(await table.get(record.keyHash)).toEqual(await reference.get(record.keyHash));
    outcomes.push(outcome);
  }
  const unknown = createTestKey().record.keyHash;
  expect(await table.get(unknown)).toBeUndefined();
  expect(await table.recordUse(unknown, NOW_MS, NOW_MS)).toBe('superseded');
  const written = outcomes.filter((outcome) => outcome === 'written').length;
  expect(written).toBeGreaterThan(1);
  expect(table.committed.get(record.keyHash)).toHaveLength(written);
  expect([table.reads, table.refused]).toEqual([201, 201 - written]);
});
