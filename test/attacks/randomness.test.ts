import * as crypto from 'node:crypto';
import { expect, jest, test } from '@jest/globals';

/** How many bytes each draw asked of the operating system's generator for. */
const drawn: number[] = [];

jest.unstable_mockModule('node:crypto', () => ({
  ...crypto,
  randomBytes: (bytes: number) => {
    drawn.push(bytes);
    return crypto.randomBytes(bytes);
  },
}));
const { generateSecret } = await import('../../keys/secret.ts');
const { startConsole } = await import('../../console/server/startConsole.ts');
const { LocalDynamoDb } = await import('../../local/table.ts');
const { KeyRegistry } = await import('../../keys/registry.ts');

test('a new key is drawn from the CSPRNG of node:crypto, at least 43 bytes of it', () => {
  drawn.length = 0;
  generateSecret('sk_');
  expect(drawn.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThanOrEqual(43);
});

test('the console draws its token and its cookie from the CSPRNG of node:crypto, 256 bits each', async () => {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  const { client, endpoint } = database;
  drawn.length = 0;
  const location = { kind: 'local', tableName: 'keys', endpoint, region: 'us-east-1' } as const;
  const registry = new KeyRegistry({ client, tableName: 'keys', actor: 'alice' });
  const running = await startConsole({
    registry,
    location,
    actor: 'alice',
    isReadOnly: false,
    port: 0,
    note: () => {},
  });
  await running.stop();
  await database.stop();
  expect(drawn).toEqual([32, 32]);
});
