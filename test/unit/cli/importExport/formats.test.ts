import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { addColumns } from '../../../../cli/importExport/columnMap.ts';
import { readEnv } from '../../../../cli/importExport/env.ts';
import { readFileStart } from '../../../../cli/importExport/fileStart.ts';
import { detectFormat } from '../../../../cli/importExport/formats.ts';
import { readJsonDocument, readJsonLines } from '../../../../cli/importExport/jsonEntries.ts';
import { hashSecret, type KeySecret } from '../../../../keys/secret.ts';
import { splitIntoChunks, toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';
import { makeKey } from '../../../support/keys.ts';
import { tracesOf } from '../../../support/traces.ts';

const HASH = 'ab'.repeat(32);
const OTHER_HASH = 'cd'.repeat(32);

async function* inOneChunk(text: string): AsyncGenerator<string> {
  yield text;
}

const jsonLines = (text: string) => toArray(readJsonLines(importInput(text)));
const jsonDocument = (text: string) => toArray(readJsonDocument(importInput(text)));
const env = (text: string, allowWeak = false) => toArray(readEnv(splitIntoChunks(text), { allowWeak }));

function detect(head: string) {
  const start = readFileStart(head);
  return start && detectFormat(start);
}

describe('detectFormat with --map', () => {
  test.each([
    [
      'the other format of a file',
      `{"keys":[{"hash":"${HASH}"}]}`,
      /^--map: expected the format json or .*, got unkey$/,
    ],
    [
      'columns that the file may lack',
      'hsh,label\n',
      /^cannot detect .*, or the file lacks the columns of --map; pass/,
    ],
  ])('reports %s', (_, text, message) => {
    const start = readFileStart(text);
    const map = addColumns('keyHash=hash');
    expect(() => start && detectFormat(start, map)).toThrow(message);
  });
});

describe('detectFormat', () => {
  test.each([
    ['json', '{\n  "port": 1,\n  "api_keys": []\n}'],
    ['json', '{"api_keys":[]}'],
    ['json', '[{"key_hash":"x"}]'],
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
  ])('returns the format %s for %j', (format, head) => {
    expect(detect(head)).toBe(format);
  });

  test.each([
    'label,owner\na,b\n',
    'hello world',
    '<xml/>',
    '{"Item":{"keyHash":"x"}}\n{"Item":{"keyHash":"y"}}\n',
    '[default]\naws_access_key_id = x\n',
    'c2VjcmV0IGtleSB0aGF0IGlzIGJhc2U2NA==\n',
    'ACME: key\n',
  ])('rejects %j with USAGE_INVALID', (head) => {
    expect(() => detect(head)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });
});

describe('readJsonDocument', () => {
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

  test('reads the list of keys in a SoulSync configuration', async () => {
    expect(await jsonDocument(text)).toEqual([
      {
        position: 1,
        entry: {
          keyHash: HASH,
          id: '11111111-1111-4111-8111-111111111111',
          label: 'ci',
          keyPrefix: 'sk_abcd1234',
          createdAt: '2026-01-31T12:34:56.789Z',
        },
      },
      {
        position: 2,
        entry: {
          keyHash: OTHER_HASH,
          id: '22222222-2222-4222-8222-222222222222',
          label: 'a "{[',
          createdAt: '2026-01-31T12:34:56.789Z',
          lastUsedAt: '2026-01-31T22:00:00.000Z',
        },
      },
      { position: 3, problem: 'keyHash is missing' },
      { position: 4, problem: expect.stringMatching(/^createdAt: expected a time/), keyHash: HASH },
    ]);
  });

  test('reads a document that contains only the list of keys', async () => {
    expect(
      await jsonDocument(
        `[\n{"label":"a","key_hash":"${HASH}","plan":"free","metadata":{"a":{}}},\n{"label":"b","key_hash":"${HASH}"}]`,
      ),
    ).toMatchObject([
      { position: 1, entry: { label: 'a', plan: 'free' } },
      { position: 2, entry: { label: 'b' } },
    ]);
  });

  const PREFIX = 'sk_abcd1234';
  test.each([
    ['prefix', { label: '', key_prefix: PREFIX, id: 'a' }, PREFIX],
    ['prefix', { label: null, key_prefix: PREFIX }, PREFIX],
    ['id', { label: '', key_prefix: '', id: 'a' }, 'a'],
    ['own label', { label: 'ci', key_prefix: PREFIX, id: 'a' }, 'ci'],
  ])('labels a key with its %s: %j', async (_, fields, label) => {
    const text = JSON.stringify({ api_keys: [{ key_hash: HASH, ...fields }] });
    expect(await jsonDocument(text)).toMatchObject([{ position: 1, entry: { label } }]);
  });

  test('rejects a key that has neither a label nor a prefix nor an id', async () => {
    const text = JSON.stringify({ api_keys: [{ key_hash: HASH, label: '' }] });
    expect(await jsonDocument(text)).toEqual([{ position: 1, problem: 'label is missing', keyHash: HASH }]);
  });

  test('reads a document that contains a string of many megabytes', async () => {
    const cache = 'x\\"'.repeat(7_000_000);
    const text = `{"cache": "${cache}",\n"api_keys": [{"label": "a", "key_hash": "${HASH}"}]}`;
    const entries = await toArray(readJsonDocument(importInput(text, { chunks: inOneChunk(text) })));
    expect(entries).toMatchObject([{ position: 1, entry: { label: 'a' } }]);
  });

  test.each([
    ['invalid JSON', '{"api_keys": ['],
    ['an object without the list', '{"keys": []}'],
    ['a string', '"api_keys"'],
    ['null', 'null'],
  ])('rejects %s with IMPORT_INVALID', async (_, text) => {
    await expect(jsonDocument(text)).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
  });
});

describe('readJsonLines', () => {
  test('reads field names in camel case and snake case', async () => {
    const text = `{"keyHash":"${HASH}","label":"a","expires_at":"2030-01-01T00:00:00Z","purgeAfter":1,"changedAt":"2029-01-01T00:00:00.000Z","changedBy":"alice","importedBy":"bob","limitsResetAt":"2029-01-01T00:00:00.000Z"}\r\n\nnonsense\n[]\n{"keyHash":"${HASH}","label":"b","expiry":"x"}\n{"keyHash":"${HASH}","key_hash":"${HASH}","label":"c"}\n{"keyHash":"${OTHER_HASH}","label":"d","metadata":{"a":[1]}}`;
    expect(await jsonLines(text)).toEqual([
      { position: 1, entry: { keyHash: HASH, label: 'a', expiresAt: '2030-01-01T00:00:00.000Z' } },
      { position: 3, problem: 'expected one JSON object' },
      { position: 4, problem: 'expected one JSON object' },
      { position: 5, problem: 'unknown field "expiry"', keyHash: HASH },
      { position: 6, problem: 'keyHash is given twice', keyHash: HASH },
      { position: 7, entry: { keyHash: OTHER_HASH, label: 'd', metadata: { a: [1] } } },
    ]);
  });

  test('shows only the length of an unknown name that may be a key', async () => {
    const text = `{"keyHash":"${HASH}","label":"a","kX2mQ9vT4wB7nZ1cR8jL":1}`;
    expect(await jsonLines(text)).toMatchObject([{ problem: 'unknown field (hidden name of 20 characters)' }]);
  });

  test('reads scopes from a list or from one string', async () => {
    const lines = ['["a","b"]', '"a,b"', '"{a,b}"'].map(
      (scopes) => `{"keyHash":"${HASH}","label":"x","scopes":${scopes}}`,
    );
    const read = await jsonLines(lines.join('\n'));
    expect(read).toMatchObject(Array.from({ length: 3 }, () => ({ entry: { scopes: ['a', 'b'] } })));
  });

  test('reports a line that is too long without skipping the next one', async () => {
    const text = `${'x'.repeat(100_000)}\n{"keyHash":"${HASH}","label":"a"}\n${'y'.repeat(70_000)}`;
    expect(await toArray(readJsonLines(importInput(text, { chunks: splitIntoChunks(text, 4096) })))).toEqual([
      { position: 1, problem: expect.stringMatching(/longer/) },
      { position: 2, entry: { keyHash: HASH, label: 'a' } },
      { position: 3, problem: expect.stringMatching(/longer/) },
    ]);
  });
});

describe('readEnv', () => {
  const foreign = `sk_-${randomBytes(32).toString('base64url')}`;
  const own = makeKey().secret;
  const hex = randomBytes(24).toString('hex');

  test("returns each key's hash, label and keyPrefix", async () => {
    const text = `# keys\n\nCI=${foreign}\nexport OWN_KEY="${own}"  # the second\n  hex.key = '${hex}'\r\nPLAIN=${foreign} # a comment\n`;
    expect(await env(text)).toEqual([
      {
        position: 3,
        entry: { keyHash: hashSecret(foreign as KeySecret), label: 'CI', keyPrefix: foreign.slice(0, 11) },
      },
      { position: 4, entry: { keyHash: hashSecret(own), label: 'OWN_KEY', keyPrefix: own.slice(0, 11) } },
      { position: 5, entry: { keyHash: hashSecret(hex as KeySecret), label: 'hex.key', keyPrefix: hex.slice(0, 8) } },
      { position: 6, entry: expect.objectContaining({ keyHash: hashSecret(foreign as KeySecret) }) },
    ]);
  });

  test.each([
    ['a missing assignment', foreign],
    ['an empty name', `=${foreign}`],
    ['a key as the name', `${own}=prod`],
    ['a key that is too short', 'A=short'],
    ['a space in the key', `A='${foreign} x'`],
    ['a comma in the key', `A='${foreign},x'`],
    ['a variable that a shell expands', `A="${foreign}$HOME"`],
    ['a # that may start a comment', `A=${foreign}#x`],
    ['an open quote', `A="${foreign}`],
    ['more than one word', `A=${foreign} ${hex}`],
  ])('rejects a line with %s without repeating the line in the error', async (_, line) => {
    const read = await env(`${line}\n`);
    expect(read).toEqual([{ position: 1, problem: expect.any(String) }]);
    expect(tracesOf([foreign, own, hex], JSON.stringify(read))).toEqual([]);
  });

  test('rejects a weak key unless allowWeak is set', async () => {
    const text = 'A=password12345678\nB=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n';
    expect(await env(text)).toEqual([
      { position: 1, problem: expect.stringMatching(/expected 112 bits, got about 82 bits .*--allow-weak/) },
      { position: 2, problem: expect.stringMatching(/about 0 bits/) },
    ]);
    expect(await env(text, true)).toEqual([
      { position: 1, entry: { label: 'A', keyHash: hashSecret('password12345678' as KeySecret) } },
      { position: 2, entry: { label: 'B', keyHash: expect.any(String) } },
    ]);
  });

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
  ])("rejects a setting that isn't an API key: %s", async (line) => {
    expect(await env(line)).toEqual([{ position: 1, problem: expect.any(String) }]);
  });

  test('reads every key that Latchkey issued, even one that resembles words', async () => {
    const secrets = Array.from({ length: 2000 }, () => makeKey().secret);
    const read = await env(secrets.map((secret) => `KEY=${secret}\n`).join(''));
    expect(read.filter((entry) => !('entry' in entry))).toEqual([]);
  });
});
