import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { RELIABILITY_PAGE, tableUnder } from '../../support/reliabilityPage.ts';
import { testTitlesIn } from '../../support/testTitles.ts';
import { NO_ANSWERS, NO_ITEMS, REFUSES, STORE_FAULTS, type StoreFault } from '../../support/storeFaults.ts';

const API_TYPES = ['a read', 'a last-used write', 'priming', 'a command', 'the registry'];
const namesOf = (faults: readonly StoreFault[]) => faults.map(({ what }) => what);

/** The paragraphs and items of the page that name tests. */
const naming = RELIABILITY_PAGE.split(/\n(?=- |\n)/).filter((part) => part.includes('`test/'));

/** Every text in quotes in them, with the file that is named last before it. */
const named = naming.flatMap((part) => {
  let file = '';
  return [...part.replaceAll(/\s+/g, ' ').matchAll(/`(test\/[\w/.]+\.ts)`|"([^"]+)"/g)].flatMap(([, path, title]) => {
    file = path ?? file;
    return title === undefined ? [] : [[file, title] as const];
  });
});

describe('the table of faults', () => {
  const rows = tableUnder('Faults');

  test('has the faults that are inflicted, and no other', () => {
    expect(rows.map((row) => row['DynamoDB'])).toEqual(namesOf([...STORE_FAULTS, REFUSES]));
  });

  test('has an answer of every surface to each', () => {
    for (const row of rows) {
      const { DynamoDB: _, ...answers } = row;
      expect(Object.keys(answers)).toEqual(API_TYPES);
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
  expect(rows.map((row) => row['surface'])).toEqual(API_TYPES);
  for (const row of rows) expect(Object.values(row)).not.toContain('');
});

describe('a test that is named is there:', () => {
  test.each(named)('%s, "%s"', (file, title) => {
    expect(titlesIn(file)).toContain(title);
  });

  test('and every file that is named has one of them named', () => {
    const files = [...RELIABILITY_PAGE.matchAll(/`(test\/[\w/.]+\.ts)`/g)].map(([, file]) => file);
    expect(new Set(named.map(([file]) => file))).toEqual(new Set(files));
  });

  test.each([
    'test/integration/store/faults.test.ts',
    'test/integration/store/registryFaults.test.ts',
    'test/integration/cli/faults.test.ts',
  ])('and every group of tests of faults is named, of %s', (file) => {
    const groups = titlesIn(file).filter((title) => title.includes('DynamoDB') || title.includes('AWS'));
    expect(groups.length).toBeGreaterThan(1);
    for (const title of groups) expect(RELIABILITY_PAGE.replaceAll(/\s+/g, ' ')).toContain(`"${title}"`);
  });
});

/** What the tests of a file and the groups of them are called. */
function titlesIn(file: string): readonly string[] {
  const { tests, groups } = testTitlesIn(
    readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8'),
  );
  return [...tests, ...groups];
}
