import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHistoryTableInput } from '../../../keys/history.ts';
import { HistoryStore } from '../../../keys/historyStore.ts';
import { createLimitsTableInput } from '../../../keys/limits.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import { hashSecret } from '../../../keys/secret.ts';
import { DEFAULT_RETRY_OPTIONS } from '../../../keys/dynamodb.ts';
import { RegistryStore } from '../../../keys/store.ts';
import { quotaTable, tablePages } from '../../../lambda/keyEvents/quotaTable.ts';
import { toKeyEvent } from '../../../lambda/keyEvents/toKeyEvent.ts';
import { type Engine, startDynalite } from '../../support/engine.ts';
import { at, INTERVAL_MS, makeKey, NOW_MS } from '../../support/keys.ts';
import { keyStreamRecord } from '../../support/keyStream.ts';
import { Tables, type Table } from './tableUnderTest.ts';

type Items = ReadonlyMap<unknown, Record<string, unknown>>;

let engine: Engine;
let tables: Tables;
let table: Table;
beforeAll(async () => {
  engine = await startDynalite();
  tables = new Tables(engine);
});
afterAll(async () => {
  tables.close();
  await engine.stop();
});
beforeEach(async () => {
  table = await tables.open();
});

const readItems = async (): Promise<Items> =>
  new Map((await table.items()).map((item) => [item['keyHash'], item] as const));

/** Runs the work, and returns the events of the items that it wrote, as a stream would have them. */
async function eventsOf(work: () => Promise<unknown>) {
  const before = await readItems();
  await work();
  const after = await readItems();
  const hashes = [...new Set([...before.keys(), ...after.keys()])];
  const written = hashes.filter((hash) => JSON.stringify(before.get(hash)) !== JSON.stringify(after.get(hash)));
  return written.flatMap((hash) => toKeyEvent(keyStreamRecord(before.get(hash), after.get(hash))) ?? []);
}

/** Returns a registry of another actor a second later. */
const registryOf = (actor: string, nowMs = NOW_MS + 1000) =>
  new KeyRegistry({ client: table.documents, tableName: table.tableName, actor, now: () => nowMs });

const issue = async (fields: object = {}) =>
  (
    await table.registry.issue({
      label: 'ci',
      owner: 'acme',
      scopes: ['a'],
      metadata: { team: 'x', seats: 3 },
      ...fields,
    })
  ).record;

