import { backOff, MAX_TRIES, type RetryOptions } from '../keys/dynamodb.ts';
import { LatchkeyError } from '../keys/errors.ts';
import type { KeyRecord } from '../keys/record.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import { keyState } from '../keys/state.ts';
import type { StateItem, StateStore } from './stateStore.ts';
import { stateId } from './stateTable.ts';

export interface OwnerKeysDeps {
  readonly store: Pick<StateStore, 'read' | 'create' | 'replace'>;
  /** Lists the keys of an owner. */
  readonly registry: Pick<KeyRegistry, 'records'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Returns a text that no other call returns. */
  readonly randomId: () => string;
  readonly retryOptions: RetryOptions;
}

/** The keys that count together: the owner's own, or the rotated ones that still work. Each kind has the same maximum. */
export type CountedAs = 'key' | 'rotated';

/** A change that may give an owner one more working key. */
export interface KeyAdmission {
  readonly owner: string;
  /** The id of a new key, of a key whose expiry moves, or of a key that is rotated. */
  readonly keyId: string;
  readonly countedAs: CountedAs;
  /** Maximum number of the owner's keys of this kind, including this one. */
  readonly most: number;
}

/** The reason why a key wasn't admitted: the owner's keys, or also the ended ones, of which the table has a record. */
export type AdmissionRefusal = CountedAs | 'record';

/** A key that was admitted lately, its kind, and the time in epoch milliseconds. */
type RecentKey = readonly [keyId: string, countedAs: CountedAs, admittedAtMs: number];

/**
 * Time for which an admitted key counts even if the index doesn't list it: a minute of the index's lag, the longest run
 * of the function before and after the admission (15 seconds each), and 10 seconds for different clocks.
 */
const RECENT_MS = 100_000;
/** The item outlives the admissions in it. */
const KEPT_SECONDS = 3600;
/**
 * Maximum number of an owner's records. Each admission reads all of them, and ended keys stay for 90 days. An owner who
 * creates and revokes keys all day must not make every request expensive.
 */
const MOST_RECORDS = 2000;

/**
 * Admits a key if its owner then has at most `most` keys. Active and disabled keys count. Revoked and expired ones
 * don't. A rotated key counts only among the rotated ones. Returns the reason if the key wasn't admitted. Store an
 * admitted key within 15 seconds.
 *
 * The owner's index lags behind the table, so it can't enforce the maximum. An item per owner therefore lists the keys
 * that were admitted lately. Each admission writes the whole item on the condition that no other one has since. The
 * maximum is exact unless the index lags by more than a minute: the keys that the index then misses are too many.
 *
 * @throws LatchkeyError `CONFLICT` if other requests of the owner changed the item on each try; `STORE_UNAVAILABLE`
 */
export async function admitKey(admission: KeyAdmission, deps: OwnerKeysDeps): Promise<AdmissionRefusal | undefined> {
  const { owner, keyId, countedAs, most } = admission;
  const { store, now, randomId, retryOptions } = deps;
  const id = stateId('owner', owner);
  // The index comes first. A key that it lists too late is still in the item.
  const listed = await listKeys(owner, countedAs, deps);
  if (listed === undefined) return 'record';
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const read = await store.read(id);
    const recent = readRecent(read, now());
    if (countKeys(admission, listed, recent) > most) return countedAs;
    const item: StateItem = {
      id,
      revision: randomId(),
      purgeAfter: Math.ceil(now() / 1000) + KEPT_SECONDS,
      recent: [...recent, [keyId, countedAs, now()]],
    };
    if (read === undefined ? await store.create(item) : await store.replace(item, read.revision)) return undefined;
    await backOff(tries - 1, retryOptions);
  }
  throw new LatchkeyError('CONFLICT', "several requests are changing this owner's keys: try again");
}

/** The ids of an owner's keys in the index. */
interface ListedKeys {
  readonly counting: ReadonlySet<string>;
  readonly ended: ReadonlySet<string>;
}

/** Reads all keys of an owner. Returns `undefined` if there are too many. */
async function listKeys(
  owner: string,
  countedAs: CountedAs,
  { registry, now }: OwnerKeysDeps,
): Promise<ListedKeys | undefined> {
  const ids = { counting: new Set<string>(), ended: new Set<string>(), neither: new Set<string>() };
  let records = 0;
  for await (const record of registry.records({ owner, consistentRead: true })) {
    if (++records > MOST_RECORDS) return undefined;
    ids[STANDINGS[countedAs](record, now())].add(record.id);
  }
  return ids;
}

/** Counts the listed keys, the recent ones that may not be listed yet, and the one to admit. */
function countKeys({ keyId, countedAs }: KeyAdmission, listed: ListedKeys, recent: readonly RecentKey[]): number {
  const ofKind = recent.flatMap(([id, kind]) => (kind === countedAs && !listed.ended.has(id) ? id : []));
  return new Set([...listed.counting, ...ofKind, keyId]).size;
}

/** `ended` is forever. `neither` can change: an expiry can move, and a key can be rotated. */
type Standing = 'counting' | 'ended' | 'neither';

const STANDINGS: Readonly<Record<CountedAs, (record: KeyRecord, nowMs: number) => Standing>> = {
  key: (record, nowMs) => {
    if (record.revokedAt !== undefined || record.rotatedTo !== undefined) return 'ended';
    return keyState(record, nowMs) === 'expired' ? 'neither' : 'counting';
  },
  rotated: (record, nowMs) => {
    if (record.revokedAt !== undefined) return 'ended';
    if (record.rotatedTo === undefined) return 'neither';
    return keyState(record, nowMs) === 'expired' ? 'ended' : 'counting';
  },
};

function readRecent(item: StateItem | undefined, nowMs: number): readonly RecentKey[] {
  const recent: unknown = item?.['recent'];
  const all = Array.isArray(recent) ? recent.filter(isRecentKey) : [];
  return all.filter(([, , admittedAtMs]) => admittedAtMs > nowMs - RECENT_MS);
}

function isRecentKey(value: unknown): value is RecentKey {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[2] === 'number';
}
