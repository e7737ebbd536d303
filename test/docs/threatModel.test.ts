import { readdirSync, readFileSync } from 'node:fs';
import { dirname, basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Threat {
  readonly name: string;
  readonly tests: readonly { title: string; file: string }[];
  readonly reasons: readonly string[];
}

const threats: readonly Threat[] = readFileSync(`${ROOT}docs/threat-model.md`, 'utf8')
  .split(/^### (?=[STRIDE]\d+\. )/m)
  .slice(1)
  .map((section) => ({
    name: section.slice(0, section.indexOf('\n')),
    tests: [...section.matchAll(/^- Test: `([^`]+)` in\s+\[(test\/[^\]]+)\]\(\.\.\/\2\)$/gm)].map(
      ([, title = '', file = '']) => ({ title, file }),
    ),
    reasons: [...section.matchAll(/^- No test: (.+)/gm)].map(([, reason = '']) => reason),
  }));

const NAMED = threats.flatMap(({ name, tests }) => tests.map(({ title, file }) => [name, title, file] as const));

/** Whether a file has a test of this very title that nothing leaves out. */
function hasTest(text: string, title: string): boolean {
  const quoted = [`'${title.replaceAll("'", String.raw`\'`)}'`, `"${title}"`, `\`${title}\``];
  const given = quoted.map((one) => one.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('|');
  // A title is the first of what is handed to `test`, or to what `test.each` gives back.
  return new RegExp(String.raw`(?:\btest(?:\.concurrent)?|[\])])\(\s*(?:${given}),`).test(text);
}

/** Whether `npm test` runs the file: by its name, or because a test next to it takes the contract in. */
function isRun(file: string): boolean {
  if (file.endsWith('.test.ts')) return true;
  const folder = `${ROOT}${dirname(file)}/`;
  const takesIn = (path: string) => readFileSync(folder + path, 'utf8').includes(`from './${basename(file)}'`);
  const around = readdirSync(folder).filter((path) => path.endsWith('.ts') && takesIn(path));
  return around.some((path) => isRun(`${dirname(file)}/${path}`));
}

test('the page has threats of every kind of STRIDE, each of a number of its own', () => {
  const numbers = threats.map(({ name }) => name.slice(0, name.indexOf('.')));
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(new Set(numbers.map((number) => number[0]))).toEqual(new Set('STRIDE'));
});

test.each(threats.map((threat) => [threat.name, threat] as const))(
  '%s has a test, or a reason why there can be none',
  (_, { tests, reasons }) => {
    expect(tests.length + reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason.length).toBeGreaterThan(30);
  },
);

test.each(NAMED)('%s: the test “%s” is in %s, which is run', (_, title, file) => {
  const text = readFileSync(ROOT + file, 'utf8');
  expect(hasTest(text, title)).toBe(true);
  expect(text).not.toMatch(/\b(?:test|it|describe)\.(?:skip|todo|only)\b|\bx(?:test|it|describe)\(/);
  expect(isRun(file)).toBe(true);
});

test('every line of the page that names a test is one that is looked at', () => {
  const page = readFileSync(`${ROOT}docs/threat-model.md`, 'utf8');
  expect(page.match(/^- (?:No t|T)est/gm)).toHaveLength(
    NAMED.length + threats.flatMap(({ reasons }) => reasons).length,
  );
});

describe('a test is not taken for one', () => {
  test.each([
    ['that is not there', "test('another', () => {})", 'the one'],
    ['that is only spoken of', "// test: 'the one', as was\nconst title = 'the one';", 'the one'],
    ['that is a group', "describe('the one', () => {})", 'the one'],
    ['that only begins so', "test('the one and more', () => {})", 'the one'],
    ['that is left out', "test.skip('the one', () => {})", 'the one'],
  ])('%s', (_, text, title) => {
    expect(hasTest(text, title)).toBe(false);
  });

  test.each([
    "test('the one', () => {})",
    'test.each([1])(\n  "the one",\n  () => {})',
    "test.each([\n 1,\n])('the one', () => {})",
  ])('but is in %s', (text) => {
    expect(hasTest(text, 'the one')).toBe(true);
  });
});
