import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toTimestamp } from '../../keys/timestamp.ts';
import { readConfig } from '../../lambda/config.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import { handlerUnderTest } from '../support/handlerUnderTest.ts';
import { at, INTERVAL_MS, makeKey, MINUTE_MS, NOW_MS } from '../support/keys.ts';

const ACTIVE = makeKey({ id: 'active' });
const EXPIRING = makeKey({ id: 'expiring', expiresAt: at(MINUTE_MS) });
const REVOKED = makeKey({ id: 'revoked', revokedAt: '9999-01-01T00:00:00Z' });
const KEYS = [ACTIVE, EXPIRING, REVOKED];
const RECORDS = KEYS.map(({ record }) => record);

/** Times that a clock jumps to: the last storable time, times after it, the epoch and times before it. */
const LEAPS = [Date.UTC(9999, 11, 31), Date.UTC(10_000, 0), Date.UTC(20_000, 0), 0, -1, Date.UTC(-1, 0), NOW_MS];

/** A clock change, followed by a request with one of the keys. */
const step = fc.record({
  move: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 1000 }).map((byMs) => ({ byMs, isJump: false })) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: -INTERVAL_MS, max: 2 * INTERVAL_MS }).map((byMs) => ({ byMs, isJump: true })),
    },
    { weight: 1, arbitrary: fc.constantFrom(...LEAPS).map((toMs) => ({ toMs, isJump: true })) },
  ),
  key: fc.constantFrom(...KEYS),
});
const steps = fc.array(step, { minLength: 1, maxLength: 40 });

const isAllow = (answer: object) => JSON.stringify(answer).includes('"Effect":"Allow"');

test('clock jumps never cause a wrong decision on a key', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const { invoke, lookup, clock, log } = handlerUnderTest(RECORDS);
      const lastUsedAt = () => lookup.records.get(ACTIVE.record.keyHash)?.lastUsedAt ?? '';
      const jumps = steps.filter(({ move }) => move.isJump).length;
      for (const { move, key } of steps) {
        clock.nowMs = 'toMs' in move ? move.toMs : clock.nowMs + move.byMs;
        const before = lastUsedAt();
        const answer = await invoke(restRequestEvent({ key: key.secret }));
        const isActive = key === ACTIVE || (key === EXPIRING && clock.nowMs < NOW_MS + MINUTE_MS);
        expect(isAllow(answer)).toBe(isActive);
        const wasAhead = Date.parse(before) > clock.nowMs + MINUTE_MS;
        expect(wasAhead || lastUsedAt() >= before).toBe(true);
      }
      // For each of the two usable keys: one first write, and one for each jump.
      expect(lookup.writes).toBeLessThanOrEqual(2 * (1 + jumps));
      for (const line of log) expect(JSON.parse(line)).toHaveProperty('timestamp');
    }),
    { numRuns: 500 },
  );
});

test("clock jumps don't let the handler accept a revoked key from a record older than the cache TTL", async () => {
  const revokedAfter = fc.nat({ max: 40 });
  await fc.assert(
    fc.asyncProperty(steps, revokedAfter, async (steps, revokedAfter) => {
      const { invoke, lookup, clock } = handlerUnderTest([ACTIVE.record]);
      let readAtMs = NaN;
      let isRefused = false;
      for (const [at, { move }] of steps.entries()) {
        if (at === revokedAfter) lookup.put({ ...ACTIVE.record, revokedAt: toTimestamp(NOW_MS) });
        clock.nowMs = 'toMs' in move ? move.toMs : clock.nowMs + move.byMs;
        const readsBefore = lookup.reads;
        const isAllowed = isAllow(await invoke(restRequestEvent({ key: ACTIVE.secret })));
        const ageMs = clock.nowMs - readAtMs;
        if (at < revokedAfter) expect(isAllowed).toBe(true);
        else if (isAllowed) expect(!isRefused && ageMs >= 0 && ageMs < MINUTE_MS).toBe(true);
        isRefused ||= !isAllowed;
        if (at < revokedAfter && lookup.reads > readsBefore) readAtMs = clock.nowMs;
      }
    }),
    { numRuns: 500 },
  );
});

const APART_MS = 50_000;

test("execution environments with clocks 50 seconds apart never move a key's last-used time back", async () => {
  const hours = 24;
  const lookup = new MemoryLookup(ACTIVE.record);
  const clock = { nowMs: NOW_MS };
  const environment = (aheadMs: number) =>
    createHandler({
      config: readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_METRICS: 'false' }),
      functionName: 'authorizer',
      lookup,
      now: () => clock.nowMs + aheadMs,
      random: () => 0.5,
      writeLog: () => {},
    });
  const aheadFirst = [environment(APART_MS), environment(0)];
  let last = '';
  let committed = 0;
  const oldest: number[] = [];
  for (let at = 0; clock.nowMs < NOW_MS + hours * 60 * MINUTE_MS; at++) {
    // Usually one environment gets the request. After a pause both do. The one ahead writes first. The other must
    // not undo it.
    const isAfterPause = at % 60 === 0;
    const invoked = isAfterPause ? aheadFirst : aheadFirst.slice((at * 7) % 3 === 0 ? 1 : 0).slice(0, 1);
    const answers = await Promise.all(invoked.map((invoke) => invoke(restRequestEvent({ key: ACTIVE.secret }))));
    expect(answers.every(isAllow)).toBe(true);
    const { lastUsedAt = '' } = lookup.records.get(ACTIVE.record.keyHash) ?? {};
    expect(lastUsedAt >= last).toBe(true);
    if (isAfterPause) expect(Date.parse(lastUsedAt)).toBe(clock.nowMs + APART_MS);
    if (lastUsedAt !== last) committed++;
    last = lastUsedAt;
    oldest.push(clock.nowMs - Date.parse(last));
    clock.nowMs += at % 60 === 59 ? 2 * INTERVAL_MS : 7_000 + ((at * 7919) % 20_000);
  }
  const due = (hours * 60 * MINUTE_MS) / INTERVAL_MS;
  expect(committed).toBeLessThanOrEqual(due + 1);
  expect(committed).toBeGreaterThan(due * 0.5);
  expect(lookup.writes).toBeGreaterThan(committed);
  expect(lookup.writes).toBeLessThanOrEqual(2 * committed);
  // The interval, the difference of the clocks, and the age of a cached record.
  expect(Math.max(...oldest)).toBeLessThanOrEqual(INTERVAL_MS + APART_MS + MINUTE_MS);
});
