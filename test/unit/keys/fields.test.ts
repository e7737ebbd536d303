import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { checkChanges, revokeChange } from '../../../keys/changes.ts';
import { LatchkeyError } from '../../../keys/errors.ts';
import {
  checkNewKey,
  expectedFor,
  findProblem,
  isActor,
  isSafeToPrint,
  isText,
  toExpiryFields,
} from '../../../keys/fields.ts';
import { checkImportedKey } from '../../../keys/importedKey.ts';
import type { JsonValue } from '../../../keys/json.ts';
import { checkRegistryOptions } from '../../../keys/options.ts';
import { generateSecret } from '../../../keys/secret.ts';
import { deepValue } from '../../support/deepJson.ts';
import { NOW_MS } from '../../support/keys.ts';
import { tracesOf } from '../../support/traces.ts';

function problemOf(input: unknown): string {
  try {
    checkNewKey(input, NOW_MS);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'INPUT_INVALID') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

test.each(['label', 'owner', 'scopes', 'plan', 'allowedIps', 'expiresAt', 'metadata'])(
  'checkNewKey rejects a value of %s that is 25,000 lists deep',
  (name) => {
    const deep = name === 'metadata' ? { deep: deepValue(25_000) } : deepValue(25_000);
    expect(problemOf({ label: 'x', [name]: deep })).toMatch(
      new RegExp(`^${name}: expected .+, got objects and lists more than 32 deep`),
    );
  },
);

test.each(['label', 'owner', 'scopes', 'plan', 'allowedIps', 'expiresAt', 'metadata'])(
  'checkNewKey rejects a value of %s that contains itself twice',
  (name) => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    cyclic['again'] = cyclic;
    expect(problemOf({ label: 'x', [name]: cyclic })).toMatch(
      new RegExp(`^${name}: expected .+, got objects and lists more than 32 deep`),
    );
  },
);

test.each([
  ['a bigint', 1n],
  ['a symbol', Symbol('s')],
  ['a function', () => {}],
  ['a date', new Date(0)],
  ['undefined', undefined],
])('checkNewKey rejects metadata that contains %s', (_, value) => {
  expect(problemOf({ label: 'x', metadata: { a: [value] } })).toMatch(/^metadata: expected .+, got an object$/);
  expect(problemOf({ label: 'x', scopes: [value] })).toMatch(/^scopes: expected .+, got a list of 1 with /);
});

test('checkNewKey rejects a list of scopes with a gap', () => {
  const scopes: string[] = [];
  scopes.length = 1;
  expect(problemOf({ label: 'x', scopes })).toMatch(/^scopes: expected .+, got a list of 1 with nothing in it/);
});

test('checkNewKey copies every list and object of the input', () => {
  const scopes = ['a'];
  const metadata = { list: ['a'] };
  const checked = checkNewKey({ label: 'x', scopes, metadata }, NOW_MS);
  scopes.push('bad,scope');
  metadata.list.push('b');
  expect(checked).toStrictEqual({ label: 'x', scopes: ['a'], metadata: { list: ['a'] } });
});

