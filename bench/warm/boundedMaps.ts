import { GenerationalMap } from '../../lambda/generationalMap.ts';

/** What the maps under test have in common. */
export interface BoundedMap {
  readonly size: number;
  get(key: string): number | undefined;
  set(key: string, value: number): unknown;
}

/** The places of every map that has a bound. */
export const CAPACITY = 10_000;

/** By name, what makes each map: ours, one without a bound, and lru-cache where the bench has it installed. */
export async function boundedMaps(): Promise<Readonly<Record<string, () => BoundedMap>>> {
  const LruCache = await findLruCache();
  return {
    'two generations (ours)': () => new GenerationalMap<string, number>(CAPACITY),
    'Map, no bound': () => new Map<string, number>(),
    ...(LruCache === undefined ? {} : { 'lru-cache': () => new LruCache({ max: CAPACITY }) }),
  };
}

type LruCacheClass = new (options: { max: number }) => BoundedMap;

/** A package of the bench alone, found by a name that the type checker does not follow: it may be absent. */
async function findLruCache(): Promise<LruCacheClass | undefined> {
  const name: string = 'lru-cache';
  try {
    const { LRUCache } = (await import(name)) as { LRUCache: LruCacheClass };
    return LRUCache;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
