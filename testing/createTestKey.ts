import { randomUUID } from 'node:crypto';
import { LatchkeyError } from '../keys/errors.ts';
import { show } from '../keys/fields.ts';
import type { KeyRecord } from '../keys/record.ts';
import { DEFAULT_KEY_PREFIX, generateSecret, hashSecret, getShownPrefix, type KeySecret } from '../keys/secret.ts';
import { readTime, TIME_EXPECTED, type Timestamp } from '../keys/timestamp.ts';

type TimeName = 'createdAt' | 'lastUsedAt' | 'expiresAt' | 'disabledAt' | 'revokedAt';

/** Fields of a test key's record. Times are in the forms that the library takes, past or to come. */
export type TestKeyFields = Partial<Omit<KeyRecord, TimeName>> & {
  readonly [name in TimeName]?: string;
};

/** How a test key is drawn. */
export interface TestKeyOptions {
  /**
   * As `keyPrefix` of the deployment under test.
   *
   * @default 'sk_'
   */
  readonly keyPrefix?: string;
}

/** A key with its record, as issuing it in the deployment would have given. */
export interface TestKey {
  /** The key itself, for a request to carry. */
  readonly secret: KeySecret;
  /** What the table would hold of it. */
  readonly record: KeyRecord;
}

/**
 * A key that is valid by its checksum, with its record: active and never used unless the fields say otherwise, such as
 * `{ revokedAt: '2030-01-01T00:00:00Z' }` or `{ scopes: ['orders:read'] }`. Every call draws another key.
 *
 * @throws LatchkeyError `INPUT_INVALID` for a time that cannot be read
 */
export function createTestKey(
  fields: TestKeyFields = {},
  { keyPrefix = DEFAULT_KEY_PREFIX }: TestKeyOptions = {},
): TestKey {
  const secret = generateSecret(keyPrefix);
  const { createdAt = '2024-01-01T00:00:00Z', lastUsedAt, expiresAt, disabledAt, revokedAt, ...others } = fields;
  const record: KeyRecord = {
    keyHash: hashSecret(secret),
    id: randomUUID(),
    label: 'test',
    keyPrefix: getShownPrefix(secret, keyPrefix),
    createdBy: 'tests',
    ...others,
    createdAt: timeOf('createdAt', createdAt),
    ...optionalTimes({ lastUsedAt, expiresAt, disabledAt, revokedAt }),
  };
  return { secret, record };
}

function optionalTimes(times: Readonly<Record<string, string | undefined>>): Record<string, Timestamp> {
  const given = Object.entries(times).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, timeOf(name, text)] as const],
  );
  return Object.fromEntries(given);
}

function timeOf(name: string, text: string): Timestamp {
  const time = readTime(text, { dateAs: name === 'expiresAt' ? 'end' : 'start' });
  if (time !== undefined) return time;
  throw new LatchkeyError('INPUT_INVALID', `${name}: got ${show(text)}, wanted ${TIME_EXPECTED}`);
}
