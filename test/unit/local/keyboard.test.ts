import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { isForeground, listenToKeyboard } from '../../../local/keyboard.ts';

/** Types the text and returns the names of the callbacks that were called. */
async function typed(text: string): Promise<readonly string[]> {
  const input = new PassThrough();
  const called: string[] = [];
  listenToKeyboard({ input, onEnter: () => called.push('enter'), onOpen: () => called.push('open') });
  input.end(text);
  await once(input, 'close');
  return called;
}

test.each([
  ['\n', ['enter']],
  ['o\n', ['open']],
  [' O \r\n', ['open']],
  ['\no\n\n', ['enter', 'open', 'enter']],
  ['open\nx\n', []],
])('the input %j calls %j', async (text, expected) => {
  expect(await typed(text)).toEqual(expected);
});

test('the keyboard isn’t read while it is paused', async () => {
  const input = new PassThrough();
  const setListening = listenToKeyboard({ input, onEnter: () => {}, onOpen: () => {} });
  setListening(false);
  expect(input.isPaused()).toBe(true);
  setListening(true);
  expect(input.isPaused()).toBe(false);
});

test('listenToKeyboard ignores a terminal that fails', () => {
  const input = new PassThrough();
  listenToKeyboard({ input, onEnter: () => {}, onOpen: () => {} });
  expect(() => input.emit('error', new Error('EIO'))).not.toThrow();
});

test('isForeground returns true for a process that doesn’t exist', () => {
  expect(isForeground(2 ** 30)).toBe(true);
});
