import { expect, test } from '@jest/globals';
import { generateSecret } from '../../keys/secret.ts';
import { isActor, isText } from '../../keys/text.ts';

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
