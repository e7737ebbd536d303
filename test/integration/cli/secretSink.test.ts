import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { closedEndpoint } from '../../support/engine.ts';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { useCli } from '../../support/useCli.ts';

const ISSUED_KEY = /sk_[0-9A-Za-z]{49}/;
const CREATE = ['create', '--label', 'ci'];

const { cli } = useCli();
let table = '';

describe('create --copy', () => {
  /** Creates a directory with programs of these names, which store their input and exit with the code. */
  async function tools(directory: string, names: readonly string[], { exitCode = 0 } = {}): Promise<string> {
    const path = join(cli.directory, directory);
    await mkdir(path);
    for (const name of names) {
      const script = `#!/bin/sh\necho "$0 $*" > '${path}/arguments'\n/bin/cat > '${path}/${name}.copied'\nexit ${exitCode}\n`;
      await writeFile(join(path, name), script);
      await chmod(join(path, name), 0o755);
    }
    return path;
  }

  beforeAll(async () => {
    table = await cli.makeTable();
  });

  test.each([
    ['pbcopy', {}],
    ['wl-copy', { WAYLAND_DISPLAY: 'wayland-0' }],
    ['xclip', { DISPLAY: ':0' }],
    ['xsel', { DISPLAY: ':0' }],
    ['clip.exe', {}],
  ])('passes the key to %s on standard input instead of as an argument', async (name, display) => {
    const path = await tools(`with-${name}`, [name]);
    const run = await cli.run([...CREATE, '--copy'], { table, env: { PATH: path, ...display } });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const copied = await readFile(join(path, `${name}.copied`), 'utf8');
    expect(copied).toMatch(new RegExp(`^${ISSUED_KEY.source}$`));
    expect(await readFile(join(path, 'arguments'), 'utf8')).not.toContain(copied.slice(3, 20));
    expect(run.stdout).not.toMatch(ISSUED_KEY);
    expect(run.stdout).toMatch(/The key is on the clipboard, and nowhere else\.\n$/);
    const hashes = (await cli.records(table)).map(({ keyHash }) => keyHash);
    expect(hashes).toContain(hashSecret(copied as KeySecret));
  });

  test('prints only the record with --json', async () => {
    const path = await tools('json', ['pbcopy']);
    const run = await cli.run([...CREATE, '--copy', '--json'], { table, env: { PATH: path } });
    expect(Object.keys(JSON.parse(run.stdout))).toEqual(['record']);
  });

  test.each<[string, string[], Record<string, string>, number]>([
    ['clipboard tools are missing', [], {}, 0],
    ['the clipboard tools lack a display', ['xclip', 'xsel', 'wl-copy'], {}, 0],
    ['the clipboard tool fails', ['pbcopy'], {}, 1],
  ])('exits 1 without issuing a key if %s', async (what, names, display, exitCode) => {
    const before = await cli.records(table);
    const path = await tools(what.replaceAll(' ', '-'), names, { exitCode });
    const PATH = ['', join(path, 'missing'), path].join(delimiter);
    const run = await cli.run([...CREATE, '--copy'], { table, env: { PATH, ...display } });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: --copy: .*\n$/);
    expect(await cli.records(table)).toEqual(before);
  });
});

describe('create --out', () => {
  let out = '';
  beforeAll(async () => {
    table = await cli.makeTable();
    out = join(cli.directory, 'created.json');
  });

  test('writes the key to a file with mode 0600 instead of showing it', async () => {
    const run = await cli.run([...CREATE, '--out', out], { table });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const { key, record } = JSON.parse(await readFile(out, 'utf8'));
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect((await cli.records(table)).map(({ keyHash }) => keyHash)).toEqual([hashSecret(key)]);
    expect(run.stdout).not.toContain(key.slice(11));
    expect(run.stdout).toBe(
      `✓ Created “ci”.\n\nid:    ${record.id}\nlabel: ci\n\nThe key is in ${out}, and nowhere else.\n`,
    );
  });

  test('does not issue a key if the output file exists', async () => {
    const before = await cli.records(table);
    const run = await cli.run([...CREATE, '--out', out], { table });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toBe(`error: --out: ${out} already exists; pass another path\n`);
    expect(await cli.records(table)).toEqual(before);
  });

  test('does not create the output file if the label is rejected', async () => {
    const other = join(cli.directory, 'empty.json');
    const run = await cli.run(['create', '--label', '', '--out', other], { table });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    await expect(stat(other)).rejects.toThrow('ENOENT');
  });

  test('writes the key to the file before it stores the record', async () => {
    const lost = join(cli.directory, 'lost.json');
    const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: await closedEndpoint(), LATCHKEY_TABLE: 'keys' };
    const run = await runCli([...CREATE, '--out', lost], { env });
    const { record } = JSON.parse(await readFile(lost, 'utf8'));
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toContain(`the key in ${lost} is valid only if the list has the id ${record.id}\nerror: `);
  });
});
