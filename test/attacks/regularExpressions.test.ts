import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@swc/core';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** For 100 KB, what grows with the square of its input takes seconds of the processor's time, and what is linear a millisecond. */
const WORST = { length: 100_000, mostMs: 500 };
/** Of characters that classes stand for, one each, beside those that the pattern spells out. */
const OF_CLASSES = ['a', 'A', '0', '_', '-', '.', '/', ' ', '\t', "'", '='];

/** Those that no long text comes to: they are run on a part of it, which is cut out before. */
const OF_SHORT_TEXTS = ['keys/findKeys.ts: /[a-z0-9]*$/'];

interface FoundExpression {
  /** The file and the expression. */
  readonly name: string;
  readonly expression: RegExp;
}

async function expressionsIn(room: string): Promise<readonly FoundExpression[]> {
  const files = (await readdir(join(ROOT, room), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const found = await Promise.all(
    files.map(async (name) => {
      const module = await parse(await readFile(join(ROOT, room, name), 'utf8'), { syntax: 'typescript' });
      return literalsIn(module).map((expression) => ({
        name: `${room}/${name}: ${expression}`,
        expression,
      }));
    }),
  );
  return found.flat();
}

function literalsIn(node: unknown): readonly RegExp[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type, pattern, flags } = node as { type?: unknown; pattern?: unknown; flags?: unknown };
  if (type === 'RegExpLiteral') return [new RegExp(String(pattern), String(flags))];
  return Object.values(node).flatMap(literalsIn);
}

/** Runs of 100 KB of a part or two of what the expression looks for, at its start and behind a beginning that it takes, ended by a misfit. */
function* worstInputs({ source }: RegExp, length: number): Generator<string> {
  const literal = source.replaceAll(/\\[wdsbnrtSWD]|[[\]()*+?^$|\\]/g, '');
  const characters = [...new Set([...OF_CLASSES, ...literal])];
  const beginnings = ['', literal, 'arn:a:execute-api:', 'header:', 'GET /', '2030-01-01T00:00:00.'];
  const runs = [...characters, ...characters.slice(0, 4).map((one, at) => one + (characters[at + 1] ?? ''))];
  for (const beginning of beginnings) {
    for (const run of runs) yield `${beginning}${run.repeat(length / run.length)}\u0001`;
  }
}

function isSlow(expression: RegExp, { length, mostMs }: typeof WORST): boolean {
  for (const text of worstInputs(expression, length)) {
    const before = process.cpuUsage();
    text.replace(expression, '');
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 > mostMs) return true;
  }
  return false;
}

test('no regular expression of keys/, lambda/ or the CSV takes longer than in proportion to its input', async () => {
  const found = (await Promise.all(['keys', 'lambda', 'cli/transfer'].map(expressionsIn))).flat();
  expect(found.length).toBeGreaterThan(35);
  const unbounded = found.filter(({ name }) => !OF_SHORT_TEXTS.includes(name));
  expect(found.length - unbounded.length).toBe(OF_SHORT_TEXTS.length);
  expect(unbounded.filter(({ expression }) => isSlow(expression, WORST)).map(({ name }) => name)).toEqual([]);
});

test.each([/\{[^}]*\}/g, /(\w+)\d/])('%s would be told', (expression) => {
  expect(isSlow(expression, { length: 30_000, mostMs: 100 })).toBe(true);
});
