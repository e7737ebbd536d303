import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { listPage, type ListPage, listPages } from '../../../keys/list.ts';
import { type KeyRecord, serialiseRecord } from '../../../keys/record.ts';
import { type PageOptions, RegistryStore } from '../../../keys/store.ts';
import type { Item } from '../../../keys/tableCalls.ts';
import { answersInOrder } from '../../support/answersInOrder.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { NO_WAIT } from '../../support/noWait.ts';

const NOW = () => NOW_MS;
const HASH = '00ff'.repeat(16);

/** A store that returns one page for every read, and records the options. */
class OnePage extends RegistryStore {
  readonly asked: (PageOptions | boolean)[] = [];
  readonly #items: readonly Item[];
  readonly #lastKey: Item | undefined;

  constructor(items: readonly Item[], lastKey?: Item) {
    super({ client: answersInOrder().client, tableName: 'keys', retryOptions: NO_WAIT });
    this.#items = items;
    this.#lastKey = lastKey;
  }

  override async scan(options: PageOptions) {
    this.asked.push(options);
    return { items: this.#items, lastKey: this.#lastKey };
  }

  override async queryOwner(_owner: string, options: PageOptions) {
    return this.scan(options);
  }

  override async readAll(_hashes: readonly string[], consistentRead: boolean) {
    this.asked.push(consistentRead);
    return this.#items;
  }
}

const CREATED_AT = '2030-01-02T03:04:05.678Z';

function lastKeyOf(owner: string | undefined, keyHash: string): Item {
  return owner === undefined ? { keyHash } : { keyHash, owner, createdAt: CREATED_AT };
}

/** Returns the cursor of a page that ends with this hash. The list contains an owner's keys or all keys. */
async function cursorOf(owner?: string, keyHash = HASH): Promise<string | null> {
  return (await listPage(new OnePage([], lastKeyOf(owner, keyHash)), { owner }, NOW)).cursor;
}

async function cutBeforeTime(): Promise<string> {
  const bytes = Buffer.from(String(await cursorOf('a team')), 'base64url');
  return bytes.subarray(0, -CREATED_AT.length).toString('base64url');
}

describe('listPage', () => {
  const { record } = makeKey({ owner: 'a team' });
  const item = serialiseRecord(record);

  test('uses strongly consistent reads only if consistentRead is set', async () => {
    const store = new OnePage([item]);
    await expect(listPage(store, {}, NOW)).resolves.toStrictEqual({ records: [record], corrupt: [], cursor: null });
    await listPage(store, { limit: 7, consistentRead: true }, NOW);
    expect(store.asked).toStrictEqual([
      { limit: 1000, startKey: undefined, consistentRead: false },
      { limit: 7, startKey: undefined, consistentRead: true },
    ]);
  });

  test("uses strongly consistent reads of an owner's keys only if consistentRead is set", async () => {
    const store = new OnePage([item]);
    await expect(listPage(store, { owner: 'a team' }, NOW)).resolves.toMatchObject({ records: [record] });
    await listPage(store, { owner: 'a team', consistentRead: true }, NOW);
    expect(store.asked.filter((asked) => typeof asked === 'boolean')).toStrictEqual([false, true]);
  });

  test.each([0, 1001, 1.5, '7'])('rejects the limit %p with an error that contains the valid range', async (limit) => {
    await expect(listPage(new OnePage([]), { limit: limit as number }, NOW)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(new RegExp(`^limit: expected .* 1 to 1000, got ${JSON.stringify(limit)}$`)),
    });
  });
});

/** Creates a store with these items in the order of their hashes. Each read returns at most `mostRead` of them. */
class Table extends RegistryStore {
  reads = 0;
  readonly #items: readonly Item[];
  readonly #mostRead: number;

  constructor(items: readonly Item[], mostRead = Infinity) {
    super({ client: answersInOrder().client, tableName: 'keys', retryOptions: NO_WAIT });
    this.#items = items.toSorted((a, b) => (hashIn(a) < hashIn(b) ? -1 : 1));
    this.#mostRead = mostRead;
  }

