import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const REFERENCE = fileURLToPath(new URL('../../../docs/reference', import.meta.url));
const PAGES = [
  'latchkey.md',
  'cdk.md',
  'express.md',
  'fastify.md',
  'hono.md',
  'lambda.md',
  'testing.md',
  'openapi.json',
];
const run = promisify(execFile);

describe('the reference', () => {
  let generated: string;
  beforeAll(async () => {
    generated = await mkdtemp(join(tmpdir(), 'latchkey-reference-'));
    await run(process.execPath, ['makeReference.js', generated], { cwd: REFERENCE });
  }, 180_000);
  afterAll(() => rm(generated, { recursive: true, force: true }));

  test.each(PAGES)('%s equals the output of npm run docs:reference', async (page) => {
    const committed = await readFile(join(REFERENCE, page), 'utf8');
    expect(committed).toBe(await readFile(join(generated, page), 'utf8'));
  });

  test.each(PAGES)('%s does not contain paths of the machine that generated it', async (page) => {
    const text = await readFile(join(generated, page), 'utf8');
    expect(text).not.toMatch(/\/(home|root|tmp|work|Users)\/|__namedParameters/);
  });
});

test('the reference’s generator rejects exports, members and settings without documentation', async () => {
  const script = `
    import { Application } from 'typedoc';
    import { undocumented } from './undocumented.js';
    const app = await Application.bootstrap({
      entryPoints: ['../../test/integration/docs/planted/undocumented.ts'],
      tsconfig: '../../test/integration/docs/planted/tsconfig.json',
      skipErrorChecking: true,
      alwaysCreateEntryPointModule: true,
      logLevel: 'None',
    });
    console.log(JSON.stringify(undocumented(await app.convert())));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: REFERENCE });
  expect(JSON.parse(stdout).toSorted()).toEqual([
    'undocumented.Said.silent: expected a docstring',
    'undocumented.Said.silentMethod: expected a docstring',
    'undocumented.SaidOptions.silent: expected a docstring',
    'undocumented.SaidOptions.withoutDefault: expected @default, because the option is optional',
    'undocumented.SilentProps: expected a docstring',
    'undocumented.silent: expected a docstring',
  ]);
}, 60_000);
