import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { deepJson } from '../../support/deepJson.ts';
import { DynamoDbProxy } from '../../support/dynamoDbProxy.ts';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { type SessionOptions, useCli } from '../../support/useCli.ts';
import { tracesOf } from '../../support/traces.ts';

const { cli } = useCli();
let table = '';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
const foreignKey = () => `sk_${randomBytes(32).toString('base64url')}`;
const line = (fields: object) => `${JSON.stringify({ keyHash: hashOf(foreignKey()), label: 'x', ...fields })}\n`;

/** Imports text from a file into a new table, or into the table of the options. */
async function importText(text: string | Uint8Array, args: readonly string[] = [], options: SessionOptions = {}) {
  table = options.table ?? (await cli.makeTable());
  const file = await cli.write('keys', text);
  return cli.run(['import', file, ...args], { ...options, table });
}

describe('metadata that nests too deeply', () => {
  const deep = deepJson(25_000);
  const csv = (hash: string, metadata: string) => `${hash},x,"${metadata.replaceAll('"', '""')}"\n`;
  const entry = (metadata: string) => `{"key_hash":"${hashOf(foreignKey())}","label":"x","metadata":${metadata}}`;

  test.each([
    ['JSON Lines', `${line({})}{"keyHash":"${hashOf('x')}","label":"x","metadata":{"deep":${deep}}}\n${line({})}`],
    [
      'CSV',
      `keyHash,label,metadata\n${csv(hashOf('y'), `{"deep":${deep}}`)}${csv(hashOf(foreignKey()), '{}')}${csv(hashOf(foreignKey()), '')}`,
    ],
    ['a JSON document', `{"api_keys":[${entry('{}')},\n${entry(`{"deep":${deep}}`)},\n${entry('{}')}]}`],
  ])('import rejects only the entry of %s whose metadata nests too deeply', async (_, text) => {
    const { exitCode, stderr } = await importText(text);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\n(?:line|entry) 2: metadata: expected .*\n(.*\n)?error: fix the rejected entries/);
    expect(await cli.records(table)).toHaveLength(2);
  });
});

describe('a SoulSync configuration', () => {
  const [secret, other] = [foreignKey(), foreignKey()];
  const config = JSON.stringify(
    {
      spotify: { client_secret: 'not ours' },
      api_keys: [
        {
          id: 'd0f8c1a5-2a5b-4c56-9d2f-7a1f6f0a3b11',
          label: 'My script',
          key_hash: hashOf(secret),
          key_prefix: secret.slice(0, 11),
          created_at: '2026-01-31T12:34:56.789123+00:00',
          last_used_at: '2026-03-01T00:00:00.000001',
        },
        { id: 'e0f8c1a5-2a5b-4c56-9d2f-7a1f6f0a3b11', label: 'Other', key_hash: hashOf(other), last_used_at: null },
        { id: 'f0f8c1a5-2a5b-4c56-9d2f-7a1f6f0a3b11', label: 'Bad', key_hash: hashOf('x'), created_at: 'long ago' },
      ],
    },
    null,
    2,
  );

  test('import stores all its keys except the invalid one', async () => {
    const { exitCode, stdout, stderr } = await importText(config);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('Imported 2 keys. Rejected 1 entry.\n');
    expect(stderr).toMatch(
      /^reading .*keys as json \(.*\)\nentry 3: createdAt: expected a time in ISO 8601.*\nissued elsewhere: 2; .*\nerror: fix the rejected entries.*\n$/,
    );
    expect(await cli.records(table)).toEqual([
      {
        keyHash: hashOf(secret),
        id: 'd0f8c1a5-2a5b-4c56-9d2f-7a1f6f0a3b11',
        label: 'My script',
        keyPrefix: secret.slice(0, 11),
        createdAt: '2026-01-31T12:34:56.789Z',
        createdBy: 'alice',
        lastUsedAt: '2026-03-01T00:00:00.000Z',
      },
      {
        keyHash: hashOf(other),
        id: 'e0f8c1a5-2a5b-4c56-9d2f-7a1f6f0a3b11',
        label: 'Other',
        createdAt: at(0),
        createdBy: 'alice',
      },
    ]);
  });

  test('a second import skips keys that are already in the table', async () => {
    const before = await cli.records(table);
    const again = await importText(config, ['--json'], { table });
    expect(JSON.parse(again.stdout)).toEqual({
      format: 'json',
      imported: [],
      ended: 0,
      external: 0,
      skipped: 2,
      duplicates: [],
      rejected: [{ place: 'entry 3', entry: 3, problem: expect.any(String) }],
    });
    expect(await cli.records(table)).toEqual(before);
  });

  test('identify finds an imported key', async () => {
    const { stdout } = await cli.run(['identify', '--json'], { table, input: other });
    expect(JSON.parse(stdout).record.label).toBe('Other');
  });
});

