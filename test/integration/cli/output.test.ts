import { PassThrough, Writable } from 'node:stream';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { issuedKeyJson, issuedKeyLine, issuedKeyNotice, Output } from '../../../cli/output.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { tracesOf } from '../../support/traces.ts';
import { publicRecord } from '../../../keys/record.ts';

const DAY_MS = 86_400_000;
/** Keys of many issuers, each with its masked form. */
const KEY_LIKE: readonly (readonly [what: string, key: string, shown: string])[] = [
  ['a key whose checksum is wrong', `sk_Zk3vQ9xL${'w0Tb7RmY39'.repeat(4)}1`, 'sk_Z… (52 characters)'],
  ['a key with another prefix', `acme2_Zk3vQ9xL${'w0Tb7RmY39'.repeat(4)}1`, 'acme… (55 characters)'],
  ['a key whose prefix is one letter', `k_Zk3vQ9xL${'w0Tb7RmY39'.repeat(4)}1`, 'k_Zk… (51 characters)'],
  ['a key in base64url', 'sk_Zk3-Q9x_w0Tb7RmY-3_9Lw0Tb7RmYQ9xZk3vQ9xLw0T', 'sk_Z… (46 characters)'],
  ['a key of small letters and digits', `sk_zk3vq9xl${'w0tb7rmy39'.repeat(2)}`, 'sk_z… (31 characters)'],
  ['a key of 28 characters whose capital comes last', 'sk_zk3-q9xl-w0t-7rmy-3-9lw0-b7R', 'sk_z… (31 characters)'],
];

let stdout = new PassThrough();
let stderr = new PassThrough();
let output = new Output({ stdout, stderr });
beforeEach(() => {
  stdout = new PassThrough();
  stderr = new PassThrough();
  output = new Output({ stdout, stderr });
  output.hideTyped(['create', ...KEY_LIKE.map(([, key]) => key)]);
});

const now = () => NOW_MS;
const written = (stream: PassThrough) => String(stream.read() ?? '');

/** Returns an output whose stdout fails each write with an error of this code. */
function failingOutput(code: string | undefined): Output {
  const error = Object.assign(new Error('no'), { name: 'WriteError' }, code === undefined ? {} : { code });
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done(error) });
  return new Output({ stdout, stderr });
}

describe('Output.note', () => {
  test.each(KEY_LIKE)('masks %s after four characters', async (_, key, shown) => {
    output.note(`error: expected less, got "${key}"`);
    await Promise.resolve();
    const text = written(stderr);
    expect(text).toBe(`error: expected less, got "${shown}"\n`);
    expect(tracesOf([key.slice(4)], text)).toEqual([]);
  });

  test('masks every key in a line', async () => {
    output.note(KEY_LIKE.map(([, key]) => key).join(', '));
    await Promise.resolve();
    expect(written(stderr)).toBe(`${KEY_LIKE.map(([, , shown]) => shown).join(', ')}\n`);
  });

  test.each(['made_for-the-production-environment_2030-06-15', 'sk_short', 'an ordinary sentence'])(
    'leaves %j unmasked',
    async (text) => {
      output.note(text);
      await Promise.resolve();
      expect(written(stderr)).toBe(`${text}\n`);
    },
  );

  test('masks a value that resembles a key only if you typed it', async () => {
    output.hideTyped(['--plan=AbCd3fGh1jKlMn0pQrSt']);
    output.note('AbCd3fGh1jKlMn0pQrSt: key 507f1f77bcf86cd799439011 was revoked by AROAEXAMPLE2QK7HV3XN5:alice');
    await Promise.resolve();
    expect(written(stderr)).toBe(
      'AbCd… (20 characters): key 507f1f77bcf86cd799439011 was revoked by AROAEXAMPLE2QK7HV3XN5:alice\n',
    );
  });

  test('escapes newlines and control characters', async () => {
    output.note('one\ntwo \u001b[2J');
    await Promise.resolve();
    expect(written(stderr)).toBe('one\\u000atwo \\u001b[2J\n');
  });

  test('Output.noteOwn leaves a cursor unmasked', async () => {
    const [[, key] = ['', '']] = KEY_LIKE;
    output.noteOwn(`--cursor ${key}`);
    await Promise.resolve();
    expect(written(stderr)).toBe(`--cursor ${key}\n`);
  });
});

