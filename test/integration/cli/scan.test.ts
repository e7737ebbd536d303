import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';
import { generateSecret, type KeySecret } from '../../../keys/secret.ts';
import { at, makeKey } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';
import { tracesOf } from '../../support/traces.ts';

const [KEY, OTHER] = [generateSecret('sk_'), generateSecret('live9_')];
const shown = (secret: string) => secret.slice(0, secret.indexOf('_') + 9);
const wrong = (secret: string) => secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');

const { cli } = useCli();

const scanText = (input: string | Uint8Array, args: readonly string[] = []) =>
  cli.run(['scan', '-', '--json', ...args], { input });
const placesIn = (stdout: string) =>
  JSON.parse(stdout).finds.map(({ line, column }: { line: number; column: number }) => [line, column]);

describe('scan of text from a file or a pipe', () => {
  test('reports the file, line, column and prefix of a key', async () => {
    const file = await cli.write('app.ts', `const a = 1;\n\n  const key = '${KEY}'; // and ${OTHER}\n`);
    const { exitCode, stdout, stderr } = await cli.run(['scan', file]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`${file}:3:16: ${shown(KEY)}…\n${file}:3:${16 + 52 + 10}: ${shown(OTHER)}…\n`);
    expect(stderr).toBe('error: 2 keys found in 2 places: revoke or rotate the keys that are in use\n');
    expect(tracesOf([KEY], stdout + stderr)).toEqual([]);
    expect((stdout + stderr).includes(OTHER.slice(0, 15))).toBe(false);
  });

  test.each([
    ['without other text', KEY, [[1, 1]]],
    [
      'twice',
      `${KEY}\r\n${KEY}`,
      [
        [1, 1],
        [2, 1],
      ],
    ],
    ['between other letters', `xy${KEY}zz`, [[1, 3]]],
    ['after an escaped newline', `"a\\n${KEY}"`, [[1, 5]]],
    ['in a URL', `https://x/?api_key=${KEY}&x=1`, [[1, 20]]],
    ['after letters of another alphabet', `größe=${KEY}`, [[1, 7]]],
    [
      'directly before another key',
      KEY + OTHER,
      [
        [1, 1],
        [1, 53],
      ],
    ],
    ['across the boundary of two chunks', `${'x'.repeat(65_536 - 20)}${KEY}`, [[1, 65_536 - 19]]],
  ])('finds a key %s', async (_, text, places) => {
    const { exitCode, stdout } = await scanText(text);
    expect(exitCode).toBe(1);
    expect(placesIn(stdout)).toEqual(places);
  });

  test('finds each key once in a line of many megabytes', async () => {
    const starts = [0, 1_048_500, 1_048_576, 3_000_000];
    let text = '';
    for (const start of starts) text = text.padEnd(start, '.') + KEY;
    const { stdout } = await scanText(`first\n${text.padEnd(4_000_000, '.')}\n${KEY}\n`);
    expect(placesIn(stdout)).toEqual([...starts.map((start) => [2, start + 1]), [3, 1]]);
  });

  test.each(['utf16le', 'utf-8 with a byte order mark'])('finds a key in text in the encoding %s', async (encoding) => {
    const text = `\ufeffkey\n ${KEY}\n`;
    const { stdout } = await scanText(Buffer.from(text, encoding === 'utf16le' ? 'utf16le' : 'utf8'));
    expect(placesIn(stdout)).toEqual([[2, 2]]);
  });

  test.each([
    ['near the start', 0],
    ['far from the start', 100_000],
  ])('finds a key in a diff that has a NUL %s', async (_, at) => {
    const header = 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n';
    const { exitCode, stdout } = await scanText(`${header}-old\n+${'.'.repeat(at)}\0\n+key = ${KEY}\n`);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ finds: [{ file: 'x', line: 2, column: 7 }], scanned: 1, binary: 0 });
  });

  test('finds keys with any prefix of up to 24 characters', async () => {
    const long = generateSecret(`${'p'.repeat(11)}_${'q'.repeat(11)}_`);
    const text = `${long} ${KEY} ${OTHER}`;
    expect(placesIn((await scanText(text)).stdout)).toHaveLength(3);
    expect(JSON.parse((await scanText(text, ['--prefix', 'live9_'])).stdout).finds).toMatchObject([
      { keyPrefix: shown(OTHER) },
    ]);
  });
});

const LIVE = generateSecret('sk_live_');

