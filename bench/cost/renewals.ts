import type { Traffic } from './simulateTraffic.ts';
import { sharesOf } from './popularity.ts';

/**
 * How often a cached answer is made anew in so many seconds: `T / (L + E/r)` in each of E caches for each key, for after L
 * seconds the answer is old, and the next request of the key comes to this cache E/r seconds later. With L = 0 it is every
 * request.
 */
export function renewals(caches: number, seconds: number, lifeSeconds: number, rates: readonly number[]): number {
  return rates.reduce((sum, rate) => sum + (caches * seconds) / (lifeSeconds + caches / rate), 0);
}

/** The reads that the formula gives for traffic: behind a result cache, of the requests that pass it. */
export function readsByFormula(traffic: Traffic): number {
  const { environments, keys, popularity, requestsPerSecond, hours, recordCacheSeconds, resultCacheSeconds } = traffic;
  const seconds = hours * 3600;
  const rates = sharesOf(popularity, keys).map((share) => {
    const rate = share * requestsPerSecond;
    return renewals(1, seconds, resultCacheSeconds, [rate]) / seconds;
  });
  return renewals(environments, seconds, recordCacheSeconds, rates);
}