describe('an .env file of raw keys', () => {
  const [foreign, weak] = [foreignKey(), 'hunter2hunter2hunter2'];
  const own = makeKey().secret;
  const env = `# keys\nexport CI="${foreign}"\nPROD='${own}' # ours\nWEAK=${weak}\n${foreign}\n`;

  test('import stores hashes instead of the raw keys', async () => {
    const { exitCode, stdout, stderr } = await importText(env, ['--json']);
    const records = await cli.records(table);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      format: 'env',
      imported: expect.arrayContaining(records.map(({ id }) => id)),
      ended: 0,
      external: 1,
      labels: ['CI', 'PROD'],
      skipped: 0,
      duplicates: [],
      rejected: [
        { place: 'line 4', line: 4, problem: expect.stringMatching(/weak.*about \d+ bits.*--allow-weak/) },
        { place: 'line 5', line: 5, problem: expect.stringMatching(/NAME=key/) },
      ],
    });
    expect(new Map(records.map(({ label, keyHash }) => [label, keyHash]))).toEqual(
      new Map([
        ['CI', hashOf(foreign)],
        ['PROD', hashSecret(own)],
      ]),
    );
    expect(tracesOf([foreign, weak, own] as KeySecret[], stdout + stderr + JSON.stringify(records))).toEqual([]);
  });

  test('import accepts weak keys with --allow-weak', async () => {
    const { exitCode } = await importText(`WEAK=${weak}\n`, ['--allow-weak']);
    expect(exitCode).toBe(0);
    expect(await cli.records(table)).toMatchObject([{ label: 'WEAK', keyHash: hashOf(weak) }]);
  });
});

/** Settings of a typical `.env` file. Two of them are keys. */
const ENV = [
  "NEXT_PUBLIC_WEBAPP_URL='http://localhost:3000'",
  "EMAIL_FROM='notifications@acme-hosting.com'",
  'LOG=/var/log/acme/application',
  "EMAIL_SERVER_USER='<office365_emailAddress>'",
  'SMTP=smtp.office365.com:587',
  'DATABASE_URL="postgresql://acme:secret@db.acme.io:5432/acme"',
  'SESSION=c232ab00-9414-11ec-b3c8-9f6bdeced846',
  `NEXT_PUBLIC_ANALYTICS_KEY=phc_${randomBytes(24).toString('base64url')}`,
  `ACME_KEY_SHA256=${hashOf('a key')}`,
  `CRON_API_KEY='${randomBytes(16).toString('hex')}'`,
  'TOKEN=${VAULT_TOKEN}',
  `export ACME_TOKEN="${foreignKey()}" # the customer's`,
];

describe('a typical .env file of 12 lines', () => {
  test('import prints the reason for each rejected line', async () => {
    const { exitCode, stdout, stderr } = await importText(ENV.join('\n'));
    expect(exitCode).toBe(1);
    expect(stdout).toBe('Imported 2 keys: CRON_API_KEY, ACME_TOKEN. Rejected 10 entries.\n');
    expect((await cli.records(table)).map(({ label }) => label).toSorted()).toEqual(['ACME_TOKEN', 'CRON_API_KEY']);
    expect(stderr.split('\n').filter((text) => text.startsWith('line '))).toEqual([
      'line 1: NEXT_PUBLIC_WEBAPP_URL: the value is a URL, not a key',
      'line 2: EMAIL_FROM: the value is an e-mail address, not a key',
      'line 3: LOG: the value is a file path, not a key',
      'line 4: EMAIL_SERVER_USER: the value is a placeholder, not a key',
      'line 5: SMTP: the value is a host name, not a key',
      'line 6: DATABASE_URL: the value is a URL, not a key',
      'line 7: SESSION: the value is a UUID of another version than 4, which can be guessed, not a key',
      expect.stringMatching(/^line 8: NEXT_PUBLIC_ANALYTICS_KEY: the name says that the value is public;/),
      expect.stringMatching(/^line 9: ACME_KEY_SHA256: the value looks like a SHA-256 hash: import it as keyHash/),
      'line 11: TOKEN: the value is a placeholder, not a key',
    ]);
    const values = ENV.map((setting) => setting.slice(setting.indexOf('=') + 1));
    expect(values.filter((value) => stderr.includes(value) || stdout.includes(value))).toEqual([]);
  });
});

