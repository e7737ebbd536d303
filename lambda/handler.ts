import { LimitStore } from '../keys/limitStore.ts';
import { KeyReader } from '../keys/reader.ts';
import { createFunctionClient, onConnectionsOf, prime } from './client.ts';
import { readConfig, type Config } from './config.ts';
import { createHandler } from './createHandler.ts';
import { Log } from './log.ts';
import { onShutdown } from './shutdown.ts';

const writeLog = (line: string) => process.stdout.write(`${line}\n`);
const config = readOrLogConfig();
const client = createFunctionClient(process.env);
if (config.prime) await prime(client, config.tableName);
let writePending = () => {};
if (config.usage) {
  await onShutdown({
    process,
    beforeExit: () => writePending(),
    runtimeApi: process.env['AWS_LAMBDA_RUNTIME_API'],
  });
}

/**
 * The Lambda function. An invalid setting fails the cold start, so the function never decides a request with a wrong
 * setting.
 */
export const handler = createHandler({
  config,
  // Lambda sets the environment variable. Metrics also need a name outside Lambda.
  functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'latchkey',
  lookup: new KeyReader({ client, tableName: config.tableName }),
  limitStore: createLimitStore(config),
  now: Date.now,
  random: Math.random,
  writeLog,
  onUsage: (write) => (writePending = write),
});

/** Creates the store only if the authorizer enforces a plan. */
function createLimitStore({ plans, limitsTable: tableName }: Config): LimitStore | undefined {
  if (plans?.hasLimits !== true || tableName === undefined) return undefined;
  return new LimitStore({ client: createFunctionClient(process.env, onConnectionsOf(client)), tableName });
}

/** Reads the settings. Logs a fault that stops the cold start, because alarms watch the log for faults. */
function readOrLogConfig(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    new Log({ write: writeLog, now: Date.now }).fault({ requestId: undefined, apiType: undefined }, error);
    throw error;
  }
}
