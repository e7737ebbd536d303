import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { Progress, progressText } from '../../../cli/progress.ts';

describe('progressText', () => {
  test.each<[number, number | undefined, number, string]>([
    [0, 3000, 0, '0 of 3,000'],
    [12, 3000, 999, '12 of 3,000'],
    [1299, 3000, 6186, '1,299 of 3,000 · 210/s · 9 s left'],
    [3000, 3000, 14_000, '3,000 of 3,000 · 214/s · 0 s left'],
    [5, 3000, 2000, '5 of 3,000 · 2.5/s · 20 min left'],
    [1, 100_000, 1000, '1 of 100,000 · 1.0/s · 27.8 h left'],
    [0, 10, 5000, '0 of 10'],
    [1299, undefined, 6186, '1,299 keys · 210/s'],
    [1, undefined, 10, '1 key'],
    [0, undefined, 10, '0 keys'],
  ])('for %p of %p after %p ms is %j', (done, total, elapsedMs, expected) => {
    expect(progressText(done, total, elapsedMs)).toBe(expected);
  });
});

describe('Progress', () => {
  const drawn = (isTTY: boolean) => {
    const stream = Object.assign(new PassThrough(), { isTTY });
    let nowMs = 0;
    const progress = new Progress(stream, () => nowMs);
    progress.start(3);
    nowMs = 2000;
    progress.advance();
    progress.advance();
    progress.stop();
    return String(stream.read() ?? '');
  };

  test('draws the line and removes it at the end on a terminal', () => {
    const text = drawn(true);
    expect(text).toMatch(/0 of 3.*2 of 3 · 1\.0\/s · 1 s left/);
    expect(text).toMatch(/\[2K$/);
  });

  test('writes nothing elsewhere', () => {
    expect(drawn(false)).toBe('');
  });
});
