import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';

const ROOT = new URL('../../../', import.meta.url);
const GROWTH = 1.05;

const budget: Record<string, { raw: number; gzip: number }> = JSON.parse(
  readFileSync(new URL('build/budget.json', ROOT), 'utf8'),
);
const contentOf = (file: string) => readFileSync(fileURLToPath(new URL(file, ROOT)));

// To accept a growth, copy the sizes that `npm run build` prints into build/budget.json.
test.each(Object.entries(budget))('%s is at most 5 %% larger than its accepted size', (file, { raw, gzip }) => {
  const content = contentOf(file);
  expect(content.length).toBeLessThanOrEqual(raw * GROWTH);
  expect(gzipSync(content).length).toBeLessThanOrEqual(gzip * GROWTH);
});

test('the authorizer’s bundle has at most 80 KB after gzip', () => {
  expect(gzipSync(contentOf('dist/authorizer/index.mjs')).length).toBeLessThanOrEqual(80_000);
});

test.each(Object.keys(budget))('%s imports only the unused event streams from outside the bundle', (file) => {
  const source = contentOf(file).toString();
  // A message of the SDK quotes a `require` in square brackets.
  const imported = [...source.matchAll(/(?<!\[)\b(?:from|import\(|require\()"([\w@][\w@./:-]*)"/g)].map(
    ([, name]) => name,
  );
  expect([...new Set(imported)]).toEqual(['@smithy/core/event-streams']);
});

// docs/adr/0012. If the SDK imports one of these from another module, the alias in build/build.js no longer replaces
// it.
describe.each(Object.keys(budget))('the bundle %s', (file) => {
  test.each([
    ["the files of AWS's command line", 'AWS_SHARED_CREDENTIALS_FILE'],
    ['the request to EC2 for its Region', 'AWS_EC2_METADATA_DISABLED'],
    ['profiles and other sources of credentials', /AWS_PROFILE|AWS_WEB_IDENTITY_TOKEN_FILE/],
    ['the cache of discovered endpoints', 'splayOnTop'],
    ['the global crypto', 'typeof crypto'],
  ])("doesn't contain the part of the SDK that Latchkey replaces: %s", (_, mark) => {
    expect(contentOf(file).toString()).not.toMatch(mark);
  });
});
