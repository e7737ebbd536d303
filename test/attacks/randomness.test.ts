import * as crypto from 'node:crypto';
import { expect, jest, test } from '@jest/globals';

/** The number of bytes of each call to `randomBytes`. */
const requested: number[] = [];

jest.unstable_mockModule('node:crypto', () => ({
  ...crypto,
  randomBytes: (bytes: number) => {
    requested.push(bytes);
    return crypto.randomBytes(bytes);
  },
}));
const { generateSecret } = await import('../../keys/secret.ts');
const { startConsole } = await import('../../console/server/startConsole.ts');
const { LocalDynamoDb } = await import('../../local/table.ts');
const { KeyRegistry } = await import('../../keys/registry.ts');

test('generateSecret uses at least 43 bytes from the CSPRNG of node:crypto', () => {
  requested.length = 0;
  generateSecret('sk_');
  expect(requested.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThanOrEqual(43);
});

test('the console generates its token and its cookie from 256 bits each of the CSPRNG of node:crypto', async () => {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  const { client, endpoint } = database;
  requested.length = 0;
  const location = { kind: 'local', tableName: 'keys', endpoint, region: 'us-east-1' } as const;
  const registry = new KeyRegistry({ client, tableName: 'keys', actor: 'alice' });
  const running = await startConsole({
    registry,
    location,
    actor: 'alice',
    isReadOnly: false,
    command: 'npm start',
    port: 0,
    note: () => {},
  });
  await fetch(running.url, { redirect: 'manual' });
  await running.stop();
  await database.stop();
  expect(requested).toEqual([32, 32]);
});
