import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CliError } from '../../../../operator/errors.ts';
import { guardCell, unguardCell } from '../../../../operator/csvCell.ts';
import { CSV, exportedFields, JSON_LINES, readCsv } from '../../../../cli/importExport/csv.ts';
import { FIELD_NAMES, type ImportLine } from '../../../../cli/importExport/importLine.ts';
import { detectFormat, readConfig, readJsonLines, readKeyList } from '../../../../cli/importExport/formats.ts';
import { hashSecret, type KeySecret } from '../../../../keys/secret.ts';
import { arbitraryRecord } from '../../../support/arbitraries.ts';
import { makeKey } from '../../../support/keys.ts';
import { tracesOf } from '../../../support/traces.ts';

const HASH = 'ab'.repeat(32);
const OTHER_HASH = 'cd'.repeat(32);

/** The text in pieces as small as can be, so that no reader leans on where a chunk ends. */
async function* piecesOf(text: string, size = 7): AsyncGenerator<string> {
  const characters = Array.from(text);
  for (let start = 0; start < characters.length; start += size) yield characters.slice(start, start + size).join('');
}

async function* inOnePiece(text: string): AsyncGenerator<string> {
  yield text;
}

async function all(lines: AsyncIterable<ImportLine>): Promise<readonly ImportLine[]> {
  const read: ImportLine[] = [];
  for await (const line of lines) read.push(line);
  return read;
}

const warnings: string[] = [];
const csv = (text: string) => all(readCsv(piecesOf(text), text, (warning) => warnings.push(warning)));
const jsonLines = (text: string) => all(readJsonLines(piecesOf(text)));
const config = (text: string) => all(readConfig(piecesOf(text)));
const keyList = (text: string, allowWeak = false) => all(readKeyList(piecesOf(text), { allowWeak }));