test("import reports the file's format only if it detected the format", async () => {
  const key = line({});
  const detected = await importText(key);
  expect(detected.stderr).toMatch(
    /^reading .*keys as jsonl \(a JSON object for each key\)\nissued elsewhere: 1; .*\n$/,
  );
  expect((await importText(key, ['--format', 'jsonl'])).stderr).not.toContain('reading');
  const json = await importText(key, ['--json']);
  expect(json.stderr).toBe('');
  expect(JSON.parse(json.stdout)).toMatchObject({ format: 'jsonl', imported: [expect.any(String)] });
});

test('import accepts soulsync, the former name of --format json', async () => {
  const input = JSON.stringify({ api_keys: [{ label: 'x', key_hash: hashOf(foreignKey()) }] });
  const { exitCode, stdout, stderr } = await importText(input, ['--format', 'soulsync', '--json']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ format: 'json', imported: [expect.any(String)] });
});

describe('several entries with one hash', () => {
  const keyHash = hashOf('the same key');
  const revoked = { revokedAt: '2020-01-01T00:00:00.000Z', revokedBy: 'carol' };

  test('import creates one key that combines the restrictions of all entries', async () => {
    const text =
      line({ keyHash, id: 'a', label: 'first' }) +
      line({ id: 'b' }) +
      line({ keyHash, id: 'c', label: 'second', ...revoked }) +
      line({ keyHash, id: 'd', label: 'third' });
    const { exitCode, stdout, stderr } = await importText(text);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: 'Imported 2 keys (1 revoked or expired). Found 2 duplicates.\n',
    });
    expect(stderr).toContain(
      'line 3: has the same key as line 1; added its revokedAt to that key\nline 4: has the same key as line 1\n',
    );
    expect(await cli.record(table, 'a')).toMatchObject({ label: 'first', ...revoked });
    const again = await importText(text, ['--json'], { table });
    expect(JSON.parse(again.stdout)).toMatchObject({
      imported: [],
      skipped: 2,
      duplicates: [
        { place: 'line 3', line: 3, firstPlace: 'line 1', firstLine: 1, applied: [] },
        { place: 'line 4', line: 4, firstPlace: 'line 1', firstLine: 1, applied: [] },
      ],
      rejected: [],
    });
  });

  test('import reports duplicates in a JSON document by entry number', async () => {
    const entry = { label: 'x', key_hash: keyHash };
    const { stdout } = await importText(JSON.stringify({ api_keys: [entry, entry] }), ['--json']);
    expect(JSON.parse(stdout).duplicates).toEqual([
      { place: 'entry 2', entry: 2, firstPlace: 'entry 1', firstEntry: 1, applied: [] },
    ]);
  });

  test('import rejects all the entries if one is invalid', async () => {
    const text = line({ keyHash, label: 'first' }) + line({ keyHash, label: 'x'.repeat(300), ...revoked }) + line({});
    const { exitCode, stdout } = await importText(text, ['--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      imported: [expect.any(String)],
      rejected: [
        { line: 1, problem: 'has the same key as line 2, which was rejected: fix that line first' },
        { line: 2, problem: expect.stringMatching(/^label: /) },
      ],
    });
    expect(await cli.records(table)).toHaveLength(1);
  });
});

test('import treats a zero time as absent in every format', async () => {
  const fields = { expires_at: '0001-01-01T00:00:00Z', revoked_at: '1970-01-01T00:00:00.000Z', last_used_at: '0' };
  const names = Object.keys(fields).join();
  const entry = (label: string) => ({ key_hash: hashOf(label), label, ...fields, disabled_at: 0 });
  const csv = `key_hash,label,${names},disabled_at\n${hashOf('c')},csv,${Object.values(fields).join()},\n`;
  table = await cli.makeTable();
  for (const input of [`${JSON.stringify(entry('a'))}\n`, JSON.stringify({ api_keys: [entry('b')] }), csv]) {
    const run = await cli.run(['import', '-'], { table, input });
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('ended') });
  }
  const records = await cli.records(table);
  expect(records).toHaveLength(3);
  for (const record of records) {
    expect(Object.keys(record)).toEqual(['keyHash', 'id', 'label', 'createdAt', 'createdBy']);
  }
});

