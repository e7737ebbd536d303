import { expect, test } from '@jest/globals';
import { generateSecret } from '../../../keys/secret.ts';
import { isActor, isText } from '../../../keys/fields.ts';

test.each([
  ['an ARN', 'arn:aws:iam::123456789012:user/ops', { text: true, actor: true }],
  ['256 characters', 'x'.repeat(256), { text: true, actor: true }],
  ['257 characters', 'x'.repeat(257), { text: false, actor: true }],
  ['2048 characters', 'x'.repeat(2048), { text: false, actor: true }],
  ['2049 characters', 'x'.repeat(2049), { text: false, actor: false }],
  ['nothing', '', { text: false, actor: false }],
  ['half of a character', '\ud83d', { text: false, actor: false }],
  ['a key', generateSecret('sk_'), { text: false, actor: false }],
  ['a number', 7, { text: false, actor: false }],
])('%s as a text about a key and as who acts', (_, value, { text, actor }) => {
  expect(isText(value)).toBe(text);
  expect(isActor(value)).toBe(actor);
});

test.each([
  ['NUL', 'a\u0000b'],
  ['a newline', 'a\nb'],
  ['a tab', 'a\tb'],
  ['an override of the direction', 'a\u202eb'],
  ['the Arabic letter mark', 'a\u061cb'],
  ['a zero-width space', 'a\u200bb'],
  ['a tag character', 'a\u{e0041}b'],
])('a text with %s is neither a label nor an actor', (_, text) => {
  expect(isText(text)).toBe(false);
  expect(isActor(text)).toBe(false);
});

test.each([
  ['spaces', '   '],
  ['no-break spaces', '\u00a0\u00a0'],
  ['an ideographic space', '\u3000'],
  ['the blank braille pattern', '\u2800'],
  ['several kinds of space', ' \u2800\u00a0'],
])('a text of only %s is neither a label nor an actor', (_, text) => {
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
])('%s is a label and an actor', (text) => {
  expect(isText(text)).toBe(true);
  expect(isActor(text)).toBe(true);
});
