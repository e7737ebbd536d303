// Runs the deployed function of an ApiKeyEvents, with its code and its environment, on the stream's records of a key that
// was issued and revoked, and on the schedules' inputs. deploy.sh calls it. The function writes its history to the
// emulated account. The arguments are the function's files, and what `latchkey create` and `revoke` printed as JSON.
// Usage: deployedEvents.ts INDEX_MJS FUNCTION_CONFIGURATION_JSON EVENT_BUS CREATED_JSON REVOKED_JSON
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { keyStreamRecord } from '../support/keyStream.ts';

interface FunctionConfiguration {
  readonly Handler: string;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
}

const [file = '', configuration = '', bus = '', created = '', revoked = ''] = process.argv.slice(2);
const recordIn = (path: string) => ({ ...JSON.parse(readFileSync(path, 'utf8')).record, keyHash: 'a'.repeat(64) });
const { Handler, Environment }: FunctionConfiguration = JSON.parse(readFileSync(configuration, 'utf8'));
assert.equal(Handler, 'index.handler');
// The emulator sends every event of the default bus to the schedules' targets, which are functions that it can't invoke.
Object.assign(process.env, Environment.Variables, { LATCHKEY_EVENTS_BUS: bus });
const { handler }: { handler: (event: object) => Promise<unknown> } = await import(pathToFileURL(file).href);

const [issued, ended] = [recordIn(created), recordIn(revoked)];
const Records = [
  keyStreamRecord(undefined, issued, { eventID: 'issued', sequence: 1, writtenAtMs: Date.now() }),
  keyStreamRecord(issued, ended, { eventID: 'ended', sequence: 2, writtenAtMs: Date.now() }),
];
// The second delivery is a repeat.
for (let times = 0; times < 2; times++) assert.deepEqual(await handler({ Records }), { batchItemFailures: [] });
for (const run of ['keys', 'quotas']) await handler({ run, time: new Date().toISOString() });
