import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyState } from '../../../keys/state.ts';
import { serialiseRecord, type KeyRecord } from '../../../keys/record.ts';
import type { PreparedRotation, RotateOptions } from '../../../keys/registry.ts';
import { hashSecret } from '../../../keys/secret.ts';
import { DynamoDbProxy } from '../../support/dynamoDbProxy.ts';
import { at, CHANGED, makeKey, NOW_MS } from '../../support/keys.ts';
import { tracesOf } from '../../support/traces.ts';
import { afterFirst, answer, NO_IDS, UNKNOWN_ID, withProxy, type Table } from './tableUnderTest.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOUR: RotateOptions = { graceSeconds: 3600 };
const KEPT: Partial<KeyRecord> = {
  label: 'build server',
  owner: 'acme',
  scopes: ['orders:read', 'orders:write'],
  plan: 'free',
  metadata: { plan: 'pro', nested: { list: [1, null] } },
};

/** Describes `rotate` and its two steps. */
export function describeRotation(open: () => Promise<Table>): void {
  describe('rotate', () => {
    let table: Table;
    beforeEach(async () => {
      table = await open();
    });

    describeChain(() => table);
    describeRefusals(() => table);
    describeHalfway(() => table);
  });
}

async function putKey(table: Table, fields: Partial<KeyRecord> = {}): Promise<KeyRecord> {
  const { record } = makeKey({ id: randomUUID(), ...KEPT, ...fields });
  await table.put(serialiseRecord(record));
  return record;
}

function endAt(offsetMs: number) {
  return { expiresAt: at(offsetMs), purgeAfter: Math.floor((NOW_MS + offsetMs) / 1000) + 90 * 86_400 };
}

/** Returns the records of the table except those with these ids. */
async function othersThan(table: Table, ...ids: readonly string[]) {
  return (await table.items()).filter(({ id }) => !ids.includes(String(id)));
}

