import { expect, test } from '@jest/globals';
import { ResultCache } from '../../local/resultCache.ts';

test('a result is kept for the TTL and not a millisecond longer', () => {
  let nowMs = 0;
  const cache = new ResultCache<string>({ ttlSeconds: 2, now: () => nowMs });
  cache.set(['key'], 'allow');
  nowMs = 1999;
  expect(cache.get(['key'])).toBe('allow');
  nowMs = 2000;
  expect(cache.get(['key'])).toBeUndefined();
});

test('nothing is kept with a TTL of 0', () => {
  const cache = new ResultCache<string>({ ttlSeconds: 0, now: () => 0 });
  cache.set(['key'], 'allow');
  expect(cache.get(['key'])).toBeUndefined();
});

test('all identity sources make the cache key, each for itself', () => {
  const cache = new ResultCache<string>({ ttlSeconds: 2, now: () => 0 });
  cache.set(['a', 'b,c'], 'allow');
  expect(cache.get(['a', 'b,c'])).toBe('allow');
  expect(cache.get(['a,b', 'c'])).toBeUndefined();
  expect(cache.get(['a'])).toBeUndefined();
});