describe('the format is seen', () => {
  test.each([
    ['soulsync', '{\n  "port": 1,\n  "api_keys": []\n}'],
    ['soulsync', '{"api_keys":[]}'],
    ['soulsync', '[{"key_hash":"x"}]'],
    ['jsonl', `\n{"keyHash":"${HASH}","label":"a"}\n`],
    ['jsonl', `{"label":"a","key_hash":"${HASH}"}`],
    ['csv', 'label,keyHash\n'],
    ['csv', '"Key Hash";"Label"\n'],
    ['env', '# keys\n\nexport A=b\n'],
    [undefined, ''],
    [undefined, '# nothing but comments\n'],
    ['csv', 'sep=;\nlabel;keyHash\n'],
    ['csv', 'sep=\t\r\nlabel\tkeyHash\r\n'],
    ['env', 'applicationSecretKey=x\n'],
    ['env', 'springDatasourcePassword=x\n'],
    ['env', 'INTERNATIONALIZATION_ENABLED=true\n'],
    ['env', 'aB3dE6gH9jK2mN5pQ8sT=x\n'],
    ['env', 'EMPTY_SETTING=\n'],
    ['csv', '#TYPE System.Management.Automation.PSCustomObject\r\n"label","keyHash"\r\n'],
  ])('%s: %j', (format, head) => {
    expect(detectFormat(head)).toBe(format);
  });

  test.each([
    'label,owner\na,b\n',
    'hello world',
    '<xml/>',
    '{"Item":{"keyHash":{"S":"x"}}}\n{"Item":{"keyHash":{"S":"y"}}}\n',
    '[default]\naws_access_key_id = x\n',
    'c2VjcmV0IGtleSB0aGF0IGlzIGJhc2U2NA==\n',
    'ACME: key\n',
  ])('or asked for: %j', (head) => {
    expect(() => detectFormat(head)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });
});

describe('a SoulSync configuration', () => {
  const text = `{
  "spotify": {"client_secret": "x", "api_keys": [{"not": "ours"}]},
  "note": "api_keys",
  "api_keys": [
    {"id": "11111111-1111-4111-8111-111111111111", "label": "ci", "key_hash": "${HASH}", "key_prefix": "sk_abcd1234",
     "created_at": "2026-01-31T12:34:56.789123+00:00", "last_used_at": null},
    {"id": "22222222-2222-4222-8222-222222222222", "label": "a \\"{[", "key_hash": "${OTHER_HASH}",
     "created_at": "2026-01-31T12:34:56.789123", "last_used_at": "2026-02-01T00:00:00+02:00"}, {"label": "no hash"},
    {"label": "bad time", "key_hash": "${HASH}", "created_at": "last week"}
  ],
  "more": {"label": "z"}
}`;

  test('gives its keys, with their times in the stored form, and for each the line it begins on', async () => {
    expect(await config(text)).toEqual([
      {
        line: 5,
        entry: {
          keyHash: HASH,
          id: '11111111-1111-4111-8111-111111111111',
          label: 'ci',
          keyPrefix: 'sk_abcd1234',
          createdAt: '2026-01-31T12:34:56.789Z',
        },
      },
      {
        line: 7,
        entry: {
          keyHash: OTHER_HASH,
          id: '22222222-2222-4222-8222-222222222222',
          label: 'a "{[',
          createdAt: '2026-01-31T12:34:56.789Z',
          lastUsedAt: '2026-01-31T22:00:00.000Z',
        },
      },
      { line: 8, problem: 'keyHash is missing' },
      { line: 9, problem: expect.stringMatching(/^createdAt: wanted a time/), keyHash: HASH },
    ]);
  });

  test('may be the list alone', async () => {
    expect(
      await config(
        `[\n{"label":"a","key_hash":"${HASH}","plan":"free","metadata":{"a":{}}},\n{"label":"b","key_hash":"${HASH}"}]`,
      ),
    ).toMatchObject([
      { line: 2, entry: { label: 'a', plan: 'free' } },
      { line: 3, entry: { label: 'b' } },
    ]);
  });

  const PREFIX = 'sk_abcd1234';
  test.each([
    ['its shown prefix', { label: '', key_prefix: PREFIX, id: 'a' }, PREFIX],
    ['its shown prefix', { label: null, key_prefix: PREFIX }, PREFIX],
    ['its id', { label: '', key_prefix: '', id: 'a' }, 'a'],
    ['its own label', { label: 'ci', key_prefix: PREFIX, id: 'a' }, 'ci'],
  ])('calls a key by %s: %j', async (_, fields, label) => {
    const text = JSON.stringify({ api_keys: [{ key_hash: HASH, ...fields }] });
    expect(await config(text)).toMatchObject([{ line: 1, entry: { label } }]);
  });

  test('that has neither label nor prefix nor id of a key says so', async () => {
    const text = JSON.stringify({ api_keys: [{ key_hash: HASH, label: '' }] });
    expect(await config(text)).toEqual([{ line: 1, problem: 'label is missing', keyHash: HASH }]);
  });

  test('tells the line of each entry, whatever the entries are and what is around them', async () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value, null, 1));
    const space = fc.constantFrom('', ' ', '\n', '\r\n\t', '\n\n');
    const entries = fc.array(fc.tuple(space, json, space), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(entries, json, fc.boolean(), async (entries, other, isList) => {
        const lines: number[] = [];
        let text = isList ? '[' : `{"x":\n[${other}],"api_keys" :\n[`;
        entries.forEach(([before, value, after], at) => {
          text += `${at === 0 ? '' : ','}${before}`;
          lines.push(text.split('\n').length);
          text += value + after;
        });
        text += isList ? ']' : `],\n"y":[${other}]}`;
        expect((await config(text)).map(({ line }) => line)).toEqual(lines);
      }),
    );
  });

  test('may hold a text of many megabytes', async () => {
    const cache = 'x\\"'.repeat(7_000_000);
    const text = `{"cache": "${cache}",\n"api_keys": [{"label": "a", "key_hash": "${HASH}"}]}`;
    const lines = await all(readConfig(inOnePiece(text)));
    expect(lines).toMatchObject([{ line: 2, entry: { label: 'a' } }]);
  });

  test.each([
    ['no JSON', '{"api_keys": ['],
    ['no list', '{"keys": []}'],
    ['no object', '"api_keys"'],
    ['null', 'null'],
  ])('is refused as a whole where it is %s', async (_, text) => {
    await expect(config(text)).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
  });
});