function describeChain(tableOf: () => Table): void {
  test('issues a successor with the same fields', async () => {
    const table = tableOf();
    const old = await putKey(table);
    const { secret, record, previous } = await table.registry.rotate(old.id, HOUR);
    expect(record).toEqual({
      ...KEPT,
      keyHash: hashSecret(secret),
      id: expect.not.stringMatching(old.id),
      keyPrefix: secret.slice(0, 11),
      createdAt: at(0),
      createdBy: 'tests',
      rotatedFrom: old.id,
      rootId: old.id,
    });
    expect(previous).toEqual({ ...old, ...endAt(HOUR_MS), rotatedTo: record.id, ...CHANGED, version: 1 });
    expect(await table.item(record.keyHash)).toEqual(record);
    expect(await table.item(old.keyHash)).toEqual(previous);
    expect(tracesOf([secret], JSON.stringify(await table.items()))).toEqual([]);
  });

  test.each([
    ['keeps the prefix of the old key', 'sk_test_01234567', {}, /^sk_test_/],
    ['gets the given prefix', 'sk_test_01234567', { prefix: 'sk_live_' }, /^sk_live_/],
    ["gets the registry's prefix if the old key was issued elsewhere", 'acme-01234', {}, /^sk_[0-9A-Za-z]{49}$/],
  ])('a successor %s', async (_, keyPrefix, options, expected) => {
    const table = tableOf();
    const { id } = await putKey(table, { keyPrefix });
    const { secret, record } = await table.registry.rotate(id, { ...HOUR, ...options });
    expect(secret).toMatch(expected);
    expect(record.keyPrefix).toBe(secret.slice(0, -41));
  });

  test.each([[['a,b', '{c}']], [[]], [undefined]])(
    'copies even invalid stored scopes to the successor: %j',
    async (scopes) => {
      const table = tableOf();
      const { scopes: _, ...others } = KEPT;
      const { record } = makeKey({ id: randomUUID(), ...others, ...(scopes === undefined ? {} : { scopes }) });
      await table.put(serialiseRecord(record));
      const { record: successor } = await table.registry.rotate(record.id, HOUR);
      expect(successor.scopes).toEqual(scopes);
      expect(await table.item(successor.keyHash)).toEqual(successor);
    },
  );

  test.each([
    ['later than the grace period', DAY_MS, HOUR_MS],
    ['the same time', HOUR_MS, HOUR_MS],
    ['earlier than the grace period', HOUR_MS - 1, HOUR_MS - 1],
  ])('never extends the old key past its own expiry: %s', async (_, ownMs, endMs) => {
    const table = tableOf();
    const { id } = await putKey(table, endAt(ownMs));
    expect((await table.registry.rotate(id, HOUR)).previous).toMatchObject(endAt(endMs));
  });

  test('expires the old key immediately without a grace period', async () => {
    const table = tableOf();
    const { id } = await putKey(table);
    const { previous, record } = await table.registry.rotate(id, { graceSeconds: 0 });
    expect([keyState(previous, NOW_MS), keyState(record, NOW_MS)]).toEqual(['expired', 'active']);
  });

  test.each<[string, Partial<KeyRecord>, Partial<RotateOptions>, object]>([
    ["without an expiry if the old key doesn't expire", {}, {}, { expiresAt: undefined }],
    ['with the same lifetime as the old key', { createdAt: at(-DAY_MS), ...endAt(DAY_MS) }, {}, endAt(2 * DAY_MS)],
    ['with the given expiry', endAt(DAY_MS), { expiresAt: at(7) }, endAt(7)],
    [
      'without an expiry if null is given',
      endAt(DAY_MS),
      { expiresAt: null },
      { expiresAt: undefined, purgeAfter: undefined },
    ],
  ])('creates a successor %s', async (_, fields, options, expected) => {
    const table = tableOf();
    const { id } = await putKey(table, fields);
    const { record } = await table.registry.rotate(id, { ...HOUR, ...options });
    const { expiresAt, purgeAfter } = record;
    expect({ expiresAt, purgeAfter }).toEqual({ purgeAfter: undefined, ...expected });
  });

  test('links each key to its successor', async () => {
    const table = tableOf();
    const { id: first } = await putKey(table);
    const { record: second } = await table.registry.rotate(first, HOUR);
    const { record: third } = await table.registry.rotate(second.id, HOUR);
    const chain = await Promise.all([first, second.id, third.id].map((id) => table.registry.get(id)));
    expect(chain.map(({ rotatedFrom }) => rotatedFrom)).toEqual([undefined, first, second.id]);
    expect(chain.map(({ rootId }) => rootId)).toEqual([undefined, first, first]);
    expect(chain.map(({ rotatedTo }) => rotatedTo)).toEqual([second.id, third.id, undefined]);
  });

  test('creates exactly one successor in 50 concurrent calls', async () => {
    const table = tableOf();
    const { id } = await putKey(table);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => table.registry.rotate(id, { graceSeconds: 60 + index })),
    );
    const [winner, ...others] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(others).toEqual([]);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(refused).toEqual(Array.from({ length: 49 }, () => 'CONFLICT'));
    expect(await othersThan(table, id)).toEqual([winner?.record]);
    const { rotatedTo, expiresAt } = await table.registry.get(id);
    expect({ rotatedTo, expiresAt }).toEqual({
      rotatedTo: winner?.record.id,
      expiresAt: winner?.previous.expiresAt,
    });
  });
}

