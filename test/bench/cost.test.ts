import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { CostResults } from '../../bench/cost/cost.ts';
import { costChart } from '../../bench/cost/costChart.ts';
import { COST_CHART, COST_PAGE, COST_RESULTS } from '../../bench/cost/costFiles.ts';
import { CountingTable } from '../../bench/cost/countingTable.ts';
import { costPage } from '../../bench/cost/costPage.ts';
import { costPerMillion } from '../../bench/cost/costPerMillion.ts';
import { keyPicker, sharesOf } from '../../bench/cost/popularity.ts';
import { PRICES } from '../../bench/cost/prices.ts';
import { readsByFormula } from '../../bench/cost/renewals.ts';
import { REFUSED_KINDS, type RefusedKind } from '../../bench/cost/refusedKeys.ts';
import { seededRandom } from '../../bench/cost/seededRandom.ts';
import { simulateTraffic, type Traffic } from '../../bench/cost/simulateTraffic.ts';
import { formattedCostPage } from '../../bench/cost/writeCostPage.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import { NOW_MS } from '../support/keys.ts';

const readResults = async () => JSON.parse(await readFile(COST_RESULTS, 'utf8')) as CostResults;

describe('the page of costs', () => {
  test('is what the committed results give; if not, run npm run bench -- cost', async () => {
    const page = await readFile(COST_PAGE, 'utf8');
    expect(await formattedCostPage(page, await readResults())).toBe(page);
  });

  test('has the chart that the committed results give', async () => {
    expect(costChart((await readResults()).caches)).toBe(await readFile(COST_CHART, 'utf8'));
  });

  test('has what its counts cost by the list of prices', async () => {
    const { caches, grid, fleets, refused, cpu, memoryMb, prices } = await readResults();
    expect(prices).toEqual(PRICES);
    for (const one of [...caches, ...grid, ...fleets, ...refused]) {
      expect(one.costPerMillion).toEqual(costPerMillion(one.counts, PRICES, cpu, memoryMb));
    }
  });

  test.each(['<!-- cost: caches -->\n<!-- cost: end -->\n', '<!-- cost: nothing -->\n<!-- cost: end -->\n'])(
    'is not made where a mark is missing or of no part: %j',
    async (page) => {
      const results = await readResults();
      expect(() => costPage(page, results)).toThrow('mark');
    },
  );
});

/** Half an hour of two requests a second to 20 keys. */
const TRAFFIC: Traffic = {
  environments: 2,
  keys: 20,
  popularity: 'uniform',
  requestsPerSecond: 2,
  hours: 0.5,
  recordCacheSeconds: 60,
  resultCacheSeconds: 0,
};
const INTERVALS = 2;

describe.each([1, 2, 10, 100])('in %d environments', (environments) => {
  const traffic: Traffic = { ...TRAFFIC, environments };

  test('reads are what the formula gives', async () => {
    const { reads, requests } = await simulateTraffic(traffic);
    const expected = Math.min(readsByFormula(traffic), requests);
    expect(Math.abs(reads / expected - 1)).toBeLessThan(0.1);
  });

  test('no key is written twice in an interval, and hardly a write is refused', async () => {
    const counts = await simulateTraffic(traffic);
    expect(counts.committedWrites).toBeGreaterThan(1.5 * TRAFFIC.keys);
    expect(counts.committedWrites).toBeLessThanOrEqual(TRAFFIC.keys * INTERVALS);
    expect(counts.leastSecondsBetweenWrites).toBeGreaterThanOrEqual(900);
    expect(counts.refusedWrites).toBeLessThanOrEqual(0.1 * counts.committedWrites);
  });
});

test('a thousand environments try no more than 1.1 writes for each that is made, and would try many if each trusted its record', async () => {
  const intervals = 20;
  const hot = { environments: 1000, keys: 1, requestsPerSecond: 20, usageWriteSeconds: 120 };
  const traffic: Traffic = { ...TRAFFIC, ...hot, hours: (intervals * hot.usageWriteSeconds) / 3600 };
  const tried = async (traffic: Traffic) => {
    const { committedWrites, refusedWrites } = await simulateTraffic(traffic);
    expect(committedWrites).toBeGreaterThan(0.9 * intervals);
    expect(committedWrites).toBeLessThanOrEqual(intervals);
    return (committedWrites + refusedWrites) / committedWrites;
  };
  expect(await tried(traffic)).toBeLessThanOrEqual(1.1);
  expect(await tried({ ...traffic, trustsCachedRecords: true })).toBeGreaterThan(50);
});