describe('toKeyEvent for a write by the registry', () => {
  test('returns KeyCreated for a new key, with who issued it', async () => {
    expect(await eventsOf(() => issue({ plan: 'free', expiresAt: '2031-01-01' }))).toEqual([
      {
        type: 'KeyCreated',
        detail: expect.objectContaining({
          time: at(0),
          label: 'ci',
          owner: 'acme',
          plan: 'free',
          actor: 'tests',
          scopes: ['a'],
          expiresAt: '2031-01-01T23:59:59.999Z',
          version: 0,
        }),
      },
    ]);
  });

  test('returns KeyUpdated with the old and new values, and only the names of changed metadata', async () => {
    const { id } = await issue();
    const changes = { label: 'new', owner: null, scopes: ['a', 'b'], metadata: { team: 'secret team', seats: 3 } };
    const [event, ...others] = await eventsOf(() => registryOf('alice').update(id, changes));
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      type: 'KeyUpdated',
      detail: {
        id,
        time: at(1000),
        label: 'new',
        actor: 'alice',
        version: 1,
        changes: {
          label: { from: 'ci', to: 'new' },
          owner: { from: 'acme', to: null },
          scopes: { from: ['a'], to: ['a', 'b'] },
        },
        changedMetadata: ['team'],
      },
    });
    expect(JSON.stringify(event)).not.toContain('secret team');
  });

  test.each<[string, string, (registry: KeyRegistry, id: string) => Promise<unknown>, object]>([
    ['disabled', 'KeyDisabled', (registry, id) => registry.disable(id), { disabledAt: { from: null, to: at(1000) } }],
    [
      'revoked',
      'KeyRevoked',
      (registry, id) => registry.revoke(id, { reason: 'left' }),
      { revokedAt: { from: null, to: at(1000) } },
    ],
  ])('returns the actor of a change of a key that is %s', async (_, type, change, changes) => {
    const { id } = await issue();
    const events = await eventsOf(() => change(registryOf('alice'), id));
    expect(events).toMatchObject([{ type, detail: { id, actor: 'alice', time: at(1000), version: 1, changes } }]);
  });

  test('returns KeyEnabled with its own actor, not the one who disabled the key', async () => {
    const { id } = await issue();
    await registryOf('alice').disable(id);
    const events = await eventsOf(() => registryOf('bob', NOW_MS + 2000).enable(id));
    expect(events).toMatchObject([
      { type: 'KeyEnabled', detail: { actor: 'bob', changes: { disabledAt: { from: at(1000), to: null } } } },
    ]);
  });

  test('returns KeyCreated for a successor and KeyRotated for the old key', async () => {
    const { id } = await issue();
    const events = await eventsOf(() => registryOf('alice').rotate(id, { graceSeconds: 60 }));
    const successor = (await table.registry.get(id)).rotatedTo;
    expect(events.toSorted((one, other) => (one.type < other.type ? -1 : 1))).toMatchObject([
      { type: 'KeyCreated', detail: { id: successor, rotatedFrom: id, actor: 'alice' } },
      {
        type: 'KeyRotated',
        detail: { id, rotatedTo: successor, expiresAt: at(61_000), actor: 'alice', version: 1 },
      },
    ]);
  });

  test('returns KeyCreated and KeyPurged for the successor of a rotation that is undone', async () => {
    const registry = registryOf('alice');
    const { id } = await issue();
    const rotation = await registry.prepareRotation(id, { graceSeconds: 60 });
    const created = await eventsOf(() => registry.store(rotation));
    await registry.update(id, { label: 'changed meanwhile' });
    const undone = await eventsOf(() => registry.storeRotation(rotation).catch(() => {}));
    expect([...created, ...undone]).toMatchObject([
      { type: 'KeyCreated', detail: { id: rotation.record.id, rotatedFrom: id } },
      { type: 'KeyPurged', detail: { id: rotation.record.id, rotatedFrom: id, reason: 'deleted' } },
    ]);
  });

  test('returns the importer as the actor of an imported key, and the time of the import', async () => {
    const { record } = makeKey();
    const entry = { ...record, createdAt: '2020-01-01', createdBy: 'somebody else', disabledAt: '2021-01-01' };
    const events = await eventsOf(async () => {
      for await (const { outcome } of registryOf('alice').importHashes([entry])) expect(outcome).toBe('imported');
    });
    expect(events).toMatchObject([
      {
        type: 'KeyCreated',
        detail: { actor: 'alice', imported: true, time: at(0), disabledAt: '2021-01-01T00:00:00.000Z' },
      },
    ]);
  });

  test('returns KeyRevoked if an import revokes a key that it has just stored', async () => {
    const { record } = makeKey();
    const registry = registryOf('alice');
    const results = registry.importHashes([record, { ...record, revokedAt: at(-1), revokedBy: 'carol' }]);
    await results.next();
    const events = await eventsOf(() => results.next());
    expect(events).toMatchObject([{ type: 'KeyRevoked', detail: { id: record.id, actor: 'alice' } }]);
  });

  test('returns nothing for a last-used write', async () => {
    const { keyHash } = await issue();
    expect(await eventsOf(() => table.lookup.recordUse(keyHash, NOW_MS, NOW_MS - INTERVAL_MS))).toEqual([]);
    expect(await table.item(keyHash)).toMatchObject({ lastUsedAt: at(0) });
  });

  test('never returns the hash or the secret of a key', async () => {
    const secrets: string[] = [];
    const events = await eventsOf(async () => {
      const { secret, record } = await table.registry.issue({ label: 'ci' });
      const rotation = await table.registry.rotate(record.id, { graceSeconds: 0 });
      secrets.push(secret, rotation.secret, hashSecret(secret), hashSecret(rotation.secret));
    });
    expect(events).toHaveLength(2);
    for (const secret of secrets) expect(JSON.stringify(events)).not.toContain(secret);
  });
});

test('tablePages yields every key', async () => {
  const records = [await issue(), await issue()];
  const store = new RegistryStore({
    client: table.documents,
    tableName: table.tableName,
    retryOptions: DEFAULT_RETRY_OPTIONS,
  });
  const ids: unknown[] = [];
  for await (const page of tablePages(store)) ids.push(...page.map(({ id }) => id));
  expect(ids.toSorted()).toEqual(records.map(({ id }) => id).toSorted());
});

describe('the source of quotas', () => {
  const subject = 'quota/day/2030-06-15/key/a';
  const open = async (tableName: string) => {
    await engine.createTable(tableName, createLimitsTableInput);
    const { PutCommand, GetCommand } = await import('@aws-sdk/lib-dynamodb');
    const client = table.documents;
    const keys = new RegistryStore({ client, tableName: table.tableName, retryOptions: DEFAULT_RETRY_OPTIONS });
    return {
      quotas: quotaTable({ client, tableName, keys }),
      put: (item: object) => client.send(new PutCommand({ TableName: tableName, Item: { ...item } })),
      get: async () => (await client.send(new GetCommand({ TableName: tableName, Key: { subject } }))).Item,
    };
  };

  test('yields quotas and no throttles', async () => {
    const { quotas, put } = await open('limits-1');
    await put({ subject, granted: 1 });
    await put({ subject: 'throttle/free/key/a', tat: 1 });
    const items: unknown[] = [];
    for await (const page of quotas.pages()) items.push(...page);
    expect(items).toEqual([{ subject, granted: 1 }]);
  });

  test('marks a quota, never with a lower share, and never creates an item', async () => {
    const { quotas, put, get } = await open('limits-2');
    await quotas.mark(subject, 80);
    expect(await get()).toBeUndefined();
    await put({ subject, granted: 9 });
    for (const percent of [80, 100, 80]) await quotas.mark(subject, percent);
    expect(await get()).toEqual({ subject, granted: 9, warned: 100 });
  });

  test('describes a key by its id, and an unknown key by nothing', async () => {
    const { quotas } = await open('limits-3');
    const { id } = await issue();
    expect(await quotas.describeKey(id)).toEqual({ label: 'ci', owner: 'acme' });
    expect(await quotas.describeKey('unknown')).toEqual({});
  });
});

