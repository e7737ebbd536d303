import { KeyLookup } from '../keys/lookup.ts';
import { createClient } from './client.ts';
import { readConfig } from './config.ts';
import { createHandler } from './createHandler.ts';

const config = readConfig(process.env);

/** The Lambda function. A setting that cannot be read fails the cold start, so that no request is decided by a guess. */
export const handler = createHandler({
  config,
  lookup: new KeyLookup({ client: createClient(), tableName: config.tableName }),
  now: Date.now,
  writeLog: (line) => process.stdout.write(`${line}\n`),
});
