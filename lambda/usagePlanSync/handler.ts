import { setTimeout } from 'node:timers/promises';
import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { LatchkeyError } from '../../keys/errors.ts';
import { createStreamHandler, StreamLog } from './streamEvents.ts';
import { UsagePlanSync } from './sync.ts';
import { type UsagePlanSyncSettings, readUsagePlanSyncSettings } from './settings.ts';

const writeLog = (line: string) => process.stdout.write(`${line}\n`);

/** The Lambda function that keeps API Gateway's API keys in sync with the table. */
export const handler = createStreamHandler({
  usagePlanSync: new UsagePlanSync({ client: createClient(), wait, ...readOrLogSettings() }),
  now: Date.now,
  writeLog,
});

/** Waits for one to two times the duration, at random. Functions whose writes conflicted then don't conflict again. */
function wait(milliseconds: number): Promise<void> {
  return setTimeout(milliseconds * (1 + Math.random()));
}

/** Creates a client. API Gateway accepts five new API keys per second and account, so a large import takes a while. */
function createClient(): APIGatewayClient {
  return new APIGatewayClient({
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true },
  });
}

/** Reads the settings. Logs a fault that stops the cold start, because alarms watch the log for faults. */
function readOrLogSettings(): UsagePlanSyncSettings {
  try {
    return readUsagePlanSyncSettings(process.env);
  } catch (error) {
    if (error instanceof LatchkeyError) new StreamLog({ write: writeLog, now: Date.now }).notStarted(error);
    throw error;
  }
}
