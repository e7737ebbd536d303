import { createHash } from 'node:crypto';
import { LatchkeyError } from './errors.ts';
import { show } from './keyFields.ts';
import { keyState, type KeyState } from './keyState.ts';
import { parseRecord, type KeyRecord } from './record.ts';
import type { Item, RegistryStore } from './registryStore.ts';
import { parseKeyHash } from './secret.ts';
import { ATTRIBUTE, PARTITION_KEY } from './table.ts';

/** Which page of keys. */
export interface ListOptions {
  /**
   * How many keys at most, from 1 to 1000.
   *
   * @default 1000
   */
  readonly limit?: number | undefined;
  /**
   * The `cursor` of the page before.
   *
   * @default - the first page
   */
  readonly cursor?: string | null | undefined;
  /**
   * Whether every write that was answered before is seen.
   *
   * @default false
   */
  readonly consistentRead?: boolean | undefined;
  /**
   * Only keys that were issued to this owner, oldest first.
   *
   * @default - the keys of all
   */
  readonly owner?: string | undefined;
}

/** A page of keys. */
export interface ListPage {
  /** Its keys, but for those in `corrupt`. */
  readonly records: readonly KeyRecord[];
  /** One for each record that could not be read: the rest of the page is good all the same. */
  readonly corrupt: readonly LatchkeyError[];
  /** Where the next page starts, or `null` at the end. */
  readonly cursor: string | null;
}

/** Which keys, all pages together. */
export interface RecordsOptions extends Pick<ListOptions, 'consistentRead' | 'owner'> {
  /**
   * Only keys in this state when they are read.
   *
   * @default - in any
   */
  readonly state?: KeyState | undefined;
  /**
   * Told of each record that could not be read.
   *
   * @default - they are passed over
   */
  readonly onCorrupt?: ((error: LatchkeyError) => void) | undefined;
}

const MAX_LIMIT = 1000;

/**
 * One page of keys: of all in the table's own order, or of an owner's by age.
 *
 * @throws LatchkeyError `INPUT_INVALID`; `STORE_UNAVAILABLE`
 */
export async function listPage(store: RegistryStore, options: ListOptions): Promise<ListPage> {
  const { limit = MAX_LIMIT, cursor, consistentRead = false, owner } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new LatchkeyError(
      'INPUT_INVALID',
      `limit: got ${String(limit)}, wanted a whole number from 1 to ${MAX_LIMIT}`,
    );
  }
  const startKey = cursor ? decodeCursor(cursor, owner) : undefined;
  if (owner === undefined) {
    const { items, lastKey } = await store.scan({ limit, startKey, consistentRead });
    return toPage(items, encodeCursor(lastKey, undefined));
  }
  const { items: keys, lastKey } = await store.keysOfOwner(owner, { limit, startKey });
  const items = await store.readAll(keys.map(hashIn), consistentRead);
  // The index lags: what has gone to another owner meanwhile is no longer this one's.
  const own = items.filter((item) => item[ATTRIBUTE.owner] === owner);
  return toPage(own, encodeCursor(lastKey, owner));
}

/** Every page of `listPage`, one after the other. */
export async function* listPages(
  store: RegistryStore,
  options: Omit<ListOptions, 'cursor'>,
): AsyncGenerator<ListPage, void, undefined> {
  let cursor: string | null = null;
  do {
    const page: ListPage = await listPage(store, { ...options, cursor });
    yield page;
    cursor = page.cursor;
  } while (cursor !== null);
}

/** Every record that can be read, one after the other. */
export async function* listRecords(
  store: RegistryStore,
  { state, onCorrupt, ...options }: RecordsOptions,
  now: () => number,
): AsyncGenerator<KeyRecord, void, undefined> {
  for await (const { records, corrupt } of listPages(store, options)) {
    for (const error of corrupt) onCorrupt?.(error);
    for (const record of records) if (state === undefined || keyState(record, now()) === state) yield record;
  }
}

function toPage(items: readonly Item[], cursor: string | null): ListPage {
  const records: KeyRecord[] = [];
  const corrupt: LatchkeyError[] = [];
  for (const item of items) {
    try {
      records.push(parseRecord(item));
    } catch (error) {
      if (!(error instanceof LatchkeyError)) throw error;
      corrupt.push(error);
    }
  }
  return { records, corrupt, cursor };
}

const HASH_BYTES = 32;
const OWNER_BYTES = 8;

/**
 * The bytes of the last hash; in an owner's list then what tells the owner, and when the key was created. A hash that is none
 * stands apart, so that its record does not keep the list from going on.
 */
function encodeCursor(lastKey: Item | undefined, owner: string | undefined): string | null {
  if (lastKey === undefined) return null;
  const hash = hashIn(lastKey);
  const rest =
    owner === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([markOf(owner), Buffer.from(String(lastKey[ATTRIBUTE.createdAt]))]);
  if (parseKeyHash(hash) !== undefined) return Buffer.concat([Buffer.from(hash, 'hex'), rest]).toString('base64url');
  return `${Buffer.from(hash).toString('base64url')}.${rest.toString('base64url')}`;
}

function decodeCursor(cursor: string, owner: string | undefined): Item {
  const { hash, rest } = partsOf(cursor);
  const mark = rest.subarray(0, OWNER_BYTES);
  const createdAt = rest.subarray(OWNER_BYTES).toString();
  if (hash !== undefined) {
    if (owner === undefined && mark.length === 0) return { [PARTITION_KEY]: hash };
    const isOfOwner = owner !== undefined && mark.equals(markOf(owner)) && createdAt !== '';
    if (isOfOwner) return { [PARTITION_KEY]: hash, [ATTRIBUTE.owner]: owner, [ATTRIBUTE.createdAt]: createdAt };
  }
  throw new LatchkeyError('INPUT_INVALID', `cursor: got ${show(cursor)}, wanted one that this list gave`);
}

function partsOf(cursor: string): { readonly hash: string | undefined; readonly rest: Buffer } {
  const [first = '', second] = cursor.split('.');
  const bytes = Buffer.from(first, 'base64url');
  if (second === undefined) {
    return { hash: parseKeyHash(bytes.subarray(0, HASH_BYTES).toString('hex')), rest: bytes.subarray(HASH_BYTES) };
  }
  return { hash: bytes.toString() || undefined, rest: Buffer.from(second, 'base64url') };
}

function markOf(owner: string): Buffer {
  return createHash('sha256').update(owner).digest().subarray(0, OWNER_BYTES);
}

function hashIn(key: Item): string {
  return String(key[PARTITION_KEY]);
}
