import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BUILT = `${ROOT}dist/console/`;
const MAX_GZIP_BYTES = 150_000;

const files = readdirSync(BUILT).map((name) => ({ name, content: readFileSync(`${BUILT}${name}`) }));

test('the files of the page have at most 150 KB after gzip', () => {
  expect(files.map(({ name }) => name).toSorted()).toEqual(['console.css', 'console.js', 'icon.svg', 'index.html']);
  const bytes = files.reduce((sum, { content }) => sum + gzipSync(content).length, 0);
  expect(bytes).toBeGreaterThan(1000);
  expect(bytes).toBeLessThanOrEqual(MAX_GZIP_BYTES);
});

describe('the page', () => {
  test.each(files)('does not refer to other servers in $name', ({ content }) => {
    const addresses = [...content.toString().matchAll(/\b(?:https?:)?\/\/[\w.-]+\.[a-z]{2,}[^\s"'`)]*/g)].map(
      ([url]) => url,
    );
    expect(addresses.filter((url) => !url.startsWith('http://www.w3.org/'))).toEqual([]);
  });

  test('does not contain inline scripts or styles', () => {
    const html = files.find(({ name }) => name === 'index.html')?.content.toString();
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*\ssrc=)/i);
  });
});

test('the page never parses strings as HTML', () => {
  const script = files.find(({ name }) => name === 'console.js')?.content.toString() ?? '';
  const kept = [...script.matchAll(/localStorage|sessionStorage|indexedDB|document\.cookie|console\.\w+\(/g)];
  // Only the shortcut setting is in localStorage. test/e2e/browser/console.test.ts checks its value.
  expect(new Set(kept.map(([text]) => text))).toEqual(new Set(['localStorage']));
  const sources = ['console/page', 'components'].flatMap((directory) =>
    readdirSync(`${ROOT}${directory}`).flatMap((name) => (/\.tsx?$/.test(name) ? [`${directory}/${name}`] : [])),
  );
  expect(sources.length).toBeGreaterThan(10);
  for (const source of sources) {
    expect(readFileSync(`${ROOT}${source}`, 'utf8')).not.toMatch(
      source.endsWith('/shortcuts.ts') ? /innerHTML/i : /innerHTML|insertAdjacent|document\.write|localStorage/i,
    );
  }
});

test("the page's bundle contains only its own files, Preact, and modules that run in a browser", async () => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['console/page/main.tsx'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const foreign = Object.keys(metafile.inputs).filter(
    (path) => !/^(console\/page|components)\/|(^|\/)node_modules\/preact\//.test(path),
  );
  expect(foreign.toSorted()).toEqual([
    'keys/acceptedKeys.ts',
    'keys/deployedPlans.ts',
    'keys/keyId.ts',
    'keys/keyPrefix.ts',
    'keys/keySearch.ts',
    'keys/printable.ts',
    'keys/recordOrder.ts',
    'keys/scope.ts',
    'keys/state.ts',
    'keys/table.ts',
    'keys/timestamp.ts',
    'operator/csvCell.ts',
    'operator/notices.ts',
    'operator/planCounts.ts',
    'operator/planText.ts',
  ]);
});