describe('the history of a key', () => {
  let tableName: string;
  let registry: KeyRegistry;
  let store: HistoryStore;
  let opened = 0;
  beforeEach(async () => {
    tableName = `history-${++opened}`;
    await engine.createTable(tableName, createHistoryTableInput);
    const options = { client: table.documents, tableName: table.tableName, historyTableName: tableName };
    registry = new KeyRegistry({ ...options, actor: 'tests', now: () => NOW_MS });
    store = new HistoryStore({ client: table.documents, tableName });
  });
  const used = (id: string, offsetMs: number, eventId = `event-${offsetMs}`) => ({
    type: 'KeyUnused' as const,
    detail: { eventId, time: at(offsetMs), id, label: 'ci', version: 0, unusedDays: 90 },
  });

  test('has each event once, in the order of their times, although they were written twice', async () => {
    const { id } = await issue();
    const events = await eventsOf(() => registryOf('alice').disable(id));
    await store.put([used(id, 5000), ...events, used('another', 0), used(id, -5000)], 400);
    await store.put(events, 400);
    const history = await registry.history({ id });
    expect(history.events.map(({ type, time, actor }) => [type, time, actor])).toEqual([
      ['KeyUnused', at(-5000), undefined],
      ['KeyDisabled', at(1000), 'alice'],
      ['KeyUnused', at(5000), undefined],
    ]);
    expect(history.events[1]?.detail).toEqual(events[0]?.detail);
  });

  test('keeps an event for the retention, and leaves out an event of several keys', async () => {
    const { PutCommand, ScanCommand } = await import('@aws-sdk/lib-dynamodb');
    const quota = {
      plan: 'free',
      per: 'plan',
      percent: 80,
      used: 8,
      limit: 10,
      period: 'day',
      window: '2030-06-15',
    } as const;
    const spent = { eventId: 'e', time: at(0), resetsAt: at(1), ...quota };
    await store.put([used('a', 0), { type: 'QuotaNearlySpent', detail: spent }], 30);
    const { Items } = await table.documents.send(new ScanCommand({ TableName: tableName }));
    expect(Items).toMatchObject([{ keyId: 'a', purgeAfter: NOW_MS / 1000 + 30 * 86_400 }]);
    await table.documents.send(new PutCommand({ TableName: tableName, Item: { keyId: 'a', at: 'x', type: 7 } }));
    const { events, corrupt } = await registry.history({ id: 'a' });
    expect(events).toHaveLength(1);
    expect(corrupt).toEqual([]);
  });

  test('returns the events between two times, inclusive, and reports an unreadable one', async () => {
    const { PutCommand } = await import('@aws-sdk/lib-dynamodb');
    await store.put(
      [-2, -1, 0, 1, 2].map((offsetMs) => used('a', offsetMs)),
      30,
    );
    const broken = { keyId: 'a', at: `${at(0)}#x`, type: 'KeyRevoked', detail: 'broken' };
    await table.documents.send(new PutCommand({ TableName: tableName, Item: broken }));
    const { events, corrupt } = await registry.history({ id: 'a', since: at(-1), until: at(1) });
    expect(events.map(({ time }) => time)).toEqual([at(-1), at(0), at(1)]);
    expect(corrupt).toMatchObject([{ code: 'RECORD_CORRUPT', keyId: 'a' }]);
  });

  test.each([
    ['an id with spaces', { id: 'a key' }, 'INPUT_INVALID'],
    ['a time without a zone', { id: 'a', since: '2030-01-01T00:00:00' }, 'INPUT_INVALID'],
    ['a start after the end', { id: 'a', since: '2030-01-02', until: '2030-01-01' }, 'INPUT_INVALID'],
  ])('rejects %s', async (_, options, code) => {
    await expect(registry.history(options)).rejects.toMatchObject({ code });
  });

  test('throws CONFIG_INVALID without a history table', async () => {
    await expect(table.registry.history({ id: 'a' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^historyTableName: /),
    });
  });
});