test.each(KEY_LIKE)('Output.ask masks %s in its prompt', (_, key, shown) => {
  output.ask(`Revoke ${key}\n? `);
  expect(written(stderr)).toBe(`Revoke ${shown}\\u000a? `);
});

describe('Output.print', () => {
  test('writes the text unchanged to stdout', async () => {
    await output.print('{"a":"\u001b"}\n');
    expect([written(stdout), written(stderr)]).toEqual(['{"a":"\u001b"}\n', '']);
  });

  test.each(['EPIPE', 'ERR_STREAM_DESTROYED'])(
    'rejects with OUTPUT_CLOSED if the write fails with %s',
    async (code) => {
      const closed = failingOutput(code);
      await expect(closed.print('x')).rejects.toMatchObject({ code: 'OUTPUT_CLOSED', cause: { code } });
      expect(await failingOutput(code).printIfRead('x')).toBe(false);
    },
  );

  test.each([
    ['ENOSPC', 'cannot write to stdout: ENOSPC'],
    [undefined, 'cannot write to stdout: WriteError'],
  ])('rejects with OUTPUT_UNUSABLE if the write fails with %s', async (code, message) => {
    await expect(failingOutput(code).print('x')).rejects.toMatchObject({ code: 'OUTPUT_UNUSABLE', message });
    await expect(failingOutput(code).printIfRead('x')).rejects.toMatchObject({ code: 'OUTPUT_UNUSABLE' });
  });

  test('Output.printIfRead resolves to true after the write', async () => {
    expect(await output.printIfRead('x')).toBe(true);
    expect(written(stdout)).toBe('x');
  });
});

test.each([
  [{}, { isTerminal: false, columns: 80 }],
  [
    { isTTY: true, columns: 0 },
    { isTerminal: true, columns: 80 },
  ],
  [
    { isTTY: true, columns: 120 },
    { isTerminal: true, columns: 120 },
  ],
])('an Output on a stream with %j has the fields %j', (fields, expected) => {
  const { isTerminal, columns } = new Output({ stdout: Object.assign(new PassThrough(), fields), stderr });
  expect({ isTerminal, columns }).toEqual(expected);
});

test.each([
  [{}, false],
  [{ isTTY: true }, true],
])('Output.canAsk for a stderr with %j is %p', (fields, expected) => {
  expect(new Output({ stdout, stderr: Object.assign(new PassThrough(), fields) }).canAsk).toBe(expected);
});

describe('an issued key', () => {
  const { secret, record } = makeKey({
    label: 'build\u001b',
    owner: 'acme',
    scopes: ['a', 'b'],
    plan: 'free',
    expiresAt: at(DAY_MS),
  });
  const { record: previous } = makeKey({ label: 'old' });

  test('appears in JSON together with its record', () => {
    expect(JSON.parse(issuedKeyJson({ secret, record }))).toEqual({ key: secret, record: publicRecord(record) });
    expect(issuedKeyJson({ secret, record })).not.toContain(record.keyHash);
  });

  test('does not appear in JSON if it is stored in a file', () => {
    const json = issuedKeyJson({ secret, record, previous }, 'in a file');
    expect(JSON.parse(json)).toEqual({ record: publicRecord(record), previous: publicRecord(previous) });
    expect(tracesOf([secret], json)).toEqual([]);
  });

  test('appears on one line with its escaped label in plain output', () => {
    expect(issuedKeyLine({ secret, record }, Infinity)).toBe(`${secret}  build\\u001b`);
  });

  test('appears in the notice with its scopes, plan and expiry', () => {
    expect(issuedKeyNotice({ secret, record }, { output, now })).toBe(
      `key:     ${secret}
id:      ${record.id}
label:   build\\u001b
owner:   acme
scopes:  a b
plan:    free
expires: ${at(DAY_MS)} (in 1 day)

Store the key now: you cannot see it again.`,
    );
  });

  test('does not appear in the notice if it is stored in a file', () => {
    const notice = issuedKeyNotice({ secret, record: previous }, { output, now }, 'in a\u001bfile');
    expect(notice).toBe(`id:    ${previous.id}\nlabel: old\n\nThe key is in a\\u001bfile, and nowhere else.`);
  });

  test('lacks a relative time in the notice if it has expired', () => {
    const notice = issuedKeyNotice({ secret, record: { ...record, expiresAt: at(0) } }, { output, now });
    expect(notice).toContain(`expires: ${at(0)}\n`);
  });
});

