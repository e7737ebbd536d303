import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { EntrySpool, type EntryLine } from '../../../../cli/importExport/reviewedKeys.ts';

const entryLine = (line: number): EntryLine => ({
  line,
  entry: { keyHash: line.toString(16).padStart(64, '0'), label: `é\u2028 "\n" ${line}` },
});

const spooled = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('latchkey-import-'));

test.each([1, 2, 9, 10, 11, 25])('gives %i entries back in their order, and leaves no file behind', async (count) => {
  const spool = new EntrySpool(10);
  const entries = Array.from({ length: count }, (_, index) => entryLine(index + 1));
  for (const entry of entries) await spool.add(entry);
  expect(spool.count).toBe(count);
  // Nobody finds the file by a name, so it also goes if the process is killed.
  if (process.platform !== 'win32') expect(await spooled()).toEqual([]);
  const read: EntryLine[] = [];
  for await (const entry of spool.entries()) read.push(entry);
  await spool.close();
  expect(read).toEqual(entries);
  expect(await spooled()).toEqual([]);
});
