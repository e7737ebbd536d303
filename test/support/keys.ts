import { serialiseRecord } from '../../keys/record.ts';
import { toTimestamp, type Timestamp } from '../../keys/timestamp.ts';
import type { KeySecret } from '../../keys/secret.ts';
import { createTestKey, type TestKey, type TestKeyFields } from '../../testing/createTestKey.ts';

/** The time that tests happen at, unless they say otherwise. */
export const NOW_MS = Date.UTC(2030, 5, 15, 12);
export const MINUTE_MS = 60_000;
export const INTERVAL_MS = 15 * MINUTE_MS;

/** A stored time, given as milliseconds from `NOW_MS`. */
export function at(offsetMs: number): Timestamp {
  return toTimestamp(NOW_MS + offsetMs);
}

/** A key of the deployment under test, which was issued the day before: active and never used unless `fields` say otherwise. */
export function makeKey(fields: TestKeyFields = {}): TestKey {
  const issued = { id: '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11', label: 'ci', createdAt: at(-86_400_000) };
  return createTestKey({ ...issued, ...fields });
}

/** The key with another last digit, and so with a checksum that is not its own. */
export function mistyped(secret: KeySecret): string {
  return secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');
}

/** Every attribute of a record, as the table holds it. */
export function fullItem(): Record<string, unknown> {
  return serialiseRecord({
    ...makeKey().record,
    owner: 'acme',
    scopes: ['orders:read'],
    plan: 'free',
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
    purgeAfter: 1_900_000_000,
    version: 4,
  });
}