describe('import --dry-run', () => {
  const keyHash = hashOf('in the table');
  const text = () =>
    line({ keyHash, id: 'own', label: 'stored' }) +
    line({ id: 'new', label: 'ci', owner: 'acme' }) +
    line({ label: 'without an id' }) +
    line({ id: 'own', label: 'id of another key' }) +
    line({ label: '' });

  const dryRun = async (args: readonly string[], options: SessionOptions = {}) => {
    await importText(line({ keyHash, id: 'own', label: 'stored' }));
    const before = await cli.records(table);
    const run = await importText(text(), ['--dry-run', ...args], { table, ...options });
    expect(await cli.records(table)).toEqual(before);
    return run;
  };

  test('prints which keys it would import, skip and reject', async () => {
    const { exitCode, stdout, stderr } = await dryRun([]);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: `line 1: would skip "stored": it is in the table
line 2: would import "ci" of acme
line 3: would import "without an id"
Would import 2 keys. Would skip 1 that is in the table. Would reject 2 entries. The table is unchanged.
`,
    });
    expect(stderr).toMatch(/\nline 5: label.*\nline 4: id: another key has it\n/);
  });

  test('prints the ids of the file as JSON, and null instead of a random id', async () => {
    const { stdout } = await dryRun(['--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      imported: ['new', null],
      skipped: 1,
      rejected: [{ line: 4 }, { line: 5 }],
    });
  });

  test('sends only reads', async () => {
    const proxy = await DynamoDbProxy.start({ endpoint: cli.database.endpoint });
    await dryRun([], { env: { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint } });
    await proxy.stop();
    expect(new Set(proxy.requests.map(({ operation }) => operation))).toEqual(new Set(['GetItem', 'Query']));
  });

  test('agrees with the import that follows', async () => {
    const would = JSON.parse((await dryRun(['--json'])).stdout);
    const did = JSON.parse((await importText(text(), ['--json'], { table })).stdout);
    expect({ ...did, dryRun: true, imported: ['new', null] }).toEqual(would);
    expect(did.imported).toEqual(['new', expect.any(String)]);
  });
});

describe('files of other programs', () => {
  const files: [string, string | Uint8Array][] = [
    [
      'PostgreSQL COPY TO with a header',
      `id,key_hash,label,owner,created_at,last_used_at,notes\n7,\\x${hashOf('pg')},pg,\\N,2026-01-31 12:34:56.789123+00,\\N,hello\n`,
    ],
    ['Excel', `\ufeffsep=;\r\nKey Hash;Label;Owner\r\n ${hashOf('xl')} ;xl;"a; b"\r\n`],
    ['PowerShell Export-Csv', `#TYPE System.Object\r\n"keyHash","label","Length"\r\n"${hashOf('ps')}","ps","3"\r\n`],
    ['Excel in the Unicode Text format', Buffer.from(`\ufeffkeyHash\tlabel\r\n${hashOf('u')}\tu\u00e9\r\n`, 'utf16le')],
    [
      'a program that writes big-endian UTF-16',
      Buffer.from(`\ufeffkeyHash,label\n${hashOf('be')},be\n`, 'utf16le').swap16(),
    ],
  ];

  test.each(files)('import accepts a file from %s', async (_, text) => {
    const { exitCode, stdout } = await importText(text);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Imported 1 key.\n' });
  });
});