test.each([
  ['.env', `# prod\nACME_KEY=${LIVE}\nDEBUG=1\n`, [2, 10]],
  ['.env.local', `export MY_KEY='MY_${LIVE}'\n`, [1, 19]],
  ['config.json', `{\n  "key": "${LIVE}",\n  "prefix": "sk_live_"\n}\n`, [2, 11]],
  ['values.yaml', `env:\n  - name: KEY\n    value: ${LIVE}\n`, [3, 12]],
  ['api.http', `GET https://api.example.com/orders?page=2&api_key=${LIVE}&x=1\n`, [1, 51]],
  ['names.py', `acme_prod_${LIVE}_old = 1\n`, [1, 11]],
])('scan finds a key with a prefix of two segments in %s', async (name, content, place) => {
  const { exitCode, stdout } = await cli.run(['scan', '--json', await cli.write(name, content)]);
  expect(exitCode).toBe(1);
  expect(placesIn(stdout)).toEqual([place]);
  expect(JSON.parse(stdout).finds).toMatchObject([{ keyPrefix: LIVE.slice(0, 16) }]);
});

test('scan finds only keys with the whole prefix of --prefix', async () => {
  const { stdout } = await scanText(`${LIVE}\n${KEY}\n`, ['--prefix', 'sk_live_']);
  expect(JSON.parse(stdout).finds).toMatchObject([{ line: 1, keyPrefix: LIVE.slice(0, 16) }]);
  expect((await scanText(LIVE, ['--prefix', 'live_'])).exitCode).toBe(0);
});

test('scan exits 1 for a key even if its output is closed', async () => {
  for (const args of [[], ['--json']]) {
    const { exitCode, stderr } = await cli.run(['scan', '-', ...args], { input: KEY, readWrites: 0 });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: 1 key found/);
  }
});

test('scan exits 1 for an unreadable path even if its output is closed', async () => {
  const { exitCode } = await cli.run(['scan', 'no such file'], { readWrites: 0 });
  expect(exitCode).toBe(1);
});

describe('scan of text without keys', () => {
  test.each([
    ['a bare prefix', 'sk_ and sk_0123'],
    ['a wrong checksum', wrong(KEY)],
    ['a truncated key', KEY.slice(0, -1)],
    ['a key with another character in the middle', `${KEY.slice(0, 20)}-${KEY.slice(20)}`],
    ['a key over two lines', `${KEY.slice(0, 20)}\n${KEY.slice(20)}`],
    ['a key without its prefix', KEY.slice(3)],
    ['a key in capital letters', KEY.toUpperCase()],
    ['a key issued elsewhere', `sk_${Buffer.alloc(32, 7).toString('base64url')}`],
    ['a long name with underscores', 'a_'.repeat(100) + 'x'.repeat(200)],
    ['empty input', ''],
  ])('exits 0 for %s', async (_, text) => {
    const { exitCode, stdout } = await scanText(text);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).finds).toEqual([]);
  });

  test('exits 0 for a megabyte of keys with wrong checksums', async () => {
    const text = Array.from({ length: 20_000 }, () => wrong(generateSecret('sk_'))).join(' ');
    expect((await scanText(text)).exitCode).toBe(0);
  });
});

