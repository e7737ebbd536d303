import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyRegistry } from '../../../keys/registry.ts';
import { generateSecret } from '../../../keys/secret.ts';
import { provideDemoKey } from '../../../local/demoKey.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { failureOf } from '../../support/failureOf.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

let database: LocalDynamoDb;
beforeAll(async () => {
  database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
});
afterAll(() => database.stop());

let nowMs: number;
let registry: KeyRegistry;
let file: string;
beforeEach(async () => {
  nowMs = Date.UTC(2030, 0, 1);
  const tableName = `keys-${randomUUID()}`;
  await database.ensureTable(tableName);
  registry = new KeyRegistry({ client: database.client, tableName, actor: 'test', now: () => nowMs });
  file = join(mkdtempSync(join(tmpdir(), 'latchkey-demo-')), 'demo-key');
});

const provide = (prefix = 'sk_') => provideDemoKey({ registry, prefix, file, now: () => nowMs });

describe('the demo key', () => {
  test('expires after 30 days', async () => {
    const record = await registry.find(await provide());
    expect(record).toMatchObject({ label: 'demo', expiresAt: '2030-01-31T00:00:00.000Z' });
  });

  test('stays the same while it is active', async () => {
    const key = await provide();
    nowMs += 29 * DAY_MS;
    expect(await provide()).toBe(key);
    expect((await registry.list()).records).toHaveLength(1);
  });

  test('stays in a file that only the user can read', async () => {
    writeFileSync(file, 'old');
    chmodSync(file, 0o644);
    const key = await provide();
    expect(readFileSync(file, 'utf8')).toBe(`${key}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('changes after it has expired', async () => {
    const key = await provide();
    nowMs += 30 * DAY_MS;
    expect(await provide()).not.toBe(key);
  });

  test.each(['revoke', 'disable'] as const)('changes after %s', async (change) => {
    const key = await provide();
    await registry[change]((await registry.find(key))?.id ?? '');
    const newKey = await provide();
    expect(newKey).not.toBe(key);
    expect(await provide()).toBe(newKey);
  });

  test('changes if the table lacks the key of the file', async () => {
    const key = generateSecret('sk_');
    writeFileSync(file, key);
    expect(await provide()).not.toBe(key);
  });

  test('changes if the functions accept another prefix', async () => {
    const key = await provide();
    expect(await provide('live_')).not.toBe(key);
  });

  test.each(['', 'sk_nonsense', '\0'])('changes if the file contains %j', async (text) => {
    writeFileSync(file, text);
    expect(await registry.find(await provide())).toMatchObject({ label: 'demo' });
  });

  test('changes with each start without a file', async () => {
    const deps = { registry, prefix: 'sk_', file: undefined, now: () => nowMs };
    expect(await provideDemoKey(deps)).not.toBe(await provideDemoKey(deps));
  });

  test('isn’t in the table if its file can’t be written', async () => {
    writeFileSync(file, '');
    file = join(file, 'below');
    expect(await failureOf(provide())).toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringMatching(/^--data: cannot write the demo key: /),
    });
    expect((await registry.list()).records).toEqual([]);
  });
});
