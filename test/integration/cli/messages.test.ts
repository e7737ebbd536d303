import { describe, expect, test } from '@jest/globals';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { serialiseRecord } from '../../../keys/record.ts';
import { makeKey } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

/** Keys issued elsewhere: base62, hex with a prefix, base64url. */
const FOREIGN = [
  'AbCd3fGh1jKlMn0pQrSt',
  'live_9f86d081884c7d659a2feaa0c55ad015',
  'sk_Zm9vYmFyYmF6-XV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE',
];
const MASKED = /… \(\d+ characters\)/;

const { cli, table } = useCli();

describe.each(FOREIGN)('an error about the key %s', (key) => {
  test.each<[string, (key: string) => readonly string[]]>([
    ['as a command', (k) => [k]],
    ['as an argument of help', (k) => ['help', k]],
    ['as an unknown option', (k) => ['list', `--${k}`]],
    ['as an extra argument', (k) => ['list', k]],
    ['as --limit', (k) => ['list', '--limit', k]],
    ['as --cursor', (k) => ['list', '--cursor', k]],
    ['as --state', (k) => ['list', '--state', k]],
    ['as --stale', (k) => ['list', '--stale', k]],
    ['as --expires', (k) => ['create', '--label', 'x', '--expires', k]],
    ['as a scope in quotes', (k) => ['create', '--label', 'x', '--scope', `"${k}"`]],
    ['as a scope with a backslash', (k) => ['create', '--label', 'x', '--scope', `a\\${k}`]],
    ['as a plan', (k) => ['create', '--label', 'x', '--plan', `${k}!`]],
    ['as metadata', (k) => ['create', '--label', 'x', '--metadata', k]],
    ['as --prefix', (k) => ['create', '--label', 'x', '--prefix', k]],
    ['as --grace', (k) => ['rotate', '0f8c1a52', '--yes', '--grace', k]],
    ['as an id', (k) => ['revoke', k, '--yes']],
    ['as a shell', (k) => ['completion', k]],
    ['as --port', (k) => ['console', '--port', k]],
    ['as a seed file', (k) => ['seed', k]],
    ['as an import file', (k) => ['import', k]],
    ['as an import format', (k) => ['import', '-', '--format', k]],
    ['as a field of --map', (k) => ['import', '-', '--map', `${k}=x`]],
    ['as a unit of --map', (k) => ['import', '-', '--map', `owner=${k}:seconds`]],
    ['as a pair of --map', (k) => ['import', '-', '--map', k]],
    ['as a path to scan', (k) => ['scan', k]],
    ['as a file in a missing directory', (k) => ['export', '--out', `none/${k}`]],
    ['as an argument of identify', (k) => ['identify', k]],
  ])('omits the key if you pass it %s', async (_, args) => {
    const given = args(key);
    const takesTable = !['help', 'completion', key].includes(given[0] ?? '');
    const { exitCode, stdout, stderr } = await cli.run(given, takesTable ? { table } : {});
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^(error|warning|Usage): /);
    expect(stderr).not.toContain(key.slice(0, 8));
    expect(stderr).not.toContain(key.slice(-8));
  });

  test.each([
    ['LATCHKEY_KEY_PREFIXES', ['create', '--label', 'x']],
    ['AWS_ENDPOINT_URL_DYNAMODB', ['list']],
  ])('masks the key in the environment variable %s', async (name, args) => {
    const { exitCode, stderr } = await cli.run(args, { table, env: { [name]: key } });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(MASKED);
    expect(stderr).not.toContain(key.slice(0, 8));
  });
});

test.each([
  ['a mistyped command', ['crate'], /unknown command 'crate' \(Did you mean create\?\); see latchkey --help\n/],
  ['a path', ['seed', '/none/orders-2024/keys.jsonl'], /\/none\/orders-2024\/keys\.jsonl/],
  ['a UUID', ['show', '0f8c1a52-0000-4000-8000-00000000000a'], /0f8c1a52-0000-4000-8000-00000000000a/],
])('an error contains %s unmasked', async (_, args, expected) => {
  const { stderr } = await cli.run(args, args[0] === 'crate' ? {} : { table });
  expect(stderr).toMatch(expected);
});

describe('a newline in an error', () => {
  const FORGED = 'x\nerror: forged\u2028\u202e';

  test('becomes an escape sequence if it comes from an argument', async () => {
    const { stderr } = await cli.run([FORGED]);
    expect(stderr).toMatch(/^error: unknown command 'x\\u000aerror: forged\\u2028\\u202e'.*\n$/);
  });

  test.each([
    ['list', ['list']],
    ['stats', ['stats']],
    ['export', ['export']],
    ['seed', ['seed', '-', '--skip-existing']],
  ])('becomes an escape sequence if %s reports the id of a corrupt record', async (_, args) => {
    const corrupted = await cli.makeTable();
    const Item = { ...serialiseRecord(makeKey({ id: FORGED }).record), createdAt: 'yesterday' };
    await cli.database.client.send(new PutCommand({ TableName: corrupted, Item }));
    const { stderr } = await cli.run(args, { table: corrupted, input: '[]' });
    expect(stderr).toContain('key x\\u000aerror: forged');
    expect(stderr).not.toMatch(/^error: forged/m);
    expect(stderr).not.toMatch(/[\u2028\u202e]/);
  });

  test('becomes an escape sequence if it comes from a seed file', async () => {
    const file = await cli.write('x\nerror: forged', '{"label":"a","x\\nerror: forged":1}');
    const { stderr } = await cli.run(['seed', file], { table });
    expect(stderr).not.toMatch(/^error: forged/m);
    expect(stderr.split('\n')).toHaveLength(3);
  });
});

