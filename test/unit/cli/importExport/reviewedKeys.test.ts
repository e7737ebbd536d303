import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { EntrySpool, type ValidEntry } from '../../../../cli/importExport/reviewedKeys.ts';

const makeEntry = (position: number): ValidEntry => ({
  position,
  entry: { keyHash: position.toString(16).padStart(64, '0'), label: `é\u2028 "\n" ${position}` },
});

const spooled = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('latchkey-import-'));

test.each([1, 2, 9, 10, 11, 25])('EntrySpool returns %i entries in their original order', async (count) => {
  const spool = new EntrySpool(10);
  const entries = Array.from({ length: count }, (_, index) => makeEntry(index + 1));
  for (const entry of entries) await spool.add(entry);
  expect(spool.count).toBe(count);
  // The file doesn't have a name, so it also disappears if the process is killed.
  if (process.platform !== 'win32') expect(await spooled()).toEqual([]);
  const read: ValidEntry[] = [];
  for await (const entry of spool.entries()) read.push(entry);
  await spool.close();
  expect(read).toEqual(entries);
  expect(await spooled()).toEqual([]);
});
