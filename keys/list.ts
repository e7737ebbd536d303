import { createHash } from 'node:crypto';
import { LatchkeyError } from './errors.ts';
import { show } from './fields.ts';
import { type KeyRecord, parseRecord } from './record.ts';
import { parseKeyHash } from './secret.ts';
import { keyState, type KeyState } from './state.ts';
import type { RegistryStore } from './store.ts';
import { ATTRIBUTE, PARTITION_KEY } from './table.ts';
import type { Item } from './tableCalls.ts';

/** Options of `KeyRegistry.list`. */
export interface ListOptions {
  /**
   * Maximum number of keys in a page, from 1 to 1000.
   *
   * @default 1000
   */
  readonly limit?: number | undefined;
  /**
   * The `cursor` of the previous page.
   *
   * @default - the first page
   */
  readonly cursor?: string | null | undefined;
  /**
   * Makes the read strongly consistent: it returns every write that ended before the read.
   *
   * @default false
   */
  readonly consistentRead?: boolean | undefined;
  /**
   * Lists only keys of this owner, oldest first.
   *
   * @default - the keys of all owners
   */
  readonly owner?: string | undefined;
  /**
   * Lists only keys that are in this state at the time of the read.
   *
   * @default - keys in any state
   */
  readonly state?: KeyState | undefined;
  /**
   * Lists only keys for which this function returns `true`. `limit` counts the matching keys and the unreadable records
   * if there is a `filter` or a `state`. The read continues until it finds that many or reaches the end of the table.
   * Each page except the last is therefore full.
   *
   * @default - lists every key. One read of the table returns each page, which can have fewer keys than `limit`. A page
   * can be empty even if more pages follow
   */
  readonly filter?: ((record: KeyRecord) => boolean) | undefined;
}

/** A page of keys. */
export interface ListPage {
  /** The keys of the page. */
  readonly records: readonly KeyRecord[];
  /** One error for each unreadable record of the page. */
  readonly corrupt: readonly LatchkeyError[];
  /** The position of the next page, or `null` after the last page. */
  readonly cursor: string | null;
}

/** Options of `KeyRegistry.records`. */
export interface RecordsOptions extends Pick<ListOptions, 'consistentRead' | 'owner' | 'state'> {
  /**
   * The callback for each unreadable record, with its error.
   *
   * @default - skips unreadable records
   */
  readonly onCorrupt?: ((error: LatchkeyError) => void) | undefined;
}

const MAX_LIMIT = 1000;

/** The result of one read. Each item has the key after which the list can resume. */
interface Chunk {
  readonly entries: readonly { readonly item: Item; readonly key: Item }[];
  readonly lastKey: Item | undefined;
}

/**
 * Returns one page of keys: all keys in the table's order, or one owner's keys with the oldest first.
 *
 * @throws LatchkeyError `INPUT_INVALID`; `STORE_UNAVAILABLE`
 */
export async function listPage(
  store: RegistryStore,
  { state, filter, ...options }: ListOptions,
  now: () => number,
): Promise<ListPage> {
  const { limit = MAX_LIMIT, cursor, owner } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new LatchkeyError(
      'INPUT_INVALID',
      `limit: expected a whole number from 1 to ${MAX_LIMIT}, got ${show(limit)}`,
    );
  }
  const startKey = cursor ? decodeCursor(cursor, owner) : undefined;
  if (state !== undefined || filter !== undefined) {
    const passes = (record: KeyRecord) =>
      (state === undefined || keyState(record, now()) === state) && (filter?.(record) ?? true);
    return filteredPage(store, { ...options, limit, startKey }, passes);
  }
  const { entries, lastKey } = await readChunk(store, { ...options, limit, startKey });
  const { records, corrupt } = parseItems(entries.map(({ item }) => item));
  return { records, corrupt, cursor: encodeCursor(lastKey, owner) };
}

/** Yields every page of `listPage`. */
export async function* listPages(
  store: RegistryStore,
  options: Omit<ListOptions, 'cursor'>,
  now: () => number,
): AsyncGenerator<ListPage, void, undefined> {
  let cursor: string | null = null;
  do {
    const page: ListPage = await listPage(store, { ...options, cursor }, now);
    yield page;
    cursor = page.cursor;
  } while (cursor !== null);
}

/** Yields every readable record. */
export async function* listRecords(
  store: RegistryStore,
  { state, onCorrupt, ...options }: RecordsOptions,
  now: () => number,
): AsyncGenerator<KeyRecord, void, undefined> {
  for await (const { records, corrupt } of listPages(store, options, now)) {
    for (const error of corrupt) onCorrupt?.(error);
    for (const record of records) if (state === undefined || keyState(record, now()) === state) yield record;
  }
}

