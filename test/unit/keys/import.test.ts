import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { checkConcurrency, importHashes, type ImportResult } from '../../../keys/import.ts';
import type { ImportedKey } from '../../../keys/importedKey.ts';
import { RegistryStore } from '../../../keys/store.ts';
import { ConditionRefused, type Item } from '../../../keys/tableCalls.ts';
import { answeringClient } from '../../support/answeringClient.ts';
import { NOW_MS } from '../../support/keys.ts';
import { NO_WAIT } from '../../support/noWait.ts';

interface Behaviour {
  readonly put?: (item: Item) => Promise<void>;
  readonly read?: () => Promise<Item | undefined>;
}

/** A store with an empty index. Its puts succeed by default. */
class LaggingStore extends RegistryStore {
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour = {}) {
    const client = DynamoDBDocumentClient.from(answeringClient(() => ({ body: '' })));
    super({ client, tableName: 'keys', retryOptions: NO_WAIT });
    this.#behaviour = behaviour;
  }

  override async put(item: Item): Promise<void> {
    await this.#behaviour.put?.(item);
  }

  override async read(): Promise<Item | undefined> {
    return this.#behaviour.read?.();
  }

  override async findHashes(): Promise<readonly unknown[]> {
    return [];
  }
}

/** Returns entry number `index`, with its own hash. */
function entry(index: number, id: string): ImportedKey {
  return { keyHash: index.toString(16).padStart(64, '0'), label: 'x', id };
}

async function run(entries: Iterable<ImportedKey>, store = new LaggingStore()): Promise<readonly ImportResult[]> {
  const results: ImportResult[] = [];
  for await (const result of importHashes(entries, 4, { store, actor: 'tests', now: () => NOW_MS })) {
    results.push(result);
  }
  return results;
}

describe('checkConcurrency', () => {
  test.each([
    [1, 1],
    [100, 100],
    [undefined, 16],
  ])('converts the option %p to the concurrency %i', (concurrency, expected) => {
    expect(checkConcurrency({ concurrency })).toBe(expected);
  });

  test.each([0, 101, 1.5, Number.NaN])(
    'rejects %p with an error that contains the option and the expected value',
    (concurrency) => {
      expect(() => checkConcurrency({ concurrency })).toThrow(
        expect.objectContaining({
          code: 'INPUT_INVALID',
          message: expect.stringMatching(new RegExp(`concurrency: expected .*from 1 to 100, got ${concurrency}`)),
        }),
      );
    },
  );
});

describe('importHashes with a delayed index', () => {
  test('rejects an id that a recent entry has with another hash', async () => {
    const results = await run(['a', 'b', 'c', 'd', 'a'].map((id, index) => entry(index, id)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['imported', 'imported', 'imported', 'imported', 'rejected']);
    expect(results[4]?.problem).toMatch(/^id: ./);
  });

  test.each([
    ['rejects an id that an entry 10,000 positions earlier has with another hash', 9999, 'rejected'],
    ['accepts an id that only an entry 20,000 positions earlier has', 20_000, 'imported'],
  ])('%s', async (_, others, expected) => {
    const entries = function* () {
      yield entry(0, 'first');
      for (let index = 1; index <= others; index++) yield entry(index, `id-${index}`);
      yield entry(others + 1, 'first');
    };
    const results = await run(entries());
    expect(results.at(-1)).toMatchObject({ index: others + 1, outcome: expected });
    expect(results.slice(0, -1).every(({ outcome }) => outcome === 'imported')).toBe(true);
  });
});

describe('importHashes with ids', () => {
  test('accepts the id of an entry that it skipped because the table has its hash', async () => {
    const held = entry(0, 'a').keyHash;
    const store = new LaggingStore({
      put: async ({ keyHash }) => {
        if (keyHash === held) throw new ConditionRefused(new Error('refused'), false);
      },
    });
    expect(await run([entry(0, 'a'), entry(1, 'a'), entry(2, 'a')], store)).toEqual([
      { index: 0, outcome: 'skipped' },
      { index: 1, outcome: 'imported', id: 'a' },
      { index: 2, outcome: 'rejected', problem: 'id: another key has it' },
    ]);
  });

  test('accepts an id that only a skipped duplicate had', async () => {
    const results = await run([entry(0, 'a'), { ...entry(0, 'b'), label: 'again' }, entry(1, 'b')]);
    expect(results).toEqual([
      { index: 0, outcome: 'imported', id: 'a' },
      { index: 1, outcome: 'skipped', firstIndex: 0 },
      { index: 2, outcome: 'imported', id: 'b' },
    ]);
  });

  test('skips a key that the table has, even if another key has its id', async () => {
    const store = new LaggingStore({ read: async () => ({ id: 'other' }) });
    expect(await run([entry(0, 'a'), entry(1, 'a')], store)).toEqual([
      { index: 0, outcome: 'imported', id: 'a' },
      { index: 1, outcome: 'skipped' },
    ]);
  });
});

describe('importHashes after a rejected put', () => {
  test.each<[string, boolean, Item | undefined, string]>([
    ['reports the key as imported if the put was retried and the table has this key', true, { id: 'a' }, 'imported'],
    ['skips the key if the put was retried and the table has another one', true, { id: 'b' }, 'skipped'],
    ['skips the key if the put was retried and the table no longer has it', true, undefined, 'skipped'],
    ['skips the key if the first attempt was rejected because the table has it', false, { id: 'a' }, 'skipped'],
  ])('%s', async (_, wasSentAgain, stored, outcome) => {
    const store = new LaggingStore({
      put: () => Promise.reject(new ConditionRefused(new Error('refused'), wasSentAgain)),
      read: async () => stored,
    });
    expect(await run([entry(0, 'a')], store)).toEqual([
      outcome === 'imported' ? { index: 0, outcome, id: 'a' } : { index: 0, outcome },
    ]);
  });
});

describe('importHashes with a store that fails', () => {
  test("throws the store's error only after it has yielded the earlier results", async () => {
    const fault = new LatchkeyError('STORE_UNAVAILABLE', 'gone');
    let read = 0;
    const entries = function* () {
      for (; read < 100; read++) yield entry(read, `id-${read}`);
    };
    let puts = 0;
    const store = new LaggingStore({ put: () => (puts++ < 2 ? Promise.resolve() : Promise.reject(fault)) });
    const told: ImportResult[] = [];
    const work = async () => {
      const results = importHashes(entries(), 4, { store, actor: 'tests', now: () => NOW_MS });
      for await (const result of results) told.push(result);
    };
    await expect(work()).rejects.toBe(fault);
    expect(told).toEqual([
      { index: 0, outcome: 'imported', id: 'id-0' },
      { index: 1, outcome: 'imported', id: 'id-1' },
    ]);
    expect(read).toBeLessThanOrEqual(2 + 4);
  });

  test('throws the error of the first failed entry, even if a later entry failed sooner', async () => {
    const store = new LaggingStore({
      put: async ({ id }) => {
        if (id === 'a') await new Promise(setImmediate);
        throw new LatchkeyError('STORE_UNAVAILABLE', `of ${String(id)}`);
      },
    });
    const entries = ['a', 'b', 'c'].map((id, index) => entry(index, id));
    await expect(run(entries, store)).rejects.toMatchObject({ message: 'of a' });
  });
});