function describeRefusals(tableOf: () => Table): void {
  test.each<[string, Partial<KeyRecord>, string]>([
    ['revoked', { revokedAt: at(-1) }, 'ALREADY_REVOKED'],
    ['revoked and rotated', { revokedAt: at(-1), rotatedTo: UNKNOWN_ID }, 'ALREADY_REVOKED'],
    ['rotated', { rotatedTo: UNKNOWN_ID }, 'CONFLICT'],
    ['expired', { expiresAt: at(0) }, 'CONFLICT'],
    ['disabled', { disabledAt: at(1) }, 'CONFLICT'],
  ])('rejects a key that is %s without a write', async (_, fields, code) => {
    const table = tableOf();
    const record = await putKey(table, fields);
    await expect(table.registry.rotate(record.id, HOUR)).rejects.toMatchObject({ code, keyId: record.id });
    expect(await table.items()).toEqual([record]);
  });

  test.each<[string, RotateOptions]>([
    ['a grace period below 0', { graceSeconds: -1 }],
    ['a grace period of half a second', { graceSeconds: 0.5 }],
    ['a grace period that is not a number', { graceSeconds: Number.NaN }],
    ['a grace period of more than ten years', { graceSeconds: 3651 * 86_400 }],
    ['an expiry in the past', { ...HOUR, expiresAt: at(0) }],
    ['an expiry that is not a time', { ...HOUR, expiresAt: 'tomorrow' }],
  ])('rejects %s without a write', async (_, options) => {
    const table = tableOf();
    const record = await putKey(table);
    await expect(table.registry.rotate(record.id, options)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await table.items()).toEqual([record]);
  });

  test('rejects an unknown id', async () => {
    const { registry } = tableOf();
    await expect(registry.rotate(UNKNOWN_ID, HOUR)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const [, id] of NO_IDS)
      await expect(registry.rotate(id, HOUR)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test.each<[string, string, (table: Table, id: string) => Promise<unknown>]>([
    ['is revoked', 'ALREADY_REVOKED', ({ registry }, id) => registry.revoke(id)],
    ['is disabled', 'CONFLICT', ({ registry }, id) => registry.disable(id)],
    ['is rotated', 'CONFLICT', ({ registry }, id) => registry.rotate(id, HOUR)],
    ['gets an earlier expiry', 'CONFLICT', ({ registry }, id) => registry.update(id, { expiresAt: at(1) })],
    ['loses a scope', 'CONFLICT', ({ registry }, id) => registry.update(id, { scopes: ['orders:read'] })],
    ['gets another scope', 'CONFLICT', ({ registry }, id) => registry.update(id, { scopes: ['orders:read', 'x'] })],
    ['gets scopes instead of all', 'CONFLICT', ({ registry }, id) => registry.update(id, { scopes: [] })],
    ['gets another owner', 'CONFLICT', ({ registry }, id) => registry.update(id, { owner: 'others' })],
    ['gets another plan', 'CONFLICT', ({ registry }, id) => registry.update(id, { plan: 'pro' })],
    ['loses its plan', 'CONFLICT', ({ registry }, id) => registry.update(id, { plan: null })],
    ['gets another label', 'CONFLICT', ({ registry }, id) => registry.update(id, { label: 'other' })],
    ['gets other metadata', 'CONFLICT', ({ registry }, id) => registry.update(id, { metadata: null })],
    ['is disabled and enabled', 'CONFLICT', ({ registry }, id) => registry.disable(id).then(() => registry.enable(id))],
    ['is deleted', 'NOT_FOUND', async ({ registry, remove }, id) => remove((await registry.get(id)).keyHash)],
  ])('deletes the successor of a key that %s during the call', async (name, code, act) => {
    const table = tableOf();
    const { id } = await putKey(table, name.includes('instead of all') ? { scopes: [] } : {});
    if (name.includes('instead of all')) await table.registry.update(id, { scopes: null });
    const drawn = await table.registry.prepareRotation(id, HOUR);
    await act(table, id);
    const before = await table.items();
    await expect(table.registry.storeRotation(drawn)).rejects.toMatchObject({ code });
    const byId = (items: readonly Record<string, unknown>[]) =>
      items.toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1));
    expect(byId(await table.items())).toEqual(byId(before));
  });

  test("throws an error with the id of the successor that it couldn't delete", async () => {
    const table = tableOf();
    const { id } = await putKey(table);
    const intercept = (operation: string, response: Parameters<typeof answer>[0]): boolean =>
      operation === 'DeleteItem' && answer(response, { __type: 'AccessDeniedException' }, 400);
    await withProxy(table, { intercept }, async (registry) => {
      const drawn = await registry.prepareRotation(id, HOUR);
      await table.registry.revoke(id);
      const error: unknown = await registry.storeRotation(drawn).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'ALREADY_REVOKED', keyId: id });
      expect(String(error)).toContain(drawn.record.id);
    });
  });
}