describe('CSV', () => {
  test('has its columns in any order and spelling, and quotes with all that they may hold', async () => {
    const text = `\r\nOwner,key_hash,label,Scopes,Plan,metadata\r\n"acme, ""the"" firm",${HASH},"two\nlines",a b,free,"{""plan"":""pro""}"\r\n,${OTHER_HASH.toUpperCase()},x,[],,\r\n`;
    expect(await csv(text)).toMatchObject([
      {
        entry: {
          keyHash: HASH,
          owner: 'acme, "the" firm',
          label: 'two\nlines',
          scopes: ['a', 'b'],
          plan: 'free',
          metadata: { plan: 'pro' },
        },
      },
      { entry: { keyHash: OTHER_HASH, label: 'x', scopes: [] } },
    ]);
  });

  test.each([';', '\t'])('may have %j between its cells', async (delimiter) => {
    const text = `keyHash${delimiter}label\n${HASH}${delimiter}"a, b"\n`;
    expect(await csv(text)).toEqual([{ line: 2, entry: { keyHash: HASH, label: 'a, b' } }]);
  });

  test('a bad line is told and the next one read', async () => {
    const text = `keyHash,label,createdAt\n${HASH},a\n${HASH},b"c",\n\nnohash,d,\n${HASH},e,soon\n${OTHER_HASH},f,\n`;
    expect(await csv(text)).toEqual([
      { line: 2, problem: expect.stringMatching(/cells/) },
      { line: 3, problem: expect.stringMatching(/quotes/) },
      { line: 5, problem: expect.stringMatching(/^keyHash: wanted/) },
      { line: 6, problem: expect.stringMatching(/^createdAt: wanted/), keyHash: HASH },
      { line: 7, entry: { keyHash: OTHER_HASH, label: 'f' } },
    ]);
  });

  test('times are read in every form, without a zone as UTC, and a date as the end of its day for an expiry alone', async () => {
    const rows = [`${HASH},a,2026-01-31,2031-01-31`, `${HASH},b,2026-01-31 12:34:56.123456+01, 2031-01-31 12:00`];
    const text = `keyHash,label,createdAt,expiresAt\n${rows.join('\n')}`;
    const [first, second] = await csv(text);
    expect(first).toMatchObject({
      entry: { createdAt: '2026-01-31T00:00:00.000Z', expiresAt: '2031-01-31T23:59:59.999Z' },
    });
    expect(second).toMatchObject({
      entry: { createdAt: '2026-01-31T11:34:56.123Z', expiresAt: '2031-01-31T12:00:00.000Z' },
    });
  });

  const EXPORTED = CSV.header.trim();

  test.each([
    ['`sep=;`, as Excel writes it', `sep=;\r\nkeyHash;label\r\n${HASH};"a, b"\r\n`, 3, 'a, b'],
    ['`"sep=|"`', `"sep=|"\nkeyHash|label\n${HASH}|a\n`, 3, 'a'],
    ['`#TYPE`, as PowerShell writes it', `#TYPE A.B\r\n"keyHash","label"\r\n"${HASH}","a"\r\n`, 3, 'a'],
    ['`sep=` and a tab', `sep=\t\r\nkeyHash\tlabel\r\n${HASH}\ta, b\r\n`, 3, 'a, b'],
    ['a comment with an odd quote', `# a 3" pipe\n\nkeyHash,label\n${HASH},a\n`, 4, 'a'],
    ['`#TYPE` with an odd quote', `#TYPE A"B\r\n"keyHash","label"\r\n"${HASH}","a"\r\n`, 3, 'a'],
    ['a byte order mark and `sep=`', `\ufeffsep=;\nkeyHash;label\n${HASH};a\n`, 3, 'a'],
    ['a byte order mark', `\ufeffkeyHash,label\n${HASH},a\n`, 2, 'a'],
  ])('may begin with %s', async (_, text, line, label) => {
    expect(await csv(text)).toEqual([{ line, entry: { keyHash: HASH, label } }]);
  });

  test('ignores columns that are no fields, and names them all in one warning', async () => {
    warnings.length = 0;
    const text = `id,keyHash,note,label,purgeAfter,note,throttle,\nk1,${HASH},x,a,1,y,z,\n`;
    expect(await csv(text)).toEqual([{ line: 2, entry: { keyHash: HASH, id: 'k1', label: 'a' } }]);
    expect(warnings).toEqual(['ignored, for they are no fields of a key: "note", "throttle", ""']);
  });

  test.each([
    'revoked',
    'is_active',
    'Status',
    'expires',
    'deleted_at',
    'blocked',
    'deactivated_at',
    'valid_until',
    'archived',
    'locked',
    'not_after',
    'cancelled_at',
    'terminated',
    'removed',
    'banned',
    'end_date',
    'isValid',
    'ttl',
    'live',
    'api_key_status',
    'account_state',
    'blocked_ips',
    'locked_reason',
    'deactivatedAt',
    'retired',
    'key_ttl_seconds',
  ])('refuses a column %s, which may say that a key has ended', async (name) => {
    await expect(csv(`keyHash,label,${name}\n${HASH},a,x\n`)).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
      message: expect.stringMatching(/rename it to the field that it is, or remove it/),
    });
  });

  test('reads `\\N`, NULL and null outside quotes as no value, and in quotes as a text', async () => {
    const text = `keyHash,label,owner,expiresAt\n${HASH},a,\\N,NULL\n${HASH},"NULL","\\N",\\N\n${HASH},NULL,,null\n`;
    expect(await csv(text)).toEqual([
      { line: 2, entry: { keyHash: HASH, label: 'a' } },
      { line: 3, entry: { keyHash: HASH, label: 'NULL', owner: '\\N' } },
      { line: 4, problem: 'label is missing', keyHash: HASH },
    ]);
  });

  test('keeps a leading apostrophe, and warns of it once, unless its header is that of an export', async () => {
    warnings.length = 0;
    expect(await csv(`keyHash,label\n${HASH},'-5 and '=x\n${OTHER_HASH},'@a\n`)).toMatchObject([
      { entry: { label: "'-5 and '=x" } },
      { entry: { label: "'@a" } },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/^line 2: an apostrophe before .* stays/)]);
    const cells = FIELD_NAMES.map((name) => ({ keyHash: HASH, label: "'-5" })[name as 'label'] ?? '').join();
    expect(await csv(`${EXPORTED}\n${cells}\n`)).toMatchObject([{ entry: { label: '-5' } }]);
  });

  test.each([` ${HASH.toUpperCase()} `, `\\x${HASH}`, `0x${HASH}`, `sha256:${HASH}`, `SHA-256:${HASH}\t`])(
    'reads the hash %j as other programs write it, as JSON Lines do',
    async (written) => {
      const entry = { keyHash: HASH, label: 'a' };
      expect(await csv(`keyHash,label\n"${written}",a\n`)).toEqual([{ line: 2, entry }]);
      expect(await jsonLines(JSON.stringify({ keyHash: written, label: 'a' }))).toEqual([{ line: 1, entry }]);
    },
  );

  test.each(['a b', '"a,b"', '"a, b"', '"{a,b}"', '"[""a"",""b""]"'])('scopes are read from %s', async (cell) => {
    expect(await csv(`keyHash,label,scopes\n${HASH},x,${cell}\n`)).toMatchObject([{ entry: { scopes: ['a', 'b'] } }]);
  });

  test('a quote that is not closed is told', async () => {
    expect(await csv(`keyHash,label\n${HASH},"a\n${HASH},b\n`)).toEqual([
      { line: expect.any(Number), problem: expect.stringMatching(/not closed/) },
    ]);
  });

  test('and ends a long file, for what follows cannot be known', async () => {
    const text = `keyHash,label\n${HASH},"a\n${`${HASH},b\n`.repeat(5000)}`;
    await expect(all(readCsv(piecesOf(text, 1000), text, () => {}))).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
  });

  test.each([
    ['of an unknown column, such as a misspelt expiry', 'keyHash,label,expiry'],
    ['with a column twice', 'keyHash,label,key_hash'],
    ['without the hash', 'label,owner'],
  ])('a header %s is refused before any line', async (_, header) => {
    const error: CliError = await csv(`${header}\n1,2,3\n`).then(
      () => {
        throw new Error('it was read');
      },
      (error) => error,
    );
    expect(error).toMatchObject({ code: 'IMPORT_INVALID' });
  });
});

