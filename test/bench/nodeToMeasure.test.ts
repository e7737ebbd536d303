import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nodeToMeasure } from '../../bench/nodeToMeasure.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A program that tells this of itself, as Node would. */
function nodeThatTells(text: string): string {
  const path = join(directory, text.replaceAll(' ', '-'));
  writeFileSync(path, `#!/bin/sh\necho ${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('parts run on the Node that is given, where it strips types itself', () => {
  const node = nodeThatTells('v24.0.0 strip');
  expect(nodeToMeasure(node)).toBe(node);
});

test.each(['v20.20.0 undefined', 'v22.17.0 false', 'v22.7.0 transform'])('a Node that tells %s is refused', (text) => {
  expect(() => nodeToMeasure(nodeThatTells(text))).toThrow(`and not on ${text.split(' ')[0]}`);
});