test('import reads CSV and JSON Lines from standard input', async () => {
  const fields = {
    owner: 'acme',
    scopes: 'a b',
    expires_at: '2020-01-01T00:00:00Z',
    revoked_at: '2021-01-01 00:00:00',
  };
  const names = Object.keys(fields);
  const csv = `key_hash,label,${names.join(',')}\n${hashOf('a')},csv,${Object.values(fields).join(',')}\n`;
  table = await cli.makeTable();
  expect(await cli.run(['import', '-'], { table, input: csv })).toMatchObject({
    exitCode: 0,
    stdout: 'Imported 1 key (1 revoked or expired).\n',
    stderr: 'reading standard input as csv (a header row, then a row for each key)\n',
  });
  expect(await cli.run(['import', '-'], { table, input: line({ label: 'json', ...fields }) })).toMatchObject({
    exitCode: 0,
  });
  const stored: Partial<KeyRecord> = {
    owner: 'acme',
    scopes: ['a', 'b'],
    expiresAt: '2020-01-01T00:00:00.000Z' as never,
    revokedAt: '2021-01-01T00:00:00.000Z' as never,
  };
  expect(await cli.records(table)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ label: 'csv', ...stored }),
      expect.objectContaining({ label: 'json', ...stored }),
    ]),
  );
});

test('import reports the line number of each rejected entry', async () => {
  const id = '11111111-1111-4111-8111-111111111111';
  const text =
    line({ id }) + '\n' + line({ label: 'y'.repeat(257) }) + line({ id }) + line({ scopes: ['a b'] }) + line({});
  const { exitCode, stdout } = await importText(text, ['--json']);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    imported: [id, expect.any(String)],
    rejected: [{ line: 3 }, { line: 4 }, { line: 5 }],
  });
});

test('import lists only the first 20 rejected lines', async () => {
  const { stderr, stdout } = await importText(`${'nonsense\n'.repeat(500)}`, ['--format', 'jsonl']);
  expect(stderr.split('\n')).toHaveLength(20 + 1 + 1 + 1);
  expect(stderr).toContain('and 480 more');
  expect(stdout).toBe('Imported no keys. Rejected 500 entries.\n');
});

test('import accepts an empty file', async () => {
  expect(await importText('')).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: 'Imported no keys.\n',
  });
});

describe('a terminal', () => {
  test('import shows its progress on a terminal', async () => {
    const { stderr } = await importText(Array.from({ length: 50 }, () => line({})).join(''), [], { isTerminal: true });
    expect(stderr).toContain('0 of 50');
    expect(stderr).toContain('50 of 50');
  });
});

describe('invalid input', () => {
  test.each([
    [
      'a missing file',
      ['import', '/nonexistent/keys'],
      '',
      1,
      /cannot read .*: there is no such file in \/nonexistent; check the path/,
    ],
    ['a directory', ['import', '.'], '', 1, /cannot read \.: it's a directory; pass a file/],
    ['text in an unknown format', ['import', '-'], 'hello', 2, /--format/],
    ["bytes that aren't text", ['import', '-'], new Uint8Array([0x41, 0x3d, 0xff, 0xfe]), 1, /isn't UTF-8/],
    ['JSON without a list of keys', ['import', '-', '--format', 'json'], '{"keys": [\n]}', 1, /no list "api_keys"/],
    [
      'a CSV file with a column that may be an expiry',
      ['import', '-'],
      'keyHash,label,expiry\n',
      1,
      /unknown column "expiry" may mean/,
    ],
    ['an unknown format', ['import', '-', '--format', 'xml'], '', 2, /xml/],
    ['a missing argument', ['import'], '', 2, /file/],
  ])('import does not store any keys if it rejects %s', async (_, args, input, exitCode, expected) => {
    const empty = await cli.makeTable();
    const run = await cli.run(args, { table: empty, input });
    expect(run.exitCode).toBe(exitCode);
    expect(run.stderr).toMatch(expected);
    expect(await cli.records(empty)).toEqual([]);
  });

  test('import does not repeat a key that you pass instead of a file', async () => {
    const { secret } = makeKey();
    const { exitCode, stderr } = await cli.run(['import', secret], { table });
    expect(exitCode).toBe(1);
    expect(tracesOf([secret], stderr)).toEqual([]);
  });
});

test("import parses a time without a time zone as UTC even if the machine's time zone is Tokyo", async () => {
  const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint, TZ: 'Asia/Tokyo' };
  table = await cli.makeTable();
  const stdin = line({ created_at: '2026-01-31T12:00:00' });
  expect(await runCli(['import', '-', '--table', table], { env, stdin })).toMatchObject({ exitCode: 0 });
  expect(await cli.records(table)).toMatchObject([{ createdAt: '2026-01-31T12:00:00.000Z' }]);
  expect(NOW_MS).toBeGreaterThan(0);
});
