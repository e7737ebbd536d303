// Runs the deployed function of an ApiKeyEvents, with its code and its environment, on the records of the table's stream
// and on the schedules' inputs. deploy.sh calls it. The function writes its history to the emulated account.
// Usage: deployedEvents.ts INDEX_MJS FUNCTION_CONFIGURATION_JSON STREAM_ARN
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { readStream } from '../support/readStream.ts';

interface FunctionConfiguration {
  readonly Handler: string;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
}

const [file = '', configuration = '', streamArn = ''] = process.argv.slice(2);
const { Handler, Environment }: FunctionConfiguration = JSON.parse(readFileSync(configuration, 'utf8'));
assert.equal(Handler, 'index.handler');
Object.assign(process.env, Environment.Variables);
const { handler }: { handler: (event: object) => Promise<unknown> } = await import(pathToFileURL(file).href);

const Records = await readStream(process.env['AWS_ENDPOINT_URL'] ?? '', streamArn);
assert.ok(Records.length >= 2, `expected records in the stream, got ${Records.length}`);
// The second delivery is a repeat.
for (let times = 0; times < 2; times++) assert.deepEqual(await handler({ Records }), { batchItemFailures: [] });
for (const run of ['keys', 'quotas']) await handler({ run, time: new Date().toISOString() });
