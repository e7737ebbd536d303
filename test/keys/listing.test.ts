import { describe, expect, test } from '@jest/globals';
import { listPage } from '../../keys/listing.ts';
import { serialiseRecord } from '../../keys/record.ts';
import { RegistryStore, type Item, type PageOptions } from '../../keys/registryStore.ts';
import { answersInOrder } from '../support/answersInOrder.ts';
import { makeKey } from '../support/keys.ts';
import { NO_WAIT } from '../support/noWait.ts';

const HASH = '00ff'.repeat(16);

/** A store whose every page is the one given, and which notes how it was asked. */
class OnePage extends RegistryStore {
  readonly asked: (PageOptions | boolean)[] = [];
  readonly #items: readonly Item[];
  readonly #lastKey: Item | undefined;

  constructor(items: readonly Item[], lastKey?: Item) {
    super({ client: answersInOrder().client, tableName: 'keys', patience: NO_WAIT });
    this.#items = items;
    this.#lastKey = lastKey;
  }

  override async scan(options: PageOptions) {
    this.asked.push(options);
    return { items: this.#items, lastKey: this.#lastKey };
  }

  override async keysOfOwner(_owner: string, options: PageOptions) {
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

/** Of the list of an owner, or of all keys, whose page ends with this hash. */
async function cursorOf(owner?: string, keyHash = HASH): Promise<string | null> {
  return (await listPage(new OnePage([], lastKeyOf(owner, keyHash)), { owner })).cursor;
}

async function cutBeforeTime(): Promise<string> {
  const bytes = Buffer.from(String(await cursorOf('a team')), 'base64url');
  return bytes.subarray(0, -CREATED_AT.length).toString('base64url');
}

describe('a page of keys', () => {
  const { record } = makeKey({ owner: 'a team' });
  const item = serialiseRecord(record);

  test('is of at most 1000 keys and not read consistently unless that is asked for', async () => {
    const store = new OnePage([item]);
    await expect(listPage(store, {})).resolves.toStrictEqual({ records: [record], corrupt: [], cursor: null });
    await listPage(store, { limit: 7, consistentRead: true });
    expect(store.asked).toStrictEqual([
      { limit: 1000, startKey: undefined, consistentRead: false },
      { limit: 7, startKey: undefined, consistentRead: true },
    ]);
  });

  test('of an owner is read by its hashes, not consistently unless that is asked for', async () => {
    const store = new OnePage([item]);
    await expect(listPage(store, { owner: 'a team' })).resolves.toMatchObject({ records: [record] });
    await listPage(store, { owner: 'a team', consistentRead: true });
    expect(store.asked.filter((asked) => typeof asked === 'boolean')).toStrictEqual([false, true]);
  });

  test.each([0, 1001, 1.5, '7'])('is not of %p keys, and its bounds are told', async (limit) => {
    await expect(listPage(new OnePage([]), { limit: limit as number })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(new RegExp(`^limit: got ${limit}, .* 1 to 1000$`)),
    });
  });
});

describe('a cursor', () => {
  test.each<[string, string | undefined, string]>([
    ['of all keys', undefined, HASH],
    ['of an owner', 'a team', HASH],
    ['of all keys past a hash that is none', undefined, 'bad'],
    ['of an owner past a hash that is none', 'a team', 'bad'],
  ])('%s goes on where its page ended', async (_, owner, keyHash) => {
    const store = new OnePage([]);
    await listPage(store, { owner, cursor: await cursorOf(owner, keyHash) });
    expect(store.asked[0]).toStrictEqual(expect.objectContaining({ startKey: lastKeyOf(owner, keyHash) }));
  });

  test('of all keys is as short as the 32 bytes of its hash', async () => {
    expect(await cursorOf()).toHaveLength(43);
  });

  test.each<[string, string | undefined, () => Promise<string | null>]>([
    ['of no list', undefined, async () => 'anything'],
    ['of an owner', undefined, () => cursorOf('a team')],
    ['of all keys', 'a team', () => cursorOf()],
    ['of another owner', 'a team', () => cursorOf('another')],
    ['cut before its time', 'a team', cutBeforeTime],
  ])('%s is refused and told in another list', async (_, owner, made) => {
    const cursor = await made();
    await expect(listPage(new OnePage([]), { owner, cursor })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^cursor: got ./),
    });
  });
});