describe('JSON Lines', () => {
  test('are read under either spelling; a bad line is told and the next one read', async () => {
    const text = `{"keyHash":"${HASH}","label":"a","expires_at":"2030-01-01T00:00:00Z","purgeAfter":1}\r\n\nnonsense\n[]\n{"keyHash":"${HASH}","label":"b","expiry":"x"}\n{"keyHash":"${HASH}","key_hash":"${HASH}","label":"c"}\n{"keyHash":"${OTHER_HASH}","label":"d","metadata":{"a":[1]}}`;
    expect(await jsonLines(text)).toEqual([
      { line: 1, entry: { keyHash: HASH, label: 'a', expiresAt: '2030-01-01T00:00:00.000Z' } },
      { line: 3, problem: 'wanted one JSON object' },
      { line: 4, problem: 'wanted one JSON object' },
      { line: 5, problem: '"expiry" is no field of a key', keyHash: HASH },
      { line: 6, problem: 'keyHash is given twice', keyHash: HASH },
      { line: 7, entry: { keyHash: OTHER_HASH, label: 'd', metadata: { a: [1] } } },
    ]);
  });

  test('have their scopes as a list or as one text', async () => {
    const lines = ['["a","b"]', '"a,b"', '"{a,b}"'].map(
      (scopes) => `{"keyHash":"${HASH}","label":"x","scopes":${scopes}}`,
    );
    const read = await jsonLines(lines.join('\n'));
    expect(read).toMatchObject(Array.from({ length: 3 }, () => ({ entry: { scopes: ['a', 'b'] } })));
  });

  test('a line without end is passed over, and not kept', async () => {
    const text = `${'x'.repeat(100_000)}\n{"keyHash":"${HASH}","label":"a"}\n${'y'.repeat(70_000)}`;
    expect(await all(readJsonLines(piecesOf(text, 4096)))).toEqual([
      { line: 1, problem: expect.stringMatching(/longer/) },
      { line: 2, entry: { keyHash: HASH, label: 'a' } },
      { line: 3, problem: expect.stringMatching(/longer/) },
    ]);
  });
});