describe('checkNewKey', () => {
  test.each([
    ['a label of 256 characters', { label: 'x'.repeat(256) }],
    ['an owner of 256 characters', { label: 'x', owner: 'x'.repeat(256) }],
    ['scopes of 1024 characters together', { label: 'x', scopes: ['x'.repeat(512), 'x'.repeat(511)] }],
    ['an empty list of scopes', { label: 'x', scopes: [] }],
    ['a plan of 64 characters', { label: 'x', plan: `9.${'x'.repeat(60)}-_` }],
    ['a plan of one character', { label: 'x', plan: 'A' }],
    ['metadata of 1024 bytes', { label: 'x', metadata: { a: 'x'.repeat(1016) } }],
  ])('accepts %s', (_, input) => {
    expect(checkNewKey(input, NOW_MS)).toStrictEqual(input);
  });

  test('schedules the deletion of a key for 90 days after its expiry', () => {
    expect(checkNewKey({ label: 'x', expiresAt: '2031-01-31T13:00+01:00' }, NOW_MS)).toStrictEqual({
      label: 'x',
      expiresAt: '2031-01-31T12:00:00.000Z',
      // 31 January 2031, 12:00, and 90 days.
      purgeAfter: 1_935_403_200,
    });
  });

  test('toExpiryFields rejects an unchecked expiry', () => {
    expect(() => toExpiryFields('tomorrow')).toThrow(expect.objectContaining({ code: 'INTERNAL_ERROR' }));
  });

  test.each([
    ['label', { label: 'x'.repeat(257) }],
    ['label', { label: '' }],
    ['label', {}],
    ['label', Object.assign(() => {}, { label: 'x' })],
    ['owner', { label: 'x', owner: 'x'.repeat(257) }],
    ['owner', { label: 'x', owner: '' }],
    ['scopes', { label: 'x', scopes: ['x'.repeat(512), 'x'.repeat(512)] }],
    ['scopes', { label: 'x', scopes: ['a b'] }],
    ['scopes', { label: 'x', scopes: ['a', 1] }],
    ['plan', { label: 'x', plan: 'x'.repeat(65) }],
    ['plan', { label: 'x', plan: '' }],
    ['plan', { label: 'x', plan: '.free' }],
    ['plan', { label: 'x', plan: 'free plan' }],
    ['plan', { label: 'x', plan: 'frée' }],
    ['plan', { label: 'x', plan: 'free\n' }],
    ['plan', { label: 'x', plan: null }],
    ['allowedIps', { label: 'x', allowedIps: [] }],
    ['allowedIps', { label: 'x', allowedIps: '203.0.113.7' }],
    ['allowedIps', { label: 'x', allowedIps: Array.from({ length: 21 }, (_, at) => `203.0.113.${at}`) }],
    ['metadata', { label: 'x', metadata: { a: 'x'.repeat(1017) } }],
    ['metadata', { label: 'x', metadata: [] }],
    ['expiresAt', { label: 'x', expiresAt: '2031-02-30T00:00:00Z' }],
    ['expiresAt', { label: 'x', expiresAt: '2020-01-01T00:00:00Z' }],
  ])('throws an error that contains the name and the value of an invalid %s: %p', (field, input) => {
    expect(problemOf(input)).toMatch(new RegExp(`^${field}: expected .+, got \\S`));
  });
});

describe('the error about an invalid field', () => {
  const secret = generateSecret('sk_');
  const foreign = 'sk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

  test.each(
    [secret, foreign, generateSecret('abcdefghijklmno_')].flatMap((key) =>
      Array.from({ length: 70 }, (_, offset) => [offset, key] as const),
    ),
  )("doesn't repeat a key at position %i of the value: %s", (offset, key) => {
    const before = 'x '.repeat(offset / 2);
    const message = problemOf({
      label: `${before}${key} ${'x'.repeat(300)}`,
      owner: { name: before + key },
      scopes: [before + key, ' '],
      plan: `.${before}${key}`,
      expiresAt: before + key,
      metadata: { key: before + key, more: 'x'.repeat(1100) },
    });
    expect(message.split(';')).toHaveLength(6);
    for (let at = 0; at + 12 <= key.length; at++) {
      const part = key.slice(at, at + 12);
      expect(message.includes(part)).toBe(false);
    }
  });
});

/** Nests the value in this many objects. */
function nested(levels: number, value: JsonValue): JsonValue {
  return levels === 0 ? value : { a: nested(levels - 1, value) };
}

describe('checkNewKey with an expiry', () => {
  test.each([
    '2031-01-31T12:00:00.123456Z',
    '2031-01-31T12:00:00+0100',
    '2031-01-31 12:00:00+01',
    '2031-01-31T12:00Z',
    '2031-01-31',
    '2030-06-15',
  ])('accepts %s', (text) => {
    expect(findProblem('expiresAt', text, NOW_MS)).toBeUndefined();
  });

  test.each(['2030-06-14', '2030-06-15T12:00:00Z', '2031-01-31T12:00:00', '2031-02-30', '1924905600', 'tomorrow'])(
    'rejects %s with an error that names the expected forms',
    (text) => {
      expect(findProblem('expiresAt', text, NOW_MS)).toBe(
        `expiresAt: expected ${expectedFor('expiresAt')}, got "${text}"`,
      );
    },
  );
});

describe('checkNewKey with scopes', () => {
  test.each(['a,b', 'a, b', '{a,b}', '{a', '[a]', 'a b', ''])(
    'rejects a list that contains %j with an error that shows how to write scopes',
    (scope) => {
      const problem = findProblem('scopes', ['fine', scope], NOW_MS);
      expect(problem).toBe(
        `scopes: expected ${expectedFor('scopes')}, got a list of 2 with ${JSON.stringify(scope)} in it`,
      );
      expect(problem).toContain('["orders:read","orders:write"]');
    },
  );

  test('rejects a string instead of a list', () => {
    expect(findProblem('scopes', 'a,b', NOW_MS)).toMatch(/^scopes: expected a list of scopes.*, got "a,b"$/);
  });
});