test('without a record cache every invocation reads', async () => {
  const { reads, invocations, requests } = await simulateTraffic({ ...TRAFFIC, recordCacheSeconds: 0 });
  expect(reads).toBeGreaterThanOrEqual(invocations);
  expect(invocations).toBe(requests);
});

test('the page has a row of every kind of requests that are refused', async () => {
  const { refused } = await readResults();
  expect(refused.map(({ name }) => name)).toEqual(REFUSED_KINDS);
});

describe('requests that are refused reach the function, write nothing, and have a line of the log each:', () => {
  // For a minute in 3 environments, of which some are replaced in its last seconds: one that was never issued is read six times in
  // each, and three that have ended once each.
  test.each<[RefusedKind, (requests: number, environments: number) => number]>([
    ['without a key', () => 0],
    ['malformed', () => 0],
    ['never issued, another each time', (requests) => requests],
    ['never issued, always the same', (_, environments) => 3 * 6 + (environments - 3)],
    ['expired, disabled or revoked', (_, environments) => 3 * environments],
    ['outside its scopes', (_, environments) => environments],
  ])('%s', async (refused, readsOf) => {
    const flood: Traffic = { ...TRAFFIC, environments: 3, keys: 1, requestsPerSecond: 50, hours: 1 / 60, refused };
    const { requests, invocations, coldStarts, reads, committedWrites, refusedWrites, logBytes } =
      await simulateTraffic(flood);
    expect(requests).toBeGreaterThan(2500);
    expect({ invocations, committedWrites, refusedWrites }).toEqual({
      invocations: requests,
      committedWrites: 0,
      refusedWrites: 0,
    });
    expect(reads).toBe(readsOf(requests, coldStarts));
    expect(logBytes / requests).toBeGreaterThan(150);
    expect(logBytes / requests).toBeLessThan(300);
  });
});

test("behind the gateway's cache a key is asked for once in its time", async () => {
  const { invocations, requests } = await simulateTraffic({ ...TRAFFIC, resultCacheSeconds: 300 });
  expect(requests).toBeGreaterThan(3000);
  expect(invocations).toBeLessThanOrEqual((TRAFFIC.keys * 1800) / 300 + TRAFFIC.keys);
});

test('a simulation is decided by its seed', async () => {
  const first = await simulateTraffic(TRAFFIC);
  expect(await simulateTraffic(TRAFFIC)).toEqual(first);
  expect(await simulateTraffic({ ...TRAFFIC, seed: 2 })).not.toEqual(first);
});

test('the counting table takes and refuses the writes that a table does, and counts them', async () => {
  const { record } = createTestKey();
  const table = new CountingTable([record], { readMs: 4, writeMs: 6, wait: () => Promise.resolve() });
  const reference = new MemoryLookup(record);
  const random = seededRandom(3);
  const outcomes: string[] = [];
  for (let use = 0; use < 200; use++) {
    const usedAtMs = NOW_MS + Math.floor(random() * 100);
    const outcome = await table.recordUse(record.keyHash, usedAtMs, usedAtMs - 10);
    expect(outcome).toBe(await reference.recordUse(record.keyHash, usedAtMs, usedAtMs - 10));
    expect(await table.find(record.keyHash)).toEqual(await reference.find(record.keyHash));
    outcomes.push(outcome);
  }
  const unknown = createTestKey().record.keyHash;
  expect(await table.find(unknown)).toBeUndefined();
  expect(await table.recordUse(unknown, NOW_MS, NOW_MS)).toBe('superseded');
  const written = outcomes.filter((outcome) => outcome === 'written').length;
  expect(written).toBeGreaterThan(1);
  expect(table.reads).toBe(201);
  expect(table.committed.get(record.keyHash)).toHaveLength(written);
  expect(table.refused).toBe(201 - written);
});

test.each(['uniform', 'zipf'] as const)('keys are drawn by their %s shares', (popularity) => {
  const shares = sharesOf(popularity, 5);
  const pick = keyPicker(shares, seededRandom(7));
  const drawn = shares.map(() => 0);
  for (let draw = 0; draw < 20_000; draw++) {
    const index = pick();
    drawn[index] = (drawn[index] ?? 0) + 1;
  }
  for (const [index, share] of shares.entries()) expect((drawn[index] ?? 0) / 20_000).toBeCloseTo(share, 1);
});
