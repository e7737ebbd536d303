import type { ConsoleKey } from '../../console/page/consoleKey.ts';
import { publicRecord } from '../../keys/record.ts';
import type { TestKeyFields } from '../../testing/createTestKey.ts';
import { makeKey } from './keys.ts';

/**
 * Returns a key of the console's page with its id as the label. Its prefix is fixed, because the search also reads the
 * prefix.
 */
export function makeConsoleKey(id: string, fields: TestKeyFields = {}): ConsoleKey {
  const { record } = makeKey({ id, label: id, keyPrefix: 'sk_00000000', ...fields });
  return publicRecord(record);
}

/** Returns the ids of the keys. */
export function idsOf(keys: readonly ConsoleKey[]): readonly string[] {
  return keys.map(({ id }) => id);
}
