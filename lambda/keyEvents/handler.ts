import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CALL_LIMITS, DEFAULT_RETRY_OPTIONS } from '../../keys/dynamodb.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import { HistoryStore } from '../../keys/historyStore.ts';
import { REGISTRY_TRANSLATION } from '../../keys/options.ts';
import { RegistryStore } from '../../keys/store.ts';
import { createKeyEventsHandler } from './createKeyEventsHandler.ts';
import { bury } from './deadLetters.ts';
import { EventLog } from './eventLog.ts';
import { EventPublisher } from './publisher.ts';
import { quotaTable, tablePages } from './quotaTable.ts';
import { type KeyEventsSettings, readKeyEventsSettings } from './settings.ts';

const log = new EventLog({ write: (line) => process.stdout.write(`${line}\n`), now: Date.now });
const settings = readOrLogSettings();
const client = DynamoDBDocumentClient.from(new DynamoDBClient(CALL_LIMITS), REGISTRY_TRANSLATION);
const eventBridge = new EventBridgeClient(CALL_LIMITS);
const queue = new SQSClient(CALL_LIMITS);
const keys = new RegistryStore({ client, tableName: settings.tableName, retryOptions: DEFAULT_RETRY_OPTIONS });

/** The Lambda function that sends the events of keys. The table's stream and two schedules invoke it. */
export const handler = createKeyEventsHandler({
  publisher: new EventPublisher({
    send: async (entries) => (await eventBridge.send(new PutEventsCommand({ Entries: [...entries] }))).Entries ?? [],
    busName: settings.busName,
    tableArn: settings.tableArn,
    wait: (milliseconds) => setTimeout(milliseconds * (1 + Math.random())),
  }),
  history: createHistory(settings),
  bury: (letters) => bury(letters, { client: queue, queueUrl: settings.deadLetterQueue }),
  keyPages: () => tablePages(keys),
  unusedDays: settings.unusedDays,
  quotas:
    settings.limitsTable === undefined ? undefined : quotaTable({ client, tableName: settings.limitsTable, keys }),
  log,
});

function createHistory({ historyTable: tableName, historyDays: retentionDays }: KeyEventsSettings) {
  if (tableName === undefined || retentionDays === undefined) return undefined;
  return { store: new HistoryStore({ client, tableName }), retentionDays };
}

/** Reads the settings. Logs a fault that stops the cold start, because alarms watch the log for faults. */
function readOrLogSettings(): KeyEventsSettings {
  try {
    return readKeyEventsSettings(process.env);
  } catch (error) {
    if (error instanceof LatchkeyError) log.notStarted(error);
    throw error;
  }
}
