import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { TextSource } from '../../../cli/textSource.ts';

const TEXT = 'keyHash,label\n0,Zo\u00e9\n';
const marked = Buffer.from(`\ufeff${TEXT}`, 'utf16le');

test.each([
  ['little-endian UTF-16', marked],
  ['big-endian UTF-16', Buffer.from(marked).swap16()],
  ['UTF-8', Buffer.from(`\ufeff${TEXT}`)],
])('TextSource reads %s whose byte order mark arrives in two chunks', async (_, bytes) => {
  const stdin = Readable.from([bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2)]);
  const source = await TextSource.open('-', stdin);
  let text = '';
  for await (const chunk of source.chunks()) text += chunk;
  expect(text).toBe(TEXT);
});