describe('checkNewKey with metadata', () => {
  test.each([
    ['1024 bytes', { a: `${'x'.repeat(1014)}é` }],
    ['30 levels', nested(30, true)],
    ['numbers that the table can store', { all: [0, 9.9e125, -9.9e125, 1e-130, -1e-130] }],
    ['names of inherited properties', { toString: 'x', prototype: null }],
  ])('accepts %s', (_, metadata) => {
    expect(findProblem('metadata', metadata, NOW_MS)).toBeUndefined();
  });

  test.each([
    ['1025 bytes', { a: `${'x'.repeat(1015)}é` }],
    ['31 levels', nested(31, true)],
    ['31 levels, the last one empty', nested(30, {})],
    ['half of a character', { a: '\ud83d' }],
    ['half of a character in a name', { '\ud83d': 1 }],
    ['a number that is too large', { a: 1e126 }],
    ['a number that is too far below zero', { a: -1e126 }],
    ['a number that is too close to zero', { a: 9.9e-131 }],
    ['a name that would set a prototype', JSON.parse('{"a":{"__proto__":{}}}')],
    ["a name that confuses the SDK's class check", { a: { constructor: 'x' } }],
  ])('rejects %s', (_, metadata) => {
    expect(findProblem('metadata', metadata, NOW_MS)).toMatch(/^metadata: expected .*1024.*, got .+/);
  });
});

describe('an error message about an invalid field', () => {
  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [7, '7'],
    [true, 'true'],
    ['a "b"', String.raw`"a \"b\""`],
    ['a '.repeat(30), `"${'a '.repeat(30)}"`],
    [`${'a '.repeat(30)}b`, 'a text of 61 characters'],
    [['a', 'b', 'c'], 'a list of 3'],
    [{ a: 1 }, 'an object'],
    [{ a: 1n }, 'an object'],
    [new Map(), 'an object'],
    [Object.create(null), 'an object'],
    [7n, 'a bigint'],
    [Symbol('s'), 'a symbol'],
    [() => 'secret', 'a function'],
  ])('contains a description of %p: %s', (value, got) => {
    expect(findProblem('plan', value, NOW_MS)?.split(', got ')[1]).toBe(`${got}`);
  });

  test.each([
    ["15 characters, which can't be a key", '.12345678901234', '.12345678901234'],
    ['16 characters, which may be a key', ' 1234567890abcdef', ' 1234… (16 characters)'],
    [
      'two strings that may be keys',
      '.sk_live-AbCdEfGhIjKlMnOp sk_test-AbCdEfGhIjKlMnOp',
      '.sk_… (25 characters) sk_t… (24 characters)',
    ],
    ['a right-to-left override', 'a\u202eb', String.raw`a\u202eb`],
  ])("contains %s in a form that doesn't reveal a key", (_, value, got) => {
    expect(findProblem('plan', value, NOW_MS)?.split(', got ')[1]).toBe(`"${got}"`);
  });

  test.each([
    ['label', '256'],
    ['owner', '256'],
    ['scopes', '1024'],
    ['plan', '64'],
    ['expiresAt', '8601'],
    ['metadata', '1024'],
  ] as const)('contains the limit of the field %s: %s', (name, bound) => {
    expect(expectedFor(name)).toContain(bound);
  });
});

const SECRETS = [generateSecret('sk_'), generateSecret('live9_')];
const WRONG = SECRETS.map((secret) => secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0'));

/** Returns every field that can contain a string, with the string in it. */
function fieldsWith(text: string): readonly (readonly [string, Record<string, unknown>])[] {
  return [
    ['label', { label: text }],
    ['label', { label: `key ${text}, old` }],
    ['owner', { owner: text }],
    ['scopes', { scopes: ['orders:read', text] }],
    ['plan', { plan: text }],
    ['metadata', { metadata: { deep: [{ inside: `was ${text}` }] } }],
    ['metadata', { metadata: { [text]: 1 } }],
  ];
}

function messageOf(act: () => unknown, code: LatchkeyError['code']): string {
  try {
    act();
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === code) return error.message;
    throw error;
  }
  throw new Error('not refused');
}

