import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@swc/core';
import { expect, test } from '@jest/globals';
import { isSafe } from 'redos-detector';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/**
 * Told by the checker, which takes any two ways through a text for many, and no fault: the first runs on a part that is cut out
 * before, and in the others a text has at most two ways through, which recheck 4.5.0 calls linear.
 */
const LOOKED_AT = [
  /[a-z0-9]*$/,
  /\{[^{}]*\}/g,
  /^(?:export\s+)?[A-Za-z_][\w.-]*\s*=/,
  /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(?:\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\]+)))?\s*(?:\s#.*)?$/,
].map(String);

async function expressionsIn(room: string): Promise<readonly RegExp[]> {
  const files = (await readdir(join(ROOT, room), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const modules = files.map(async (name) =>
    parse(await readFile(join(ROOT, room, name), 'utf8'), { syntax: 'typescript' }),
  );
  return (await Promise.all(modules)).flatMap(literalsIn);
}

function literalsIn(node: unknown): readonly RegExp[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type, pattern, flags } = node as { type?: unknown; pattern?: unknown; flags?: unknown };
  if (type === 'RegExpLiteral') return [new RegExp(String(pattern), String(flags))];
  return Object.values(node).flatMap(literalsIn);
}

/** Whether there is a text on which its work grows faster than the text: then there is no end to the ways back that it may take. */
function isSlow(expression: RegExp): boolean {
  return isSafe(expression).score.infinite;
}

test('no regular expression of keys/, lambda/ or the CSV takes more than in proportion to its input', async () => {
  const found = (await Promise.all(['keys', 'lambda', 'cli/transfer'].map(expressionsIn))).flat();
  expect(found.length).toBeGreaterThan(35);
  expect(found.filter(isSlow).map(String)).toEqual(LOOKED_AT);
});

test.each([/\{[^}]*\}/g, /(\w+)\d/, /^(a+)+b/])('%s would be told', (expression) => {
  expect(isSlow(expression)).toBe(true);
});