  override async scan({ limit, startKey }: PageOptions) {
    this.reads++;
    const rest = this.#items.filter((item) => startKey === undefined || hashIn(item) > hashIn(startKey));
    const items = rest.slice(0, Math.min(limit, this.#mostRead));
    return { items, lastKey: items.length < rest.length ? items.at(-1) : undefined };
  }

  override async queryOwner(owner: string, options: PageOptions) {
    const { items, lastKey } = await this.scan(options);
    return { items: items.map(({ keyHash, createdAt }) => ({ keyHash, owner, createdAt })), lastKey };
  }

  override async readAll(hashes: readonly string[]) {
    return this.#items.filter((item) => hashes.includes(hashIn(item)));
  }
}

function hashIn({ keyHash }: Item): string {
  return String(keyHash);
}

describe('listPage and listPages with a filter', () => {
  type Kind = 'passes' | 'fails' | 'corrupt' | 'moved';
  const itemsOf = (kinds: readonly Kind[]): readonly Item[] =>
    kinds.map((kind, index) => {
      const item = serialiseRecord(makeKey({ id: `${index}`, owner: 'a team', label: kind }).record);
      if (kind === 'corrupt') return { ...item, createdBy: 7 };
      return kind === 'moved' ? { ...item, owner: 'another team' } : item;
    });
  const filter = ({ label }: KeyRecord) => label === 'passes';

  test.each([undefined, 'a team'])('return every matching key exactly once for the owner %p', async (owner) => {
    const kind = fc.constantFrom<Kind>(
      'passes',
      'fails',
      'corrupt',
      ...(owner === undefined ? [] : ['moved' as const]),
    );
    const bounds = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(kind, { maxLength: 30 }), bounds, bounds, async (kinds, limit, mostRead) => {
        const store = new Table(itemsOf(kinds), mostRead);
        const pages: ListPage[] = [];
        for await (const page of listPages(store, { owner, limit, filter }, NOW)) pages.push(page);
        const ids = (expected: Kind) => kinds.flatMap((kind, index) => (kind === expected ? [`${index}`] : []));
        const listed = pages.flatMap(({ records }) => records.map(({ id }) => id));
        expect(listed.toSorted()).toEqual(ids('passes').toSorted());
        const corrupt = pages.flatMap((page) => page.corrupt.map(({ keyId }) => keyId));
        expect(corrupt.toSorted()).toEqual(ids('corrupt').toSorted());
        const sizes = pages.slice(0, -1).map(({ records, corrupt }) => records.length + corrupt.length);
        expect(sizes.every((size) => size === limit)).toBe(true);
      }),
    );
  });

  test('compute the state of a key from the clock', async () => {
    const { record } = makeKey({ expiresAt: at(0) });
    const store = new Table([serialiseRecord(record)]);
    await expect(listPage(store, { state: 'expired' }, NOW)).resolves.toMatchObject({ records: [record] });
    await expect(listPage(store, { state: 'active' }, NOW)).resolves.toMatchObject({ records: [] });
    await expect(listPage(store, { state: 'expired' }, () => NOW_MS - 1)).resolves.toMatchObject({ records: [] });
    const isNamed = ({ label }: KeyRecord) => label === 'other';
    const both = await listPage(store, { state: 'expired', filter: isNamed }, NOW);
    expect(both.records).toEqual([]);
  });

  test('read only until they have enough matching keys', async () => {
    const few = new Table(itemsOf([...Array.from({ length: 500 }, () => 'fails' as const), 'passes']));
    await expect(listPage(few, { limit: 1, filter }, NOW)).resolves.toMatchObject({ records: [{ id: '500' }] });
    expect(few.reads).toBeLessThan(10);
    const many = new Table(itemsOf(Array.from({ length: 500 }, () => 'passes')));
    await listPage(many, { limit: 20, filter }, NOW);
    expect(many.reads).toBe(1);
  });

  test('return the cursor null after the last matching key', async () => {
    const store = new Table(itemsOf(['passes', 'passes']));
    await expect(listPage(store, { limit: 2, filter }, NOW)).resolves.toMatchObject({ cursor: null });
  });
});

describe('a list cursor', () => {
  test.each<[string, string | undefined, string]>([
    ['all keys', undefined, HASH],
    ["an owner's keys", 'a team', HASH],
    ['all keys after an invalid hash', undefined, 'bad'],
    ["an owner's keys after an invalid hash", 'a team', 'bad'],
  ])('continues a list of %s after the last key of its page', async (_, owner, keyHash) => {
    const store = new OnePage([]);
    await listPage(store, { owner, cursor: await cursorOf(owner, keyHash) }, NOW);
    expect(store.asked[0]).toStrictEqual(expect.objectContaining({ startKey: lastKeyOf(owner, keyHash) }));
  });

  test('contains the 32 bytes of the hash in a list of all keys', async () => {
    expect(await cursorOf()).toHaveLength(43);
  });

  test.each<[string, string | undefined, () => Promise<string | null>]>([
    ["a string that isn't a cursor", undefined, async () => 'anything'],
    ["an owner's cursor in a list of all keys", undefined, () => cursorOf('a team')],
    ["a cursor of all keys in an owner's list", 'a team', () => cursorOf()],
    ["another owner's cursor", 'a team', () => cursorOf('another')],
    ['a cursor that is cut before its time', 'a team', cutBeforeTime],
  ])("causes an error if it doesn't belong to the list: %s", async (_, owner, made) => {
    const cursor = await made();
    await expect(listPage(new OnePage([]), { owner, cursor }, NOW)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^cursor: expected .+, got ./),
    });
  });
});