function describeHalfway(tableOf: () => Table): void {
  test.each(['PutItem', 'UpdateItem'])(
    'succeeds if the response to its %s was lost and the SDK retried the request',
    async (operation) => {
      const table = tableOf();
      const { id } = await putKey(table);
      const beforeAnswer = afterFirst(operation, (response) => response.destroy());
      await withProxy(table, { beforeAnswer }, async (registry, proxy) => {
        const { record, previous } = await registry.rotate(id, HOUR);
        expect(proxy.of(operation)).toHaveLength(2);
        expect(await table.registry.get(id)).toEqual(previous);
        expect(previous.rotatedTo).toBe(record.id);
        expect(await othersThan(table, id)).toEqual([record]);
      });
    },
  );

  test('writes the same successor if you repeat storeRotation', async () => {
    const table = tableOf();
    const old = await putKey(table);
    const drawn = await table.registry.prepareRotation(old.id, HOUR);
    expect(await table.items()).toEqual([old]);
    const rotation = await table.registry.storeRotation(drawn);
    expect(rotation).toMatchObject({ secret: drawn.secret, record: drawn.record });
    expect(await table.registry.storeRotation(drawn)).toEqual(rotation);
    expect(await table.items()).toHaveLength(2);
  });

  /** Stops a rotation before its second write. */
  const stopHalfway = async (table: Table, drawn: PreparedRotation) => {
    const intercept = (operation: string, response: Parameters<typeof answer>[0]): boolean => {
      if (operation === 'UpdateItem') response.destroy();
      return operation === 'UpdateItem';
    };
    await withProxy(table, { intercept, attempts: 1 }, async (registry) => {
      await expect(registry.storeRotation(drawn)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  };

  test('completes an interrupted rotation with the same successor if you repeat storeRotation', async () => {
    const table = tableOf();
    const old = await putKey(table);
    const drawn = await table.registry.prepareRotation(old.id, HOUR);
    await stopHalfway(table, drawn);
    expect(await table.item(old.keyHash)).toEqual(old);
    const { record, previous } = await table.registry.storeRotation(drawn);
    expect(record).toEqual(drawn.record);
    expect(previous).toEqual({ ...old, ...endAt(HOUR_MS), rotatedTo: record.id, ...CHANGED, version: 1 });
    expect(await table.items()).toHaveLength(2);
  });

  test('leaves the old key valid if the process dies between its two writes', async () => {
    const table = tableOf();
    const old = await putKey(table);
    await rotateAndDie(table, old.id);
    expect(await table.item(old.keyHash)).toEqual(old);
    expect(keyState(await table.registry.get(old.id), NOW_MS)).toBe('active');
    const [orphan, ...none] = await othersThan(table, old.id);
    expect(none).toEqual([]);
    expect(orphan).toMatchObject({ ...KEPT, rotatedFrom: old.id });

    const { record, previous } = await table.registry.rotate(old.id, HOUR);
    expect(previous).toEqual({ ...old, ...endAt(HOUR_MS), rotatedTo: record.id, ...CHANGED, version: 1 });
    expect(record.id).not.toBe(orphan?.['id']);
    expect(await othersThan(table, old.id, record.id)).toEqual([orphan]);
    expect(await table.registry.revoke(String(orphan?.['id']))).toMatchObject({ revokedAt: at(0) });
  });
}

const ROTATE = `
  import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
  import { createKeyRegistry } from './keys/createKeyRegistry.ts';
  const [endpoint, tableName, id, nowMs] = process.argv.slice(-4);
  const client = new DynamoDBClient({
    endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const registry = createKeyRegistry({ client, tableName, actor: 'the dead', now: () => Number(nowMs) });
  await registry.rotate(id, { graceSeconds: 3600 });
`;

/** Rotates the key in another process, and kills the process when it sends its second write. */
async function rotateAndDie({ endpoint, tableName }: Table, id: string): Promise<void> {
  const proxy = await DynamoDbProxy.start({
    endpoint,
    intercept: (operation) => operation === 'UpdateItem' && child.kill('SIGKILL'),
  });
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', ROTATE, proxy.endpoint, tableName, id, String(NOW_MS)],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const [, signal] = await once(child, 'close');
  await proxy.stop();
  if (signal !== 'SIGKILL') throw new Error(`the client did not get as far\n${log}`);
}
