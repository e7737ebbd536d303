import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MAX_GZIP_BYTES = 40_000;
const script = readFileSync(`${ROOT}dist/elements/latchkey-keys.js`, 'utf8');

describe('the bundle of <latchkey-keys>', () => {
  test('has at most 40 KB after gzip', () => {
    expect(gzipSync(script).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
  });

  test('imports nothing', () => {
    expect(script).not.toMatch(/\bimport\b *[({"'*]|\bfrom *["']/);
  });

  test('does not refer to other servers', () => {
    const addresses = [...script.matchAll(/\b(?:https?:)?\/\/[\w.-]+\.[a-z]{2,}[^\s"'`)]*/g)].map(([url]) => url);
    expect(addresses.filter((url) => !url.startsWith('http://www.w3.org/'))).toEqual([]);
  });

  test('never evaluates strings, and keeps nothing in the browser', () => {
    expect(script).not.toMatch(
      /\beval\(|new Function|localStorage|sessionStorage|indexedDB|document\.cookie|console\./,
    );
  });

  test("contains Preact's licence", () => {
    expect(script).toMatch(/^\/\*! preact\n[^]*MIT License/);
  });

  test('can be imported without a browser, such as during server-side rendering', async () => {
    expect(globalThis).not.toHaveProperty('HTMLElement');
    // The compiler doesn't need a build this way.
    const entry: string = 'latchkey/elements';
    const { ENGLISH, GERMAN } = await import(entry);
    expect([ENGLISH.heading, GERMAN.heading]).toEqual(['API keys', 'API-Schlüssel']);
  });
});

test('the sources of the element and its components never parse strings as HTML', () => {
  for (const directory of ['components', 'elements']) {
    for (const name of readdirSync(`${ROOT}${directory}`).filter((name) => /\.tsx?$/.test(name))) {
      const source = readFileSync(`${ROOT}${directory}/${name}`, 'utf8');
      expect(source).not.toMatch(/innerHTML|insertAdjacent|document\.write|style="/i);
    }
  }
});

test('the types of the element stand alone', () => {
  const types = `${ROOT}dist/elements/types/`;
  const files = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts'));
  for (const file of files) {
    const imported = [...readFileSync(`${types}${file}`, 'utf8').matchAll(/from '([^']+)'/g)].map(([, path]) => path);
    // The declarations import each other with the names of the sources.
    const paths = imported.map((path = '') => new URL(path.replace(/\.ts$/, '.d.ts'), `file://${types}${file}`));
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  }
  expect(files).toContain('elements/publicApi.d.ts');
});
