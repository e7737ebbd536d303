import { randomUUID } from 'node:crypto';
import { LatchkeyError } from '../keys/errors.ts';
import { show } from '../keys/fields.ts';
import type { KeyRecord } from '../keys/record.ts';
import { DEFAULT_KEY_PREFIX } from '../keys/keyPrefix.ts';
import { generateSecret, hashSecret, getShownPrefix, type KeySecret } from '../keys/secret.ts';
import { readTime, TIME_EXPECTED, type Timestamp } from '../keys/timestamp.ts';

type TimeName = 'createdAt' | 'lastUsedAt' | 'expiresAt' | 'disabledAt' | 'revokedAt';

/**
 * Fields of a test key's record. Times have the formats that the library accepts. They may be in the past or future.
 */
export type TestKeyFields = Partial<Omit<KeyRecord, TimeName>> & {
  readonly [name in TimeName]?: string;
};

/** Options of a test key. */
export interface TestKeyOptions {
  /**
   * The prefix of the key, one of the `keyPrefixes` of the deployment under test.
   *
   * @default 'sk_'
   */
  readonly prefix?: string;
}

/** A key and its record, in the form that the deployment would issue. */
export interface TestKey {
  /** The key itself. Send it with a request. */
  readonly secret: KeySecret;
  /** The key's record. Put it into the table. */
  readonly record: KeyRecord;
}

/**
 * Creates a random key with a valid checksum, and its record. The key is active and unused by default. Pass fields to
 * change that, such as `{ revokedAt: '2030-01-01T00:00:00Z' }` or `{ scopes: ['orders:read'] }`.
 *
 * @throws LatchkeyError `INPUT_INVALID` if a time is invalid
 */
export function createTestKey(
  fields: TestKeyFields = {},
  { prefix = DEFAULT_KEY_PREFIX }: TestKeyOptions = {},
): TestKey {
  const secret = generateSecret(prefix);
  const { createdAt = '2024-01-01T00:00:00Z', lastUsedAt, expiresAt, disabledAt, revokedAt, ...others } = fields;
  const record: KeyRecord = {
    keyHash: hashSecret(secret),
    id: randomUUID(),
    label: 'test',
    keyPrefix: getShownPrefix(secret, prefix),
    createdBy: 'tests',
    ...others,
    createdAt: parseTime('createdAt', createdAt),
    ...optionalTimes({ lastUsedAt, expiresAt, disabledAt, revokedAt }),
  };
  return { secret, record };
}

function optionalTimes(times: Readonly<Record<string, string | undefined>>): Record<string, Timestamp> {
  const given = Object.entries(times).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, parseTime(name, text)] as const],
  );
  return Object.fromEntries(given);
}

function parseTime(name: string, text: string): Timestamp {
  const time = readTime(text, { dateAs: name === 'expiresAt' ? 'end' : 'start' });
  if (time !== undefined) return time;
  throw new LatchkeyError('INPUT_INVALID', `${name}: expected ${TIME_EXPECTED}, got ${show(text)}`);
}