describe.each(SECRETS)('the field checks (string %# with an API key)', (secret) => {
  test.each(fieldsWith(secret))(
    'reject the string in the %s of a new, changed or imported key without repeating the API key',
    (name, fields) => {
      const imported = checkImportedKey(
        { keyHash: '0'.repeat(64), label: 'x', ...fields },
        { actor: 'a', nowMs: NOW_MS },
      );
      const problems = [
        messageOf(() => checkNewKey({ label: 'x', ...fields }, NOW_MS), 'INPUT_INVALID'),
        messageOf(() => checkChanges(fields, NOW_MS), 'INPUT_INVALID'),
        'problem' in imported ? imported.problem : '',
      ];
      for (const problem of problems) {
        expect(problem).toMatch(new RegExp(`^${name}: expected .+, got an API key in it$`));
        expect(tracesOf([secret], problem)).toEqual([]);
      }
    },
  );

  test('reject the string in a reason or an actor without repeating the API key', () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }));
    const options = { client, tableName: 'keys', actor: `ops ${secret}` };
    const problems = [
      messageOf(() => revokeChange({ reason: `leaked: ${secret}` }, 'ops', NOW_MS), 'INPUT_INVALID'),
      messageOf(() => checkRegistryOptions(options), 'CONFIG_INVALID'),
    ];
    for (const name of ['createdBy', 'disabledBy', 'revokedBy', 'revokedReason']) {
      const entry = { keyHash: '0'.repeat(64), label: 'x', [name]: secret };
      const checked = checkImportedKey(entry, { actor: 'a', nowMs: NOW_MS });
      expect(checked).toEqual({ problem: expect.stringMatching(new RegExp(`^${name}: `)) });
      problems.push(JSON.stringify(checked));
    }
    expect(tracesOf([secret], problems.join(' '))).toEqual([]);
  });
});

test.each(WRONG.flatMap((text) => fieldsWith(text)))(
  'checkNewKey accepts a string that only resembles a key in the %s',
  (_, fields) => {
    expect(() => checkNewKey({ label: 'x', ...fields }, NOW_MS)).not.toThrow();
  },
);

test.each([
  ['an ARN', 'arn:aws:iam::123456789012:user/ops'],
  ['256 characters', 'x'.repeat(256)],
])('isText and isActor accept %s', (_, value) => {
  expect(isText(value)).toBe(true);
  expect(isActor(value)).toBe(true);
});

test.each([257, 2048])('only isActor accepts %i characters', (length) => {
  const value = 'x'.repeat(length);
  expect(isText(value)).toBe(false);
  expect(isActor(value)).toBe(true);
});

test.each([
  ['2049 characters', 'x'.repeat(2049)],
  ['an empty string', ''],
  ['half of a character', '\ud83d'],
  ['a key', generateSecret('sk_')],
  ['a number', 7],
])('isText and isActor reject %s', (_, value) => {
  expect(isText(value)).toBe(false);
  expect(isActor(value)).toBe(false);
});

test.each([
  ['NUL', 'a\u0000b'],
  ['a newline', 'a\nb'],
  ['a tab', 'a\tb'],
  ['a right-to-left override', 'a\u202eb'],
  ['the Arabic letter mark', 'a\u061cb'],
  ['a zero-width space', 'a\u200bb'],
  ['a tag character', 'a\u{e0041}b'],
])('isText and isActor reject a string with %s', (_, text) => {
  expect(isText(text)).toBe(false);
  expect(isActor(text)).toBe(false);
});

test.each([
  ['spaces', '   '],
  ['no-break spaces', '\u00a0\u00a0'],
  ['an ideographic space', '\u3000'],
  ['the blank braille pattern', '\u2800'],
  ['several kinds of space', ' \u2800\u00a0'],
])('isText and isActor reject a string of only %s', (_, text) => {
  expect(isText(text)).toBe(false);
  expect(isActor(text)).toBe(false);
});

test.each([
  'Zoë & Sons <zoe@example.com>',
  'می\u200cخواهم',
  '👨‍👩‍👧 family',
  'Zo\u00e9\u00a0Sons',
  '\u2813\u2800\u280a',
  ' x ',
])('isText and isActor accept the string %s', (text) => {
  expect(isText(text)).toBe(true);
  expect(isActor(text)).toBe(true);
});

const UUID = '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11';

test.each([
  ['a UUID', UUID],
  ['a UUID in capitals', UUID.toUpperCase()],
  ['a prefix of a UUID with the length of an external key', UUID.slice(0, 18)],
  ['a string that is too short for a key', 'x'.repeat(15)],
])('isSafeToPrint accepts %s as an id: %s', (_, id) => {
  expect(isSafeToPrint(id)).toBe(true);
});

test.each([
  ['a string with the length of an external key', 'x'.repeat(16)],
  ['a key that is a UUID after a prefix', `sk${UUID}`],
  ['a key that is a UUID and one more character', `${UUID}0`],
])('isSafeToPrint rejects %s as an id: %s', (_, id) => {
  expect(isSafeToPrint(id)).toBe(false);
});