interface ChunkOptions extends Pick<ListOptions, 'owner' | 'consistentRead'> {
  readonly limit: number;
  readonly startKey: Item | undefined;
}

/**
 * Reads until it has `limit` matching or unreadable records. The cursor is `null` if the read reached the end of the
 * table and no further match follows.
 */
async function filteredPage(
  store: RegistryStore,
  { limit, ...options }: ChunkOptions,
  passes: (record: KeyRecord) => boolean,
): Promise<ListPage> {
  const records: KeyRecord[] = [];
  const corrupt: LatchkeyError[] = [];
  let { startKey } = options;
  // One more key than `limit` shows whether another page follows. Each further read is larger, because few keys may
  // match.
  for (let size = limit + 1; ; size = Math.min(2 * size, MAX_LIMIT)) {
    const { entries, lastKey } = await readChunk(store, { ...options, limit: size, startKey });
    for (const { item, key } of entries) {
      const parsed = parseItems([item]);
      const found = parsed.records.filter(passes);
      if (found.length + parsed.corrupt.length === 0) continue;
      if (records.length + corrupt.length === limit) {
        return { records, corrupt, cursor: encodeCursor(startKey, options.owner) };
      }
      records.push(...found);
      corrupt.push(...parsed.corrupt);
      startKey = key;
    }
    const isFull = records.length + corrupt.length === limit;
    if (lastKey === undefined || isFull) return { records, corrupt, cursor: encodeCursor(lastKey, options.owner) };
    startKey = lastKey;
  }
}

async function readChunk(
  store: RegistryStore,
  { owner, limit, startKey, consistentRead = false }: ChunkOptions,
): Promise<Chunk> {
  if (owner === undefined) {
    const { items, lastKey } = await store.scan({ limit, startKey, consistentRead });
    return { entries: items.map((item) => ({ item, key: { [PARTITION_KEY]: item[PARTITION_KEY] } })), lastKey };
  }
  const { items: keys, lastKey } = await store.queryOwner(owner, { limit, startKey });
  const byHash = new Map(keys.map((key) => [getHash(key), key]));
  const items = await store.readAll([...byHash.keys()], consistentRead);
  // The index lags, so a key may have a new owner already.
  const own = items.filter((item) => item[ATTRIBUTE.owner] === owner);
  return { entries: own.map((item) => ({ item, key: byHash.get(getHash(item)) ?? item })), lastKey };
}

function parseItems(items: readonly Item[]): Pick<ListPage, 'records' | 'corrupt'> {
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
  return { records, corrupt };
}

const HASH_BYTES = 32;
const OWNER_BYTES = 8;

/**
 * Encodes the last hash. It adds a mark of the owner and the key's creation time for an owner's list. It encodes a
 * damaged hash separately, because one damaged record must not stop the list.
 */
function encodeCursor(lastKey: Item | undefined, owner: string | undefined): string | null {
  if (lastKey === undefined) return null;
  const hash = getHash(lastKey);
  const rest =
    owner === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([toOwnerMark(owner), Buffer.from(String(lastKey[ATTRIBUTE.createdAt]))]);
  if (parseKeyHash(hash) !== undefined) return Buffer.concat([Buffer.from(hash, 'hex'), rest]).toString('base64url');
  return `${Buffer.from(hash).toString('base64url')}.${rest.toString('base64url')}`;
}

function decodeCursor(cursor: string, owner: string | undefined): Item {
  const { hash, rest } = splitCursor(cursor);
  const mark = rest.subarray(0, OWNER_BYTES);
  const createdAt = rest.subarray(OWNER_BYTES).toString();
  if (hash !== undefined) {
    if (owner === undefined && mark.length === 0) return { [PARTITION_KEY]: hash };
    const isOfOwner = owner !== undefined && mark.equals(toOwnerMark(owner)) && createdAt !== '';
    if (isOfOwner) return { [PARTITION_KEY]: hash, [ATTRIBUTE.owner]: owner, [ATTRIBUTE.createdAt]: createdAt };
  }
  throw new LatchkeyError('INPUT_INVALID', `cursor: expected the cursor of a page of this list, got ${show(cursor)}`);
}

function splitCursor(cursor: string): { readonly hash: string | undefined; readonly rest: Buffer } {
  const [first = '', second] = cursor.split('.');
  const bytes = Buffer.from(first, 'base64url');
  if (second === undefined) {
    return { hash: parseKeyHash(bytes.subarray(0, HASH_BYTES).toString('hex')), rest: bytes.subarray(HASH_BYTES) };
  }
  return { hash: bytes.toString() || undefined, rest: Buffer.from(second, 'base64url') };
}

function toOwnerMark(owner: string): Buffer {
  return createHash('sha256').update(owner).digest().subarray(0, OWNER_BYTES);
}

function getHash(key: Item): string {
  return String(key[PARTITION_KEY]);
}
