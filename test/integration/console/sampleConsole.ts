import type { DeployedPlans } from '../../../keys/deployedPlans.ts';
import { serialiseRecord } from '../../../keys/record.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { LimitsTableUnderTest } from '../../support/limitsTableUnderTest.ts';
import { ConsoleUnderTest } from './consoleUnderTest.ts';
import { sampleKeys } from './sampleKeys.ts';

/** The plans of the sample keys. */
const PLANS: DeployedPlans = {
  free: {
    enforce: 'authorizer',
    per: 'key',
    quota: { limit: 1000, period: 'day' },
    throttle: { rateLimit: 5, burstLimit: 10 },
  },
  pro: { enforce: 'authorizer', per: 'owner', quota: { limit: 100_000, period: 'month' } },
  enterprise: { enforce: 'gateway', per: 'plan', throttle: { rateLimit: 500, burstLimit: 1000 } },
};

/** Starts a console on a new table with sample keys on plans. `end` stops the console and the database. */
export async function startSampleConsole(
  count: number,
): Promise<ConsoleUnderTest & { readonly end: () => Promise<void> }> {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  const limits = await LimitsTableUnderTest.create(database.client, 'LatchkeyStack-Limits', Date.now);
  const console = await ConsoleUnderTest.start(database, {
    tableName: 'LatchkeyStack-Keys',
    limitsTableName: limits.tableName,
    plans: PLANS,
    now: Date.now,
  });
  const records = sampleKeys(count, Date.now());
  for (const record of records) await console.put(serialiseRecord(record));
  for (const { id } of records.filter(({ plan }) => plan === 'free')) {
    await limits.putQuota({ who: `key/${id}`, granted: 318 });
  }
  const end = async () => {
    await console.stop();
    await database.stop();
  };
  return Object.assign(console, { end });
}
