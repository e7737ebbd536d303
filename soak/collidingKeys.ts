import type { KeyHash } from '../keys/secret.ts';
import { GenerationalMap } from '../lambda/recordCache.ts';

const COUNT = 100_000;
/**
 * Maximum duration in milliseconds. The map would need about 10 s of CPU time if it compared each key to all earlier
 * ones.
 */
const MOST_MS = 3000;

const SERIES: Readonly<Record<string, (at: number) => KeyHash | number>> = {
  'hashes that differ in their last digits': (at) => at.toString(16).padStart(64, '0') as KeyHash,
  'hashes that differ in their first digits': (at) => at.toString(16).padStart(8, '0').padEnd(64, '0') as KeyHash,
  'indexes that differ in their high bits': (at) => at * 2 ** 32,
};

/**
 * Returns one line for each series of colliding keys that slows down the caches' map. It's not a unit test, because it
 * measures time.
 */
export function collidingKeys(): readonly string[] {
  return Object.entries(SERIES).flatMap(([name, keyAt]) => {
    const map = new GenerationalMap<KeyHash | number, number>(2 * COUNT);
    const before = process.cpuUsage();
    for (let at = 0; at < COUNT; at++) map.set(keyAt(at), at);
    let found = 0;
    for (let at = 0; at < COUNT; at++) if (map.get(keyAt(at)) === at) found++;
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    return found === COUNT && ms < MOST_MS ? [] : [`${name}: ${found} of ${COUNT} found, in ${Math.round(ms)} ms`];
  });
}
