import { randomUUID } from 'node:crypto';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LatchkeyError } from '../../keys/errors.ts';
import { LimitStore } from '../../keys/limitStore.ts';
import { KeyReader } from '../../keys/reader.ts';
import { KeyRegistry, REGISTRY_TRANSLATION } from '../../keys/registry.ts';
import { createFunctionClient, createFunctionDynamoDb, onConnectionsOf } from '../../lambda/client.ts';
import { StateStore } from '../stateStore.ts';
import { createManagement } from './createManagement.ts';
import type { GatewayResult } from './httpEvent.ts';
import { RequestLog } from './requestLog.ts';
import { type ManagementSettings, readManagementSettings } from './settings.ts';

/**
 * Two attempts with timeouts. The function runs for at most 15 seconds, and a request makes a few calls. A healthy call
 * takes a few milliseconds.
 */
const CALL_LIMITS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 2500, throwOnRequestTimeout: true },
};
/** The end of the function's run leaves this time for the last call and the response, in milliseconds. */
const LAST_CALL_MS = 6000;

const log = new RequestLog({ write: (line) => process.stdout.write(`${line}\n`), now: Date.now });
const settings = readOrLogSettings();
const documents = DynamoDBDocumentClient.from(createFunctionDynamoDb(process.env, CALL_LIMITS), REGISTRY_TRANSLATION);
const lookups = createFunctionClient(process.env);
/** The time at which Lambda ends the current run, in epoch milliseconds. */
let deadlineMs = Infinity;

const { tableName, keyFormat, limitsTable } = settings.config;
const { usageTable } = settings;

/** Waits between the retries of a throttled call, but not beyond the end of the run: Lambda would end it anywhere. */
const retryOptions = {
  random: Math.random,
  sleep: (ms: number) => {
    if (Date.now() + ms <= deadlineMs - LAST_CALL_MS) return new Promise((resolve) => setTimeout(resolve, ms));
    return Promise.reject(new LatchkeyError('STORE_UNAVAILABLE', 'DynamoDB throttles the requests: try again later'));
  },
};

const answer = createManagement({
  settings,
  log,
  store: new StateStore({ client: documents, tableName: settings.stateTable, retryOptions, now: Date.now }),
  registryFor: (actor) =>
    new KeyRegistry({
      client: documents,
      tableName,
      actor,
      keyPrefixes: keyFormat.prefixes,
      usageTableName: usageTable,
      retryOptions,
    }),
  lookup: new KeyReader({ client: lookups, tableName }),
  limitStore:
    limitsTable === undefined
      ? undefined
      : new LimitStore({
          client: createFunctionClient(process.env, onConnectionsOf(lookups)),
          tableName: limitsTable,
        }),
  retryOptions,
  now: Date.now,
  randomId: randomUUID,
});

/** The Lambda function behind the HTTP API. An invalid setting fails the cold start. */
export const handler = (
  event: unknown,
  context?: { readonly getRemainingTimeInMillis?: () => number },
): Promise<GatewayResult> => {
  deadlineMs = Date.now() + (context?.getRemainingTimeInMillis?.() ?? Infinity);
  return answer(event);
};

/** Reads the settings. Logs a fault that stops the cold start, because alarms watch the log for faults. */
function readOrLogSettings(): ManagementSettings {
  try {
    return readManagementSettings(process.env);
  } catch (error) {
    log.fault(error);
    throw error;
  }
}