describe('a list of raw keys', () => {
  const foreign = `sk_-${randomBytes(32).toString('base64url')}`;
  const own = makeKey().secret;
  const hex = randomBytes(24).toString('hex');

  test('is hashed, each under its name, with what may be shown of it', async () => {
    const text = `# keys\n\nCI=${foreign}\nexport OWN_KEY="${own}"  # the second\n  hex.key = '${hex}'\r\nPLAIN=${foreign} # a comment\n`;
    expect(await keyList(text)).toEqual([
      { line: 3, entry: { keyHash: hashSecret(foreign as KeySecret), label: 'CI', keyPrefix: foreign.slice(0, 11) } },
      { line: 4, entry: { keyHash: hashSecret(own), label: 'OWN_KEY', keyPrefix: own.slice(0, 11) } },
      { line: 5, entry: { keyHash: hashSecret(hex as KeySecret), label: 'hex.key', keyPrefix: hex.slice(0, 8) } },
      { line: 6, entry: expect.objectContaining({ keyHash: hashSecret(foreign as KeySecret) }) },
    ]);
  });

  test.each([
    ['no assignment', foreign],
    ['no name', `=${foreign}`],
    ['a key for its name', `${own}=prod`],
    ['a key that is too short', 'A=short'],
    ['a space in it', `A='${foreign} x'`],
    ['a comma in it', `A='${foreign},x'`],
    ['what a shell would read', `A="${foreign}$HOME"`],
    ['a # that some would take for a comment', `A=${foreign}#x`],
    ['an open quote', `A="${foreign}`],
    ['more than one word', `A=${foreign} ${hex}`],
  ])('a line with %s is rejected, and nothing of it repeated', async (_, line) => {
    const read = await keyList(`${line}\n`);
    expect(read).toEqual([{ line: 1, problem: expect.any(String) }]);
    expect(tracesOf([foreign, own, hex], JSON.stringify(read))).toEqual([]);
  });

  test('a weak key is rejected with how weak it is, unless weak ones are to be taken', async () => {
    const text = 'A=password12345678\nB=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n';
    expect(await keyList(text)).toEqual([
      { line: 1, problem: expect.stringMatching(/about 82 bits .*112.*--allow-weak/) },
      { line: 2, problem: expect.stringMatching(/about 0 bits/) },
    ]);
    expect(await keyList(text, true)).toEqual([
      { line: 1, entry: { label: 'A', keyHash: hashSecret('password12345678' as KeySecret) } },
      { line: 2, entry: { label: 'B', keyHash: expect.any(String) } },
    ]);
  });
});

