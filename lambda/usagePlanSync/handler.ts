import { setTimeout } from 'node:timers/promises';
import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { LatchkeyError } from '../../keys/errors.ts';
import { createStreamHandler, StreamLog } from './streamEvents.ts';
import { UsagePlanSync } from './sync.ts';
import { type UsagePlanSyncSettings, readUsagePlanSyncSettings } from './settings.ts';

const writeLog = (line: string) => process.stdout.write(`${line}\n`);

/** The Lambda function that keeps API Gateway's API keys as the table has it. */
export const handler = createStreamHandler({
  usagePlanSync: new UsagePlanSync({ client: createClient(), wait, ...readSettingsOrTell() }),
  now: Date.now,
  writeLog,
});

/** Up to twice as long, so that functions that were in each other's way do not meet again. */
function wait(milliseconds: number): Promise<void> {
  return setTimeout(milliseconds * (1 + Math.random()));
}

/** API Gateway takes five new API keys a second of an account: who imports many waits for it. */
function createClient(): APIGatewayClient {
  return new APIGatewayClient({
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true },
  });
}

/** Who watches the log for faults sees one that keeps the function from starting, too. */
function readSettingsOrTell(): UsagePlanSyncSettings {
  try {
    return readUsagePlanSyncSettings(process.env);
  } catch (error) {
    if (error instanceof LatchkeyError) new StreamLog({ write: writeLog, now: Date.now }).notStarted(error);
    throw error;
  }
}
