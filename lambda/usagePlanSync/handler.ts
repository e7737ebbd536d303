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

/** Waits up to twice as long, so that functions whose writes conflicted don't conflict again. */
function wait(milliseconds: number): Promise<void> {
  return setTimeout(milliseconds * (1 + Math.random()));
}

/** API Gateway accepts five new API keys a second and account, so a large import takes a while. */
function createClient(): APIGatewayClient {
  return new APIGatewayClient({
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true },
  });
}

/** Logs a fault that keeps the function from starting, because alarms watch the log for faults. */
function readOrLogSettings(): UsagePlanSyncSettings {
  try {
    return readUsagePlanSyncSettings(process.env);
  } catch (error) {
    if (error instanceof LatchkeyError) new StreamLog({ write: writeLog, now: Date.now }).notStarted(error);
    throw error;
  }
}