describe('scan of a directory', () => {
  let directory = '';
  beforeAll(async () => {
    directory = join(cli.directory, 'project');
    for (const name of ['.git', 'node_modules/x', 'src/deep', 'empty'])
      await mkdir(join(directory, name), { recursive: true });
    await writeFile(join(directory, '.git', 'index'), KEY);
    await writeFile(join(directory, 'node_modules', 'x', 'index.js'), KEY);
    await writeFile(join(directory, '.gitignore'), '.env\n');
    await writeFile(join(directory, '.env'), `KEY=${KEY}\n`);
    await writeFile(join(directory, 'src', 'deep', 'a b.txt'), `\n${OTHER}`);
    await writeFile(join(directory, 'src', 'image.png'), Buffer.concat([Buffer.from([0x89, 0]), Buffer.from(KEY)]));
    await symlink(directory, join(directory, 'src', 'loop'));
  });

  test('skips .git, node_modules, binary files and symbolic links', async () => {
    const { exitCode, stdout } = await cli.run(['scan', directory, '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      finds: [
        { file: join(directory, '.env'), line: 1, column: 5, keyPrefix: shown(KEY) },
        { file: join(directory, 'src/deep/a b.txt'), line: 2, column: 1, keyPrefix: shown(OTHER) },
      ],
      scanned: 3,
      binary: 1,
    });
  });

  test('reports how many text files it scanned', async () => {
    const { exitCode, stdout, stderr } = await cli.run([
      'scan',
      join(directory, '.gitignore'),
      join(directory, 'src/image.png'),
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toBe('no key found; texts scanned: 1, binary files skipped: 1\n');
  });

  test('exits 1 with a warning about an unreadable path', async () => {
    const { exitCode, stderr } = await cli.run(['scan', join(directory, 'missing'), join(directory, '.gitignore')]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^warning: cannot read .*missing: there is no such file in .*project; check the path\nerror: cannot read 1 of the paths; .*\n$/,
    );
  });
});

describe('scan of a diff', () => {
  const diff = `diff --git a/src/a.ts b/src/a.ts
index 1111111..2222222 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,4 +1,4 @@ function ${'x'}
 line 1
-old = '${KEY}'
+new = '${OTHER}'
 context = '${KEY}'
--- ${KEY}
+++ ${KEY}
@@ -20 +20,2 @@
 line
+${KEY}
\\ No newline at end of file
diff --git a/b.txt b/b.txt
new file mode 100644
--- /dev/null
+++ b/b.txt
@@ -0,0 +1,2 @@
+
+${KEY}
`;

  test('reports keys in added lines by their place in the new file', async () => {
    const { exitCode, stdout } = await cli.run(['scan', '-'], { input: diff });
    expect(exitCode).toBe(1);
    const [a, b] = [shown(OTHER), shown(KEY)];
    expect(stdout).toBe(`src/a.ts:2:8: ${a}…\nsrc/a.ts:4:4: ${b}…\nsrc/a.ts:21:1: ${b}…\nb.txt:2:1: ${b}…\n`);
  });

  test('ignores keys in removed and unchanged lines', async () => {
    const removed = `--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-${KEY}\n ${KEY}\n`;
    expect((await cli.run(['scan', '-'], { input: removed })).exitCode).toBe(0);
  });

  test('finds keys in the commit message before the diff', async () => {
    const { stdout } = await cli.run(['scan', '-'], { input: `commit 1\n\n    Use ${KEY}\n\n${diff}` });
    expect(stdout).toMatch(/^<stdin>:3:9: /);
  });
});

describe('scan with a table option', () => {
  let table = '';
  let known: { secret: KeySecret; record: KeyRecord };
  beforeAll(async () => {
    table = await cli.makeTable();
    known = await cli.putKey(table, { label: 'build\nserver', revokedAt: at(-1) });
  });

  test('prints the id, label and state of each key in the table', async () => {
    const { exitCode, stdout } = await cli.run(['scan', '-'], { table, input: `${known.secret}\n${KEY}\n` });
    expect(exitCode).toBe(1);
    expect(stdout).toBe(
      `<stdin>:1:1: ${shown(known.secret)}…  revoked key ${known.record.id}, "build\\nserver"\n` +
        `<stdin>:2:1: ${shown(KEY)}…  not in the table\n`,
    );
  });

  test('breaks no word on a narrow terminal', async () => {
    const session = { table, input: `${known.secret}\n`, isTerminal: true, columns: 60 };
    const { stdout } = await cli.run(['scan', '-'], session);
    const id = `${known.record.id}, "build\\nserver"`;
    expect(stdout).toBe(`<stdin>:1:1: ${shown(known.secret)}…  revoked key\n${id}\n`);
  });

  test('prints the record of each key without its hash with --json', async () => {
    const { stdout } = await cli.run(['scan', '-', '--json'], { table, input: `${known.secret}\n${KEY}\n` });
    const [first, second] = JSON.parse(stdout).finds;
    expect(first.record).toEqual(publicRecord(known.record));
    expect(second).not.toHaveProperty('record');
  });

  test('reports a key even if the table is missing', async () => {
    const { exitCode, stdout, stderr } = await cli.run(['scan', '-'], { table: 'missing', input: KEY });
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`<stdin>:1:1: ${shown(KEY)}…\n`);
    expect(stderr).toMatch(/^warning: cannot look up every key: there is no table "missing"/);
  });
});

test.each([
  ['a missing path', ['scan']],
  ['a bad prefix', ['scan', '-', '--prefix', 'SK']],
])('scan exits 2 for %s', async (_, args) => {
  expect(await cli.run(args)).toMatchObject({ exitCode: 2, stdout: '' });
});

test('scan does not repeat a key that you pass instead of a path', async () => {
  const { secret } = makeKey();
  const { exitCode, stderr, stdout } = await cli.run(['scan', secret]);
  expect(exitCode).toBe(1);
  expect(tracesOf([secret], stdout + stderr)).toEqual([]);
});
