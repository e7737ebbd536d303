import { describe, expect, test } from '@jest/globals';
import { changing, checkChanges, type KeyChanges } from '../../../keys/changes.ts';
import { deepValue } from '../../support/deepJson.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const ALL_FIELDS = 'label, owner, scopes, plan, expiresAt, metadata';

describe('checkChanges', () => {
  test.each([
    ['null', null],
    ['a text', ''],
    ['no field', {}],
    ['a field that is undefined', { label: undefined }],
  ])('refuses %s, and names the fields there are', (_, changes) => {
    expect(() => checkChanges(changes, NOW_MS)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(new RegExp(`^changes: got none, wanted .*${ALL_FIELDS}`)),
      }),
    );
  });

  test.each(['label', 'metadata'])('refuses a %s of 25,000 lists in each other', (name) => {
    expect(() => checkChanges({ [name]: deepValue(25_000) }, NOW_MS)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  test('returns changes that share no list and no object with the input', () => {
    const scopes = ['a'];
    const metadata = { list: ['a'] };
    const checked = checkChanges({ scopes, metadata, owner: null }, NOW_MS);
    scopes.push('bad,scope');
    metadata.list.push('b');
    expect(checked).toStrictEqual({ scopes: ['a'], metadata: { list: ['a'] }, owner: null });
  });

  test('tells each field that is wrong, and of one that there is not, which ones there are', () => {
    expect(() => checkChanges({ label: '', owner: 'acme', colour: 'red' }, NOW_MS)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(new RegExp(`^label: got "", wanted [^;]+; .*"colour".*${ALL_FIELDS}$`)),
      }),
    );
  });
});

const { record } = makeKey({ owner: 'acme', plan: 'free' });

const IS_NOT_REVOKED = '(attribute_not_exists(#revokedAt) OR attribute_type(#revokedAt, :null))';
const HAS_NO_END = '(attribute_not_exists(#expiresAt) OR attribute_type(#expiresAt, :null))';
const IS_NOT_ROTATED = '(attribute_not_exists(#rotatedTo) OR attribute_type(#rotatedTo, :null))';

describe('changing', () => {
  test.each<[string, KeyChanges, Parameters<typeof changing>[1], readonly string[]]>([
    ['a label takes any key that is not revoked', { label: 'b' }, { read: undefined, expected: undefined }, []],
    [
      'a label as it was read compares that alone',
      { label: 'b' },
      { read: record, expected: record },
      ['#label = :v0'],
    ],
    [
      'a label and the end compare the end and the rotation',
      { label: 'b', expiresAt: at(1) },
      { read: record, expected: undefined },
      [HAS_NO_END, IS_NOT_ROTATED],
    ],
  ])('%s', (_, changes, context, compared) => {
    expect(changing(changes, context).conditions).toEqual([IS_NOT_REVOKED, ...compared]);
  });

  test('does not take the end from a key that was rotated, and names its successor', () => {
    const read = { ...record, expiresAt: at(1), rotatedTo: 'successor' };
    expect(() => changing({ expiresAt: null }, { read, expected: undefined })).toThrow(
      expect.objectContaining({
        code: 'CONFLICT',
        keyId: record.id,
        message: expect.stringContaining('successor'),
      }),
    );
  });

  test('refuses what is not as it was read any more, and names it alone', () => {
    const changes = { label: 'b', owner: 'other', plan: null };
    const read = { ...record, label: 'changed', plan: 'pro' };
    expect(() => changing(changes, { read, expected: record })).toThrow(
      expect.objectContaining({
        code: 'CONFLICT',
        keyId: record.id,
        message: expect.stringMatching(/\blabel\b(?!.*\bowner\b).*\bplan\b/),
      }),
    );
  });

  test.each<[string, KeyChanges]>([
    ['to another end', { expiresAt: at(1) }],
    ['to none, though it was rotated', { expiresAt: null }],
  ])('refuses a change of what was revoked before it is written: %s', (_, changes) => {
    const read = { ...record, revokedAt: at(-1), rotatedTo: 'successor' };
    expect(() => changing(changes, { read, expected: undefined })).toThrow(
      expect.objectContaining({ code: 'ALREADY_REVOKED', keyId: record.id }),
    );
  });
});