test.each([
  ['list', ['list']],
  ['list as JSON', ['list', '--json']],
  ['list as CSV', ['list', '--csv']],
  ['export', ['export']],
])('%s escapes control characters of stored labels on a terminal', async (_, args) => {
  const steered = await cli.makeTable();
  await cli.putKey(steered, { label: 'a\u009b2J\u202e\u061c\u200bb', owner: 'o\u{e0041}' });
  const { stdout } = await cli.run(args, { table: steered, isTerminal: true });
  expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(stdout).toContain('\\u202e');
});

test('list --json prints stored labels unchanged to a pipe', async () => {
  const stored = await cli.makeTable();
  const label = 'a\u202e\u0000b';
  await cli.putKey(stored, { label });
  const { stdout } = await cli.run(['list', '--json'], { table: stored });
  expect(JSON.parse(stdout).records[0].label).toBe(label);
});

describe('the check for control and invisible characters', () => {
  const BAD = 'a\u202eb';

  test.each([
    ['in a label', ['create', '--label', BAD]],
    ['in an owner', ['create', '--label', 'x', '--owner', BAD]],
    ['in an actor', ['create', '--label', 'x', '--actor', BAD]],
    ['in a reason', ['revoke', '0f8c1a52', '--yes', '--reason', BAD]],
    ['in a seed file', ['seed', '-']],
  ])('rejects such a character %s', async (_, args) => {
    const { exitCode, stderr } = await cli.run(args, { table, input: JSON.stringify([{ label: BAD }]) });
    expect(exitCode).toBe(args[0] === 'seed' ? 1 : 2);
    expect(stderr).toMatch(/no control or invisible characters/i);
    expect(stderr).not.toContain('\u202e');
  });

  test('rejects only the line of an import that contains such a character', async () => {
    const input = [BAD, 'good']
      .map((label, at) => JSON.stringify({ label, keyHash: String(at).repeat(64) }))
      .join('\n');
    const { exitCode, stdout, stderr } = await cli.run(['import', '-'], { table, input });
    expect(exitCode).toBe(1);
    expect(stdout).toBe('Imported 1 key. Rejected 1 entry.\n');
    expect(stderr).toMatch(/^line 1: label: .*control or invisible characters/m);
  });
});

test('rotate keeps a stored label with a control character', async () => {
  const stored = await cli.makeTable();
  const { record } = await cli.putKey(stored, { label: 'a\u0000b' });
  const { exitCode, stdout } = await cli.run(['rotate', record.id, '--yes', '--json'], { table: stored });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout).record.label).toBe('a\u0000b');
});

/** Control characters, Unicode's line breaks, and its characters that control text direction (UAX #9, table 2). */
const INVISIBLE: readonly (readonly [name: string, codePoint: number])[] = [
  ['NUL', 0x00],
  ['BELL', 0x07],
  ['BACKSPACE', 0x08],
  ['TAB', 0x09],
  ['LINE FEED', 0x0a],
  ['CARRIAGE RETURN', 0x0d],
  ['ESCAPE', 0x1b],
  ['UNIT SEPARATOR', 0x1f],
  ['DELETE', 0x7f],
  ['NEXT LINE', 0x85],
  ['CONTROL SEQUENCE INTRODUCER', 0x9b],
  ['APPLICATION PROGRAM COMMAND', 0x9f],
  ['LEFT-TO-RIGHT MARK', 0x200e],
  ['RIGHT-TO-LEFT MARK', 0x200f],
  ['LINE SEPARATOR', 0x2028],
  ['PARAGRAPH SEPARATOR', 0x2029],
  ['LEFT-TO-RIGHT EMBEDDING', 0x202a],
  ['RIGHT-TO-LEFT EMBEDDING', 0x202b],
  ['POP DIRECTIONAL FORMATTING', 0x202c],
  ['LEFT-TO-RIGHT OVERRIDE', 0x202d],
  ['RIGHT-TO-LEFT OVERRIDE', 0x202e],
  ['LEFT-TO-RIGHT ISOLATE', 0x2066],
  ['RIGHT-TO-LEFT ISOLATE', 0x2067],
  ['FIRST STRONG ISOLATE', 0x2068],
  ['POP DIRECTIONAL ISOLATE', 0x2069],
];

test.each(INVISIBLE)('show and revoke escape %s in a label', async (_, codePoint) => {
  const character = String.fromCodePoint(codePoint);
  const escape = `\\u${codePoint.toString(16).padStart(4, '0')}`;
  const { record } = await cli.putKey(table, { label: `a${character}b` });
  const shown = await cli.run(['show', record.id], { table });
  expect(shown.stdout).toContain(`a${escape}b\n`);
  const asked = await cli.run(['revoke', record.id], { table, isTerminal: true, input: 'no\n' });
  expect(asked.stderr).toMatch(/"a\\\S+b"/);
  // The output always contains line feeds.
  if (character !== '\n') expect(shown.stdout + asked.stderr).not.toContain(character);
});

test.each(['a b', 'é', '日本語', 'עברית', '👍', "it's", '~'])('show prints the label %j unchanged', async (label) => {
  const { record } = await cli.putKey(table, { label });
  const { stdout } = await cli.run(['show', record.id], { table });
  expect(stdout).toContain(`${label}\n`);
});
