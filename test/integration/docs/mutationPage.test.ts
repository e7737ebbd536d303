import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = ['main.js', 'page.js', 'parts.js', 'survivors.js', 'stryker.config.js'];
/** In the place of Stryker: takes its options, and at its end writes a report of one mutant, which was noticed. */
const STRYKER = `
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import config from '../../../../stryker.config.js';
const { values } = parseArgs({ options: { mutate: { type: 'string', short: 'm' } }, allowPositionals: true });
if (process.env.CRASHES) process.exit(1);
const mutants = [{ status: 'Killed', replacement: '', location: { start: { line: 1 }, end: { line: 1 } } }];
const files = { 'keys/reported.ts': { source: 'x', mutants } };
mkdirSync('mutation/report', { recursive: true });
const mutate = values.mutate?.split(',') ?? config.mutate;
writeFileSync('mutation/report/mutation.json', JSON.stringify({ config: { ...config, mutate }, files }));
`;

const PAGE = 'as it was\n\n<!-- mutation: made by npm run test:mutation -->\n';

/** A copy of what `npm run test:mutation` runs. */
function copyOfMutation(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mutation-'));
  const stryker = `${folder}/mutation/node_modules/@stryker-mutator/core/bin`;
  for (const made of [stryker, `${folder}/docs`, `${folder}/mutation/report`]) mkdirSync(made, { recursive: true });
  for (const file of SOURCES) cpSync(`${ROOT}mutation/${file}`, `${folder}/mutation/${file}`);
  symlinkSync(`${ROOT}node_modules`, `${folder}/node_modules`);
  writeFileSync(`${folder}/package.json`, '{"type":"module"}');
  writeFileSync(`${folder}/mutation/reasons.json`, '[]');
  writeFileSync(`${stryker}/stryker.js`, STRYKER);
  writeFileSync(`${stryker}/package.json`, '{"type":"module"}');
  return folder;
}

/** Runs it in a copy whose page has nothing yet, and returns what becomes of the page. */
function run(folder: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  writeFileSync(`${folder}/docs/mutation.md`, PAGE);
  const command = [`${folder}/mutation/main.js`, ...args];
  const { status } = spawnSync(process.execPath, command, { env: { ...process.env, ...environment } });
  return { status, page: readFileSync(`${folder}/docs/mutation.md`, 'utf8') };
}

test('a whole run writes what it came to into the page', () => {
  const { status, page } = run(copyOfMutation(), []);
  expect(page).toContain('| keys/reported.ts |');
  expect(status).toBe(0);
});

test.each([['--mutate', 'keys/a.ts'], ['--mutate=keys/a.ts'], ['-m', 'keys/a.ts'], ['-mkeys/a.ts']])(
  'a run of some files leaves the page as it was: %s',
  (...args) => {
    const { status, page } = run(copyOfMutation(), args);
    expect(page).toBe(PAGE);
    expect(status).toBe(0);
  },
);

test('a run that crashes leaves the page as it was, and fails, whatever report an earlier run left', () => {
  const folder = copyOfMutation();
  expect(run(folder, []).page).not.toBe(PAGE);
  const { status, page } = run(folder, [], { CRASHES: 'yes' });
  expect(page).toBe(PAGE);
  expect(status).toBe(1);
});
