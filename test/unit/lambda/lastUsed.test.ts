import { describe, expect, test } from '@jest/globals';
import type { KeyHash } from '../../../keys/secret.ts';
import { LastUsedThrottle } from '../../../lambda/lastUsed.ts';
import { INTERVAL_MS, makeKey, MINUTE_MS, NOW_MS } from '../../support/keys.ts';

const newKey = () => ({ keyHash: makeKey().record.keyHash, lastUsedAtMs: -Infinity });
const record = newKey();
const newThrottle = (capacity = 10_000) => new LastUsedThrottle({ intervalMs: INTERVAL_MS, capacity });

describe('claim', () => {
  test('succeeds on the first use of a key', () => {
    expect(newThrottle().claim(record, NOW_MS)).toBe(true);
  });

  test('succeeds only once for many requests at the same time', () => {
    const throttle = newThrottle();
    const claims = Array.from({ length: 20 }, () => throttle.claim(record, NOW_MS));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test.each([[INTERVAL_MS], [INTERVAL_MS + 1]])(
    "succeeds %d ms after this execution environment's last claim",
    (laterMs) => {
      const throttle = newThrottle();
      throttle.claim(record, NOW_MS);
      expect(throttle.claim(record, NOW_MS + laterMs)).toBe(true);
    },
  );

  test.each([[5 * MINUTE_MS], [INTERVAL_MS - 1000], [INTERVAL_MS - 1]])(
    "fails %d ms after this execution environment's last claim",
    (laterMs) => {
      const throttle = newThrottle();
      throttle.claim(record, NOW_MS);
      expect(throttle.claim(record, NOW_MS + laterMs)).toBe(false);
    },
  );

  test.each([
    [-INTERVAL_MS],
    // Clocks differ by at most a minute. If the claim believed this time, it would skip every write until then.
    [MINUTE_MS + 1],
    [365 * 24 * 60 * MINUTE_MS],
  ])("succeeds if another execution environment's last-used write is %d ms from now", (writtenMs) => {
    expect(newThrottle().claim({ ...record, lastUsedAtMs: NOW_MS + writtenMs }, NOW_MS)).toBe(true);
  });

  test.each([[-INTERVAL_MS + 1000], [-INTERVAL_MS + 1], [0], [MINUTE_MS]])(
    "fails if another execution environment's last-used write is %d ms from now",
    (writtenMs) => {
      expect(newThrottle().claim({ ...record, lastUsedAtMs: NOW_MS + writtenMs }, NOW_MS)).toBe(false);
    },
  );

  test('succeeds for one key even if another key was just claimed', () => {
    const throttle = newThrottle();
    throttle.claim(record, NOW_MS);
    expect(throttle.claim(newKey(), NOW_MS)).toBe(true);
  });
});

test('claim fails with an old record if this execution environment has already claimed the key', () => {
  const throttle = newThrottle();
  const old = { ...record, lastUsedAtMs: NOW_MS - INTERVAL_MS };
  expect(throttle.claim(old, NOW_MS)).toBe(true);
  expect(throttle.claim(old, NOW_MS + MINUTE_MS)).toBe(false);
});

test("claim succeeds an interval after another execution environment's write", () => {
  const throttle = newThrottle();
  const written = { ...record, lastUsedAtMs: NOW_MS - MINUTE_MS };
  expect(throttle.claim(written, NOW_MS)).toBe(false);
  expect(throttle.claim(written, NOW_MS - MINUTE_MS + INTERVAL_MS - 1)).toBe(false);
  expect(throttle.claim(written, NOW_MS - MINUTE_MS + INTERVAL_MS)).toBe(true);
});

test('claim distinguishes hashes that differ only in the last digit', () => {
  const throttle = newThrottle();
  const keyHash = `${record.keyHash.slice(0, -1)}${record.keyHash.endsWith('0') ? '1' : '0'}` as KeyHash;
  expect(throttle.claim(record, NOW_MS)).toBe(true);
  expect(throttle.claim({ ...record, keyHash }, NOW_MS)).toBe(true);
  expect(throttle.claim(record, NOW_MS)).toBe(false);
});

describe('a released claim', () => {
  test('succeeds again after a minute', () => {
    const throttle = newThrottle();
    throttle.claim(record, NOW_MS);
    throttle.giveBack(record.keyHash, NOW_MS);
    expect(throttle.claim(record, NOW_MS + MINUTE_MS - 1)).toBe(false);
    expect(throttle.claim(record, NOW_MS + MINUTE_MS)).toBe(true);
  });

  test('succeeds again after the interval if the interval is shorter', () => {
    const throttle = new LastUsedThrottle({ intervalMs: 10_000 });
    throttle.claim(record, NOW_MS);
    throttle.giveBack(record.keyHash, NOW_MS);
    expect(throttle.claim(record, NOW_MS + 9_999)).toBe(false);
    expect(throttle.claim(record, NOW_MS + 10_000)).toBe(true);
  });
});

test('claim succeeds after the clock was set back by an hour', () => {
  const throttle = newThrottle();
  throttle.claim(record, NOW_MS);
  expect(throttle.claim(record, NOW_MS - 3_600_000)).toBe(true);
});

test('claim fails if the clock was set back by at most a minute', () => {
  const throttle = newThrottle();
  throttle.claim(record, NOW_MS);
  const written = { ...record, lastUsedAtMs: NOW_MS };
  expect(throttle.claim(written, NOW_MS - MINUTE_MS)).toBe(false);
  expect(throttle.claim(written, NOW_MS - 3_600_000)).toBe(true);
  expect(throttle.claim(written, NOW_MS - 3_600_000)).toBe(false);
});

test('claim uses the record if the throttle has evicted the key', () => {
  const throttle = newThrottle(2);
  throttle.claim(record, NOW_MS);
  for (let i = 0; i < 4; i++) throttle.claim(newKey(), NOW_MS);
  expect(throttle.claim({ ...record, lastUsedAtMs: NOW_MS }, NOW_MS)).toBe(false);
  expect(throttle.claim({ ...record, lastUsedAtMs: NOW_MS }, NOW_MS + INTERVAL_MS)).toBe(true);
});

describe('claim with a cached record', () => {
  const readAt = (offsetMs: number | undefined) => ({
    readAtMs: () => (offsetMs === undefined ? undefined : NOW_MS + offsetMs),
  });
  const dueNow = { ...record, lastUsedAtMs: NOW_MS - INTERVAL_MS };

  test.each([
    ['a minute', -MINUTE_MS],
    ['a millisecond', -1],
  ])('fails if the record was read %s before its last-used write was due', (_, offsetMs) => {
    expect(newThrottle().claim(dueNow, NOW_MS, readAt(offsetMs))).toBe(false);
  });

  test.each([
    ['when its last-used write was due', 0],
    ['at an unknown time', undefined],
  ])('succeeds if the record was read %s', (_, offsetMs) => {
    expect(newThrottle().claim(dueNow, NOW_MS, readAt(offsetMs))).toBe(true);
  });

  test("succeeds only after a second read of the record if the last-used write wasn't due at the first read", () => {
    const throttle = newThrottle();
    expect(throttle.claim(dueNow, NOW_MS + MINUTE_MS - 1, readAt(-1))).toBe(false);
    expect(throttle.claim(dueNow, NOW_MS + MINUTE_MS, readAt(MINUTE_MS))).toBe(true);
  });

  test('succeeds for a key that was never used, even if its record is old', () => {
    expect(newThrottle().claim(record, NOW_MS, readAt(-MINUTE_MS))).toBe(true);
  });

  test('succeeds exactly at the interval in the execution environment that made the last write', () => {
    const throttle = newThrottle();
    throttle.claim(record, NOW_MS - INTERVAL_MS);
    expect(throttle.claim(dueNow, NOW_MS - 1, readAt(-MINUTE_MS))).toBe(false);
    expect(throttle.claim(dueNow, NOW_MS, readAt(-MINUTE_MS))).toBe(true);
  });

  test('fails if the record contains the write of another execution environment', () => {
    const throttle = newThrottle();
    throttle.claim(record, NOW_MS - INTERVAL_MS + 5);
    expect(throttle.claim(dueNow, NOW_MS + 5, readAt(-MINUTE_MS))).toBe(false);
  });
});
