import { describe, expect, test } from '@jest/globals';
import { listPage } from '../../keys/listing.ts';
import { serialiseRecord } from '../../keys/record.ts';
import { RegistryStore, type Item, type PageOptions } from '../../keys/registryStore.ts';
import { answersInOrder } from '../support/answersInOrder.ts';
import { makeKey } from '../support/keys.ts';

const HASH = '00ff'.repeat(16);

/** A store whose every page is the one given, and which notes how it was asked. */
class OnePage extends RegistryStore {
  readonly asked: (PageOptions | boolean)[] = [];
  readonly #items: readonly Item[];
  readonly #lastKey: Item | undefined;

  constructor(items: readonly Item[], lastKey?: Item) {
    const patience = { sleep: async () => {}, random: () => 0 };
    super({ client: answersInOrder().client, tableName: 'keys', patience });
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

/** Of an owner's list, without the time at its end. */
const WITHOUT_TIME = Buffer.from(`${HASH}28a7d54d15acfd44`, 'hex').toString('base64url');

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

  test('that cannot be read for another reason than its records is no page', async () => {
    const item = Object.defineProperty({}, 'keyHash', {
      enumerable: true,
      get: () => {
        throw new RangeError('no');
      },
    });
    await expect(listPage(new OnePage([item]), {})).rejects.toThrow(RangeError);
  });
});

describe('a cursor', () => {
  test.each<[string, string | undefined, Item, string]>([
    ['of all keys is the hash', undefined, { keyHash: HASH }, 'AP8A_wD_AP8A_wD_AP8A_wD_AP8A_wD_AP8A_wD_AP8'],
    [
      'of an owner is the hash, its mark and the time',
      'a team',
      { keyHash: HASH, owner: 'a team', createdAt: '2030-01-02T03:04:05.678Z' },
      'AP8A_wD_AP8A_wD_AP8A_wD_AP8A_wD_AP8A_wD_AP8op9VNFaz9RDIwMzAtMDEtMDJUMDM6MDQ6MDUuNjc4Wg',
    ],
    ['past a hash that is none has it apart', undefined, { keyHash: 'bad' }, 'YmFk.'],
  ])('%s, and goes on from there', async (_, owner, lastKey, expected) => {
    const { cursor } = await listPage(new OnePage([], lastKey), { owner });
    expect(cursor).toBe(expected);
    const store = new OnePage([]);
    await listPage(store, { owner, cursor });
    expect(store.asked[0]).toMatchObject({ startKey: lastKey });
  });

  test.each<[string, string | undefined, string]>([
    ['of no list', undefined, 'anything'],
    ['of an owner', undefined, WITHOUT_TIME],
    ['of all keys', 'a team', 'AP8A_wD_AP8A_wD_AP8A_wD_AP8A_wD_AP8A_wD_AP8'],
    ['cut before its time', 'a team', WITHOUT_TIME],
  ])('%s is refused and told in another list', async (_, owner, cursor) => {
    await expect(listPage(new OnePage([]), { owner, cursor })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^cursor: got ./),
    });
  });
});
