import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { RELIABILITY_PAGE, tableUnder } from '../support/reliabilityPage.ts';
import { NO_ANSWERS, NO_ITEMS, REFUSES, STORE_FAULTS, type StoreFault } from '../support/storeFaults.ts';

const SURFACES = ['a read', 'a last-used write', 'priming', 'a command', 'the registry'];
const namesOf = (faults: readonly StoreFault[]) => faults.map(({ what }) => what);

/** The tests that the page names, each as it stands after its file. */
const named = [...RELIABILITY_PAGE.replaceAll(/\s+/g, ' ').matchAll(/`(test\/[\w/.]+\.ts)`, "(.+?)"/g)].map(
  ([, file = '', title = '']) => [file, title] as const,
);

describe('the table of faults', () => {
  const rows = tableUnder('Faults');

  test('has the faults that are inflicted, and no other', () => {
    expect(rows.map((row) => row['DynamoDB'])).toEqual(namesOf([...STORE_FAULTS, REFUSES]));
  });

  test('has an answer of every surface to each', () => {
    for (const row of rows) {
      const { DynamoDB: _, ...answers } = row;
      expect(Object.keys(answers)).toEqual(SURFACES);
      expect(Object.values(answers)).not.toContain('');
    }
  });
});

test('the answers that are none are those that are tried', () => {
  const rows = tableUnder('Answers that are none').map((row) => row['DynamoDB']);
  expect(rows).toEqual(namesOf([...NO_ANSWERS, ...NO_ITEMS]));
});

test('every surface has its bound and what it loses', () => {
  const rows = tableUnder('Bounds and losses');
  expect(rows.map((row) => row['surface'])).toEqual(SURFACES);
  for (const row of rows) expect(Object.values(row)).not.toContain('');
});

describe('a test that is named is there:', () => {
  test.each(named)('%s, "%s"', (file, title) => {
    const source = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
    expect(titlesIn(source)).toContain(title);
  });

  test.each(['test/integration/faults.test.ts', 'test/integration/registryFaults.test.ts', 'test/cli/faults.test.ts'])(
    'and every group of tests of faults is named, of %s',
    (file) => {
      const source = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
      const groups = titlesIn(source).filter((title) => title.includes('DynamoDB') || title.includes('AWS'));
      expect(groups.length).toBeGreaterThan(1);
      for (const title of groups) expect(RELIABILITY_PAGE.replaceAll(/\s+/g, ' ')).toContain(`"${title}"`);
    },
  );
});

/** What tests and groups of them are called: the text that one of them, or its `each`, is called with first. */
function titlesIn(source: string): readonly string[] {
  return [...source.matchAll(/(?:\b(?:test|describe)|\))\(\s*(['`])((?:(?!\1).)+)\1,/g)].map(
    ([, , title = '']) => title,
  );
}
