import { describe, expect, test } from '@jest/globals';
import { CliError } from '../../../operator/errors.ts';
import { parseSeed, readSeedFile, STDIN } from '../../../cli/seedFile.ts';
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

function problemOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof CliError && error.code === 'SEED_INVALID') return [error.message, ...error.details].join('\n');
    throw error;
  }
  throw new Error('the seed was read');
}

test.each(['label', 'metadata'])(
  'names the line of a %s that nests too deep, beside every other wrong line',
  (name) => {
    const value = name === 'metadata' ? `{"deep":${deepJson(25_000)}}` : deepJson(25_000);
    const problem = problemOf(`${JSON.stringify(ENTRY)}\n{"label":"x","${name}":${value}}\n{"label":""}`);
    expect(problem).toMatch(
      new RegExp(`line 2: .*${name}: expected .+, got objects and lists more than 32 deep.*\n.*line 3: label: `),
    );
  },
);

describe('a seed file', () => {
  test.each([
    ['an array', JSON.stringify([ENTRY, { label: 'b' }], undefined, 2)],
    ['an array after blank lines', `\n\n ${JSON.stringify([ENTRY, { label: 'b' }])}`],
    ['lines', `${JSON.stringify(ENTRY)}\n{"label":"b"}\n`],
    ['lines without a last newline', `${JSON.stringify(ENTRY)}\n{"label":"b"}`],
    ['lines of Windows with blank ones between', `${JSON.stringify(ENTRY)}\r\n\r\n{"label":"b"}\r\n`],
  ])('is read as %s', (_, text) => {
    expect(parse(text)).toMatchObject([{ ...ENTRY, expiresAt: '2031-01-01T00:00:00.000Z' }, { label: 'b' }]);
  });

  test.each([
    ['2031-01-01T00:00:00.123456Z', '2031-01-01T00:00:00.123Z'],
    ['2031-01-01T01:00:00+0100', '2031-01-01T00:00:00.000Z'],
    ['2031-01-01 00:00Z', '2031-01-01T00:00:00.000Z'],
    ['2031-01-01', '2031-01-01T23:59:59.999Z'],
  ])('may have the expiry %s', (expiresAt, stored) => {
    expect(parse(JSON.stringify({ label: 'x', expiresAt }))).toEqual([expect.objectContaining({ expiresAt: stored })]);
  });

  test.each(['orders:read,orders:write', 'orders:read, orders:write', '{orders:read,orders:write}'])(
    'may have scopes as one text: %s',
    (scopes) => {
      const expected = { label: 'x', scopes: ['orders:read', 'orders:write'] };
      expect(parse(JSON.stringify({ label: 'x', scopes }))).toEqual([expected]);
    },
  );

  test.each(['', '\n', '[]'])('of %j asks for nothing', (text) => {
    expect(parse(text)).toEqual([]);
  });

  test.each([
    ['a field of another type', { label: 'x', owner: 7 }, ['owner', '7', 'expected']],
    ['no label', {}, ['label', 'nothing', 'expected']],
    ['a null', { label: 'x', scopes: null }, ['scopes', 'null', 'expected']],
    ['a list of scopes in one scope', { label: 'x', scopes: ['a,b'] }, ['scopes', '"a,b"', '["orders:read"']],
    ['no scopes in one text', { label: 'x', scopes: ' ' }, ['scopes', '" "', 'expected']],
    ['a text with a wrong scope', { label: 'x', scopes: 'a {b' }, ['scopes', '"{b"', 'expected']],
    ['a plan of no name', { label: 'x', plan: '' }, ['plan', '""', 'expected']],
    ['a time gone by', { label: 'x', expiresAt: '2020-01-01T00:00:00Z' }, ['expiresAt', '2020', 'expected']],
    ['a time without a zone', { label: 'x', expiresAt: '2031-01-01T00:00:00' }, ['expiresAt', '2031', 'zone']],
    ['a day that does not exist', { label: 'x', expiresAt: '2031-02-30' }, ['expiresAt', '2031-02-30', 'expected']],
    ['a relative time', { label: 'x', expiresAt: '90d' }, ['expiresAt', '90d', 'expected']],
    ['an unknown field', { label: 'x', colour: 'red' }, ['colour', 'unknown', 'wanted label']],
    ['a field of the record', { label: 'x', keyHash: 'ab' }, ['keyHash', 'unknown']],
    ['no object', 'ci', ['object']],
    ['a list', ['ci'], ['object']],
    ['null', null, ['object']],
  ])('an entry with %s is told by its line, the field, what was got and what is wanted', (_, entry, expected) => {
    const problem = problemOf(`{"label":"a"}\n\n${JSON.stringify(entry)}`);
    for (const part of ['keys.jsonl', 'line 3', ...expected]) expect(problem).toContain(part);
    expect(problemOf(JSON.stringify([{ label: 'a' }, entry]))).toContain('entry 2');
  });

  test('a label that comes twice is told with both places', () => {
    const problem = problemOf('{"label":"a"}\n{"label":"b"}\n{"label":"a"}');
    expect(problem).toContain('line 3');
    expect(problem).toContain('line 1');
  });

  test('every entry that is wrong is told, and of very many the first', () => {
    expect(problemOf('{}\n{"label":"a"}\n[\n')).toMatch(/line 1.*\n.*line 3/);
    const lines = problemOf('{}\n'.repeat(1000)).split('\n');
    expect(lines.length).toBeLessThan(30);
    expect(lines.at(-1)).toContain('980');
  });

  test.each([`{"key":"${SECRET}","record"`, `[{"key":"${SECRET}"`, `{"key":"${SECRET}"}`, `[{"key":"${SECRET}"}]`])(
    'what it holds by mistake is not repeated: %#',
    (text) => {
      expect(problemOf(text)).not.toContain(SECRET.slice(0, 20));
    },
  );
});

describe('standard input', () => {
  async function* chunks(...parts: Uint8Array[]) {
    yield* parts;
  }

  test('is read whole, also where a chunk ends within a character', async () => {
    const bytes = Buffer.from('\ufeff{"label":"é"}');
    const text = await readSeedFile(STDIN, chunks(bytes.subarray(0, 14), bytes.subarray(14)));
    expect(parse(text)).toEqual([{ label: 'é' }]);
  });

  test('that is not UTF-8 is refused', async () => {
    await expect(readSeedFile(STDIN, chunks(Uint8Array.of(0xff, 0xfe)))).rejects.toMatchObject({
      code: 'SEED_INVALID',
    });
  });
});

test('a file that is not there is told', async () => {
  await expect(readSeedFile('/dev/null/none', process.stdin)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
});
