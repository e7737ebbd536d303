import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CALL_LIMITS } from '../../keys/dynamodb.ts';
import { REGISTRY_TRANSLATION } from '../../keys/options.ts';
import { UsageStore } from '../../keys/usageStore.ts';
import { readLog } from './readLog.ts';
import { createRollUpHandler } from './runRollUp.ts';
import { readUsageRollupSettings } from './settings.ts';

const settings = readUsageRollupSettings(process.env);
const documents = DynamoDBDocumentClient.from(new DynamoDBClient(CALL_LIMITS), REGISTRY_TRANSLATION);
// CloudWatch throttles FilterLogEvents early, so its calls get more attempts.
const client = new CloudWatchLogsClient({ ...CALL_LIMITS, maxAttempts: 10 });
/** The time at which Lambda ends the current run, in epoch milliseconds. */
let deadlineMs = 0;

const rollUp = createRollUpHandler({
  settings,
  readLog: (range) => readLog(range, { client, remainingMs: () => deadlineMs - Date.now() }),
  store: new UsageStore({ client: documents, tableName: settings.tableName }),
  now: Date.now,
  writeLog: (line) => process.stdout.write(`${line}\n`),
});

/** The Lambda function that writes the usage of the last hours. A schedule invokes it each hour. */
export const handler = (event: unknown, context: { readonly getRemainingTimeInMillis: () => number }) => {
  deadlineMs = Date.now() + context.getRemainingTimeInMillis();
  return rollUp(event);
};
