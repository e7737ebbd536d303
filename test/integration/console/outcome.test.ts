import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createConsoleApp } from '../../../console/server/consoleApp.ts';
import { Session } from '../../../console/server/guards.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { startFaultProxy, type FaultProxy } from '../../support/faultProxy.ts';
import { REFUSES, STORE_FAULTS } from '../../support/storeFaults.ts';
import { ConsoleUnderTest } from './consoleUnderTest.ts';

const findFault = (name: string) => STORE_FAULTS.find(({ what }) => what === name) ?? REFUSES;
const RESETS = findFault('resets the connection');
const DENIES = findFault('denies access');
const SECRET = /sk_[0-9A-Za-z]{49}/;

let database: LocalDynamoDb;
let proxy: FaultProxy;
let console: ConsoleUnderTest;
beforeAll(async () => {
  database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
});
beforeEach(async () => {
  proxy = await startFaultProxy(database.endpoint);
  console = await ConsoleUnderTest.start(database, { endpoint: proxy.endpoint });
  await console.open();
});
afterEach(async () => {
  await console.stop();
  await proxy.stop();
});
afterAll(() => database.stop());

describe('the console after a lost response to a stored write', () => {
  test('reports the id of the new key', async () => {
    proxy.inflict(RESETS, { on: 'PutItem', isDone: true });
    const { status, body } = await console.api('POST', '/api/keys', { label: 'lost' });
    const [record] = await console.records();
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'STORE_UNAVAILABLE' });
    expect(body.detail).toContain(`if the list has the id ${record?.id}, revoke it`);
    expect(body.detail).not.toMatch(SECRET);
  });

  test.each(['PutItem', 'UpdateItem'])(
    'reports both ids of a rotation if the response to %s is lost',
    async (operation) => {
      const { record } = await console.putKey();
      proxy.inflict(RESETS, { on: operation, isDone: true });
      const { status, body } = await console.api('POST', `/api/keys/${record.id}/rotate`, { graceSeconds: 60 });
      const successor = (await console.records()).find(({ id }) => id !== record.id);
      expect(status).toBe(503);
      expect(body.detail).toContain(`key ${record.id} may have been rotated`);
      expect(body.detail).toContain(`rotate the successor ${successor?.id} in turn`);
      expect(body.detail).not.toMatch(SECRET);
    },
  );

  test.each<[string, string, object]>([
    ['PATCH', '', { label: 'x' }],
    ['POST', '/disable', {}],
    ['POST', '/revoke', {}],
  ])('warns that the key may have been changed by %s /api/keys/:id%s', async (method, action, change) => {
    const { record } = await console.putKey();
    proxy.inflict(RESETS, { on: 'UpdateItem', isDone: true });
    const { status, body } = await console.api(method, `/api/keys/${record.id}${action}`, change, {
      'if-match': '"0"',
    });
    expect(status).toBe(503);
    expect(body.detail).toMatch(/the key may have been changed/);
  });
});

test('the console reports only the denied access if DynamoDB denies the write', async () => {
  proxy.inflict(DENIES);
  const { status, body } = await console.api('POST', '/api/keys', { label: 'x' });
  expect(status).toBe(503);
  expect(body.detail).toMatch(/^access to the table .* was denied: [^;]*$/);
});

test('the console keeps the message of an unexpected error out of the response', async () => {
  const registry = new KeyRegistry({ client: database.client, tableName: 'keys', actor: 'alice' });
  registry.list = () => Promise.reject(new RangeError('with a secret'));
  const location = { kind: 'local', tableName: 'keys', endpoint: database.endpoint, region: 'us-east-1' } as const;
  const session = new Session(() => 'token');
  session.exchange(session.newToken());
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  const table = { registry, location, actor: 'alice', isReadOnly: false, command: 'latchkey console', note };
  const app = createConsoleApp({ ...table, port: 1, session, files: new Map() });
  const headers = { host: 'localhost:1', cookie: 'latchkey-console-1=token' };
  const answer = await app.request('/api/keys', { headers });
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('secret');
  expect(notes).toEqual(['the console failed to answer a request: RangeError']);
});
