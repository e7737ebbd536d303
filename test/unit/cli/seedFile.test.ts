import { describe, expect, test } from '@jest/globals';
import { CliError } from '../../../operator/errors.ts';
import { parseSeed, readSeedFile } from '../../../cli/seedFile.ts';
import { STDIN } from '../../../cli/textSource.ts';
import { deepJson } from '../../support/deepJson.ts';
import { NOW_MS } from '../../support/keys.ts';

const ENTRY = {
  label: 'ci',
  owner: 'acme',
  scopes: ['orders:read'],
  plan: 'free',
  expiresAt: '2031-01-01T00:00:00Z',
  metadata: { plan: 'pro' },
};
const SECRET = 'sk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg1A7p0b';

function parse(text: string) {
  return parseSeed(text, 'keys.jsonl', NOW_MS);
}

function getProblem(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof CliError && error.code === 'SEED_INVALID') return [error.message, ...error.details].join('\n');
    throw error;
  }
  throw new Error('parseSeed accepted the seed');
}

test.each(['label', 'metadata'])('parseSeed reports every bad line, even if a %s is nested too deep', (name) => {
  const value = name === 'metadata' ? `{"deep":${deepJson(25_000)}}` : deepJson(25_000);
  const problem = getProblem(`${JSON.stringify(ENTRY)}\n{"label":"x","${name}":${value}}\n{"label":""}`);
  expect(problem).toMatch(
    new RegExp(`line 2: .*${name}: expected .+, got objects and lists more than 32 deep.*\n.*line 3: label: `),
  );
});

describe('parseSeed', () => {
  test.each([
    ['an array', JSON.stringify([ENTRY, { label: 'b' }], undefined, 2)],
    ['an array after blank lines', `\n\n ${JSON.stringify([ENTRY, { label: 'b' }])}`],
    ['lines', `${JSON.stringify(ENTRY)}\n{"label":"b"}\n`],
    ['lines without a last newline', `${JSON.stringify(ENTRY)}\n{"label":"b"}`],
    ['lines with Windows newlines and blank lines between', `${JSON.stringify(ENTRY)}\r\n\r\n{"label":"b"}\r\n`],
  ])('reads the entries from %s', (_, text) => {
    expect(parse(text)).toMatchObject([{ ...ENTRY, expiresAt: '2031-01-01T00:00:00.000Z' }, { label: 'b' }]);
  });

  test.each([
    ['2031-01-01T00:00:00.123456Z', '2031-01-01T00:00:00.123Z'],
    ['2031-01-01T01:00:00+0100', '2031-01-01T00:00:00.000Z'],
    ['2031-01-01 00:00Z', '2031-01-01T00:00:00.000Z'],
    ['2031-01-01', '2031-01-01T23:59:59.999Z'],
  ])('reads the expiry %s', (expiresAt, stored) => {
    expect(parse(JSON.stringify({ label: 'x', expiresAt }))).toEqual([expect.objectContaining({ expiresAt: stored })]);
  });

  test.each(['orders:read,orders:write', 'orders:read, orders:write', '{orders:read,orders:write}'])(
    'reads scopes from the string %s',
    (scopes) => {
      const expected = { label: 'x', scopes: ['orders:read', 'orders:write'] };
      expect(parse(JSON.stringify({ label: 'x', scopes }))).toEqual([expected]);
    },
  );

  test.each(['', '\n', '[]'])('returns an empty list for %j', (text) => {
    expect(parse(text)).toEqual([]);
  });

  test.each([
    ['a field of another type', { label: 'x', owner: 7 }, ['owner', '7']],
    ['an entry without a label', {}, ['label', 'nothing']],
    ['null as a field', { label: 'x', scopes: null }, ['scopes', 'null']],
    ['a list of scopes as one scope', { label: 'x', scopes: ['a,b'] }, ['scopes', '"a,b"', '["orders:read"']],
    ['a string without a scope', { label: 'x', scopes: ' ' }, ['scopes', '" "']],
    ['a string with an invalid scope', { label: 'x', scopes: 'a {b' }, ['scopes', '"{b"']],
    ['an empty plan', { label: 'x', plan: '' }, ['plan', '""']],
    ['a time in the past', { label: 'x', expiresAt: '2020-01-01T00:00:00Z' }, ['expiresAt', '2020']],
    ['a time without a zone', { label: 'x', expiresAt: '2031-01-01T00:00:00' }, ['expiresAt', '2031', 'zone']],
    ['a nonexistent day', { label: 'x', expiresAt: '2031-02-30' }, ['expiresAt', '2031-02-30']],
    ['a relative time', { label: 'x', expiresAt: '90d' }, ['expiresAt', '90d']],
    ['an unknown field', { label: 'x', colour: 'red' }, ['colour', 'unknown', 'expected the fields label']],
    ['a field of the record', { label: 'x', keyHash: 'ab' }, ['keyHash', 'unknown']],
    ['a string', 'ci', ['object']],
    ['a list', ['ci'], ['object']],
    ['null', null, ['object']],
  ])('rejects %s with an error that contains its position and the expected value', (_, entry, expected) => {
    const problem = getProblem(`{"label":"a"}\n\n${JSON.stringify(entry)}`);
    for (const part of ['keys.jsonl', 'line 3', ...expected]) expect(problem).toContain(part);
    expect(problem).toMatch(/expected/);
    expect(getProblem(JSON.stringify([{ label: 'a' }, entry]))).toContain('entry 2');
  });

  test('rejects a repeated label with an error that contains both line numbers', () => {
    const problem = getProblem('{"label":"a"}\n{"label":"b"}\n{"label":"a"}');
    expect(problem).toContain('line 3');
    expect(problem).toContain('line 1');
  });

  test('reports up to 20 bad entries', () => {
    expect(getProblem('{}\n{"label":"a"}\n[\n')).toMatch(/line 1.*\n.*line 3/);
    const lines = getProblem('{}\n'.repeat(1000)).split('\n');
    expect(lines.length).toBeLessThan(30);
    expect(lines.at(-1)).toContain('980');
  });

  test.each([`{"key":"${SECRET}","record"`, `[{"key":"${SECRET}"`, `{"key":"${SECRET}"}`, `[{"key":"${SECRET}"}]`])(
    'never repeats a secret from a bad seed file in the error (case %#)',
    (text) => {
      expect(getProblem(text)).not.toContain(SECRET.slice(0, 20));
    },
  );
});

describe('readSeedFile', () => {
  async function* chunks(...parts: Uint8Array[]) {
    yield* parts;
  }

  test('reads standard input, even if a chunk ends within a character', async () => {
    const bytes = Buffer.from('\ufeff{"label":"é"}');
    const text = await readSeedFile(STDIN, chunks(bytes.subarray(0, 14), bytes.subarray(14)));
    expect(parse(text)).toEqual([{ label: 'é' }]);
  });

  test("rejects standard input that isn't UTF-8 with SEED_INVALID", async () => {
    await expect(readSeedFile(STDIN, chunks(Uint8Array.of(0xff, 0xfe)))).rejects.toMatchObject({
      code: 'SEED_INVALID',
    });
  });

  test('rejects a missing seed file with FILE_UNUSABLE', async () => {
    await expect(readSeedFile('/dev/null/none', process.stdin)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
  });
});
