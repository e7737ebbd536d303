import { readdirSync, readFileSync } from 'node:fs';
import { dirname, basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { testTitlesIn } from '../../support/testTitles.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

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
  expect(testTitlesIn(readFileSync(ROOT + file, 'utf8')).tests).toContain(title);
  expect(isRun(file)).toBe(true);
  // What is filled in from a table is no name.
  expect(title.replaceAll(/[%$][\w.#]+/g, '')).toMatch(/\w{2}/);
});

test('every line of the page that names a test is one that is looked at', () => {
  const page = readFileSync(`${ROOT}docs/threat-model.md`, 'utf8');
  expect(page.match(/^- (?:No t|T)est/gm)).toHaveLength(
    NAMED.length + threats.flatMap(({ reasons }) => reasons).length,
  );
});

describe('a test is not taken for one', () => {
  test.each([
    ['that is not there', "test('another', () => {})"],
    ['that is spoken of', "// test('the one', () => {})\nconst title = \"test('the one', () => {})\";"],
    ['that is a group', "describe('the one', () => {})"],
    ['that is a group of a table', "describe.each([1])('the one', () => {})"],
    ['that only begins so', "test('the one and more', () => {})"],
    ['that is left out', "test.skip('the one', () => {})"],
    ['that is left out by another name', "xtest('the one', () => {})"],
    ['that is to be written', "test.todo('the one', () => {})"],
    ['that is to fail', "test.failing('the one', () => {})"],
    ['that is to fail, of a table', "test.failing.each([1])('the one', () => {})"],
    ['that has a table without rows', "test.each([])('the one', () => {})"],
    ['in a group that is left out', "describe.skip('all', () => { test('the one', () => {}); })"],
    ['in a group without rows', "describe.each([])('all', () => { test('the one', () => {}); })"],
    ['beside one that runs alone', "test('the one', () => {}); test.only('another', () => {})"],
    ['that tests nothing', "test('the one')"],
  ])('%s', (_, text) => {
    expect(testTitlesIn(text).tests).not.toContain('the one');
  });

  test.each([
    "test('the one', () => {})",
    'test.each([1])(\n  "the one",\n  () => {})',
    "test.each<[number]>([\n 1,\n])('the one', () => {})",
    "test.concurrent.each(Object.keys(ALL))('the one', () => {})",
    'export function contract() { describe.each(ALL)(`all`, () => { test(`the one`, () => {}); }); }',
  ])('but is in %s', (text) => {
    expect(testTitlesIn(text).tests).toContain('the one');
  });
});