describe('an ordinary .env', () => {
  test.each([
    'NODE_OPTIONS=--max-old-space-size=4096',
    "JDBC_OPTIONS='useSSL=false&serverTimezone=UTC'",
    'DEPLOYED_AT=2026-01-01T00:00:00.000Z',
    'OTEL_RESOURCE_ATTRIBUTES=service.name=my-service',
    'JAVA_OPTS=-Dhttps.protocols=TLSv1.2',
    'DEFAULT_ADMIN=passw0rd!passw0rd!passw0rd!',
    'SEED=supersecretkeydonotuseinproduction',
    'APP=supersecretkeydonotuseinproduction',
    "STORAGE='DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=aB3dE6gH9jK2mN5pQ8sTaB==;EndpointSuffix=core.windows.net'",
    "LOG_LEVELS='app=debug;http=info;db=warn'",
    "UA='Mozilla/5.0(X11;Linux)Gecko/20100101'",
    'GIT_COMMIT=3f786850e387550fdab836ed7e6dc881de23001b',
    'CONTRACT=0x52908400098527886E0F7030069857D2E4169EE7',
    `APP_REF=ghcr.io/acme/app@sha256:${HASH}`,
    'APP_REF=acme/search-service:v1.2.3',
    'RELEASE=my-app@1.2.3+build.20260101',
    'CURRENT=my-app@1.2.3+build.20260101',
    'FEATURES=search-billing-export-audit-teams-roles-invites-themes-webhooks',
    'ENABLED=search-billing-export-audit-teams-roles-invites-themes-webhooks',
  ])('gives no key that can be guessed: %s', async (line) => {
    expect(await keyList(line)).toEqual([{ line: 1, problem: expect.any(String) }]);
  });

  test('that Latchkey issued a key in gives it, whatever its characters are', async () => {
    const secrets = Array.from({ length: 2000 }, () => makeKey().secret);
    const read = await keyList(secrets.map((secret) => `KEY=${secret}\n`).join(''));
    expect(read.filter((line) => !('entry' in line))).toEqual([]);
  });
});

describe('what export writes import reads', () => {
  const records = fc.array(arbitraryRecord, { minLength: 1, maxLength: 5 });

  test.each([
    ['JSON Lines', JSON_LINES, jsonLines],
    ['CSV', CSV, csv],
  ])('as %s, whatever is in a record', async (_, format, read) => {
    await fc.assert(
      fc.asyncProperty(records, async (records) => {
        const lines = await read(format.header + format.rows(records));
        const exported = records.map(exportedFields);
        expect(lines.map((line) => ('entry' in line ? line.entry : line))).toEqual(exported);
      }),
      { numRuns: 300 },
    );
  });

  test('as CSV, a text that databases write for no value', async () => {
    const { record } = makeKey({ label: 'NULL', owner: '\\N', plan: 'null' });
    expect(await csv(CSV.header + CSV.rows([record]))).toMatchObject([
      { entry: { label: 'NULL', owner: '\\N', plan: 'null' } },
    ]);
  });

  test('no cell is one that a spreadsheet runs, nor what it takes for a cell, and each is read as it was', () => {
    const unit = fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', ';', "'", '＝', 'a', '1', '"');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const parts = guardCell(text).split(/[;\t\r\n]/);
        for (const part of parts) expect(part).not.toMatch(/^[=+\-@＝＋－＠]/);
        expect(guardCell(text)).not.toMatch(/^[\t\r\n]/);
        expect(unguardCell(guardCell(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});
