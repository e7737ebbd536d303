import { expect, test } from '@jest/globals';
import { GenerationalMap } from '../../../lambda/recordCache.ts';

test('GenerationalMap finds an entry until it is deleted', () => {
  const map = new GenerationalMap<string, number>(10);
  map.set('a', 1);
  map.set('a', 2);
  expect([map.get('a'), map.size]).toEqual([2, 1]);
  map.delete('a');
  expect([map.get('a'), map.size]).toEqual([undefined, 0]);
});

test('GenerationalMap never exceeds its capacity', () => {
  const map = new GenerationalMap<number, number>(100);
  let largest = 0;
  for (let i = 0; i < 10_000; i++) {
    map.set(i % 997, i);
    map.get((i * 31) % 997);
    largest = Math.max(largest, map.size);
  }
  expect(largest).toBeLessThanOrEqual(100);
  expect(largest).toBeGreaterThanOrEqual(50);
});

test('GenerationalMap keeps a used entry through a flood of unused ones', () => {
  const map = new GenerationalMap<string, number>(100);
  map.set('used', 1);
  for (let i = 0; i < 10_000; i++) {
    map.set(`flood ${i}`, i);
    if (i % 40 === 0) expect(map.get('used')).toBe(1);
  }
});

test('GenerationalMap always keeps the latest entries, up to half its capacity', () => {
  const map = new GenerationalMap<number, number>(100);
  for (let i = 0; i < 1234; i++) map.set(i, i);
  for (let i = 1234 - 50; i < 1234; i++) expect(map.get(i)).toBe(i);
});

test('GenerationalMap keeps one copy of an entry that is set again in a new generation, and deletes it', () => {
  const map = new GenerationalMap<string, number>(4);
  map.set('a', 1);
  map.set('b', 1);
  map.set('c', 1);
  map.set('a', 2);
  expect([map.size, map.get('a')]).toEqual([3, 2]);
  map.delete('a');
  expect(map.get('a')).toBeUndefined();
});
