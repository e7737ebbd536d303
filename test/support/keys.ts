import { serialiseRecord } from '../../keys/record.ts';
import { toTimestamp, type Timestamp } from '../../keys/timestamp.ts';
import type { KeySecret } from '../../keys/secret.ts';
import { createTestKey, type TestKey, type TestKeyFields } from '../../testing/createTestKey.ts';

/** The default time of tests. */
export const NOW_MS = Date.UTC(2030, 5, 15, 12);
export const MINUTE_MS = 60_000;
export const INTERVAL_MS = 15 * MINUTE_MS;

/** Returns the stored format of `NOW_MS` plus this many milliseconds. */
export function at(offsetMs: number): Timestamp {
  return toTimestamp(NOW_MS + offsetMs);
}

/** The fields that every change of a record by the tests' registry writes at `NOW_MS`. */
export const CHANGED = { changedAt: at(0), changedBy: 'tests' };

/** Returns a key that was issued the day before `NOW_MS`. By default it's active and was never used. */
export function makeKey(fields: TestKeyFields = {}): TestKey {
  const issued = { id: '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11', label: 'ci', createdAt: at(-86_400_000) };
  return createTestKey({ ...issued, ...fields });
}

/** Returns the key with a different last digit, so its checksum is wrong. */
export function mistyped(secret: KeySecret): string {
  return secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');
}

/** Returns an item with all attributes of a record. */
export function fullItem(): Record<string, unknown> {
  return serialiseRecord({
    ...makeKey().record,
    owner: 'acme',
    scopes: ['orders:read'],
    plan: 'free',
    allowedIps: ['203.0.113.7', '2001:db8::/32'],
    metadata: { plan: 'pro', seats: 3, nested: { list: [true, null, 'x'] } },
    lastUsedAt: at(-INTERVAL_MS),
    expiresAt: at(MINUTE_MS),
    disabledAt: at(0),
    disabledBy: 'ops',
    revokedAt: at(0),
    revokedBy: 'ops',
    revokedReason: 'leaked',
    rotatedFrom: 'a',
    rotatedTo: 'b',
    changedAt: at(0),
    changedBy: 'ops',
    purgeAfter: 1_900_000_000,
    version: 4,
  });
}

/** Returns the local time of day of a time in epoch milliseconds, such as `04:07:42`. */
export function timeOfDay(ms: number): string {
  const time = new Date(ms);
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
