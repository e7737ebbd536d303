import { KeyReader } from '../keys/reader.ts';
import { readConfig, type Config } from './config.ts';
import { createHandler } from './createHandler.ts';
import { createFunctionClient, prime } from './client.ts';
import { Log } from './log.ts';
const writeLog = (line: string) => process.stdout.write(`${line}\n`);
const config = readConfigOrTell();
const client = createFunctionClient(process.env);
if (config.prime) await prime(client, config.tableName);

/** The Lambda function. A setting that cannot be read fails the cold start, so that no request is decided by a guess. */
export const handler = createHandler({
  config,
  // Lambda sets it; elsewhere the metrics need a name all the same.
  functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'latchkey',
  lookup: new KeyReader({ client, tableName: config.tableName }),
  now: Date.now,
  random: Math.random,
  writeLog,
});

/** Who watches the log for faults sees one that keeps the function from starting, too. */
function readConfigOrTell(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    new Log({ write: writeLog, now: Date.now }).fault({ requestId: undefined, apiType: undefined }, error);
    throw error;
  }
}