describe('the colours of an Output', () => {
  const ON = '\u001b[31m';
  const redOn = (fields: object, env: Readonly<Record<string, string>>) =>
    new Output({ stdout: Object.assign(new PassThrough(), fields), stderr, env }).colors.red('x').startsWith(ON);

  test.each([
    ['on a terminal', { isTTY: true }, {}, true],
    ['on a pipe', {}, {}, false],
    ['on a terminal with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false],
    ['on a terminal with an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, true],
    ['on a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, false],
    ['on a pipe with FORCE_COLOR', {}, { FORCE_COLOR: '1' }, true],
    ['on a terminal with FORCE_COLOR=0', { isTTY: true }, { FORCE_COLOR: '0' }, false],
    ['on a pipe with NO_COLOR and FORCE_COLOR', {}, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('depend on the environment %s', (_, fields, env, expected) => {
    expect(redOn(fields, env)).toBe(expected);
  });

  test('belong to each stream', async () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    const mixed = new Output({ stdout, stderr: terminal });
    mixed.note('error: no');
    await Promise.resolve();
    expect(mixed.colors.red('x')).toBe('x');
    expect(written(terminal)).toBe(`${ON}error:\u001b[39m no\n`);
  });

  test('are the only control characters that Output.print keeps', async () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    const colored = new Output({ stdout: terminal, stderr });
    await colored.print(`${colored.colors.red('a')}\u001b[2J\u001b]0;x\u0007\n`, { isColored: true });
    expect(written(terminal)).toBe(`${ON}a\u001b[39m\\u001b[2J\\u001b]0;x\\u0007\n`);
  });
});

test('issuedKeyLine puts the label below the key on a narrow terminal', () => {
  const { secret, record } = makeKey({ label: 'a nightly build server' });
  expect(issuedKeyLine({ secret, record }, 60)).toBe(`${secret}\n  a nightly build server`);
});

describe('an Output on a narrow terminal', () => {
  const narrow = (fields: object) => {
    const terminal = Object.assign(new PassThrough(), fields);
    return { terminal, output: new Output({ stdout, stderr: terminal, env: { NO_COLOR: '1' } }) };
  };

  test('wraps notes and prompts between words', async () => {
    const { terminal, output: wrapped } = narrow({ isTTY: true, columns: 20 });
    wrapped.note('error: the table cannot be read; see latchkey list --help');
    wrapped.ask('Revoke this old key? [y/N] ');
    await Promise.resolve();
    expect(written(terminal)).toBe(
      'error: the table\ncannot be read; see\nlatchkey list --help\nRevoke this old key?\n[y/N] ',
    );
  });

  test('leaves room for the answer after a question', () => {
    const { terminal, output: wrapped } = narrow({ isTTY: true, columns: 20 });
    wrapped.ask('Revoke it now? [y/N] ');
    expect(written(terminal)).toBe('Revoke it now?\n[y/N] ');
  });

  test('ends the line of an interrupted question only once', () => {
    const { terminal, output: asking } = narrow({ isTTY: true, columns: 80 });
    asking.endQuestion();
    asking.ask('Sure? [y/N] ');
    asking.endQuestion();
    asking.endQuestion();
    expect(written(terminal)).toBe('Sure? [y/N] \n');
  });

  test('leaves a note on a pipe in one line', async () => {
    const { terminal, output: piped } = narrow({ columns: 20 });
    piped.note('error: the table cannot be read; see latchkey list --help');
    await Promise.resolve();
    expect(written(terminal).split('\n')).toHaveLength(2);
  });
});
