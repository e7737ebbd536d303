import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mergeResult, readResults, type PartResult } from '../../bench/results.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function resultOf(measuredAt: string, value: number): PartResult {
  return {
    measuredAt,
    machine: { cpu: 'a processor', cores: 2, memoryGb: 8, platform: 'linux x64', node: 'v24.0.0' },
    versions: {},
    groups: { time: { unit: 'ns', rounds: { hash: [value] } } },
  };
}

test('a part that is run again takes the place of its own results alone', async () => {
  const path = join(directory, 'results.json');
  expect(readResults(path)).toEqual({});
  await mergeResult('warm', resultOf('2030-01-01', 1), path);
  await mergeResult('cold', resultOf('2030-01-02', 2), path);
  await mergeResult('warm', resultOf('2030-01-03', 3), path);
  expect(readResults(path)).toEqual({ warm: resultOf('2030-01-03', 3), cold: resultOf('2030-01-02', 2) });
});

test('five digits of a time are kept, and all of a count', async () => {
  const path = join(directory, 'rounded.json');
  await mergeResult('cold', { ...resultOf('2030-01-01', 1.234_567_8), counts: { bytes: 1_234_567 } }, path);
  const { cold } = readResults(path);
  expect(cold?.groups['time']?.rounds['hash']).toEqual([1.2346]);
  expect(cold?.counts).toEqual({ bytes: 1_234_567 });
});
