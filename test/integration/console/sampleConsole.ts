import { serialiseRecord } from '../../../keys/record.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { ConsoleUnderTest } from './consoleUnderTest.ts';
import { sampleKeys } from './sampleKeys.ts';

/** Starts a console on a new table with sample keys. `end` stops the console and the database. */
export async function startSampleConsole(
  count: number,
): Promise<ConsoleUnderTest & { readonly end: () => Promise<void> }> {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  const console = await ConsoleUnderTest.start(database, { tableName: 'LatchkeyStack-Keys', now: Date.now });
  for (const record of sampleKeys(count, Date.now())) await console.put(serialiseRecord(record));
  const end = async () => {
    await console.stop();
    await database.stop();
  };
  return Object.assign(console, { end });
}
