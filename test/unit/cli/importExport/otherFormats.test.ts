import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { addColumns, type ColumnMap } from '../../../../cli/importExport/columnMap.ts';
import { readFileStart } from '../../../../cli/importExport/fileStart.ts';
import { detectFormat, FORMATS, IMPORT_FORMATS, type ImportFormat } from '../../../../cli/importExport/formats.ts';
import { EXPORTED_FAULTS, EXPORTED_KEYS, EXPORTED_SOURCES } from '../../../support/exportedKeys.ts';
import { importInput } from '../../../support/importInput.ts';
import { tracesOf } from '../../../support/traces.ts';

const FILES = EXPORTED_SOURCES.map(({ name, path, args, detected, keyOf, publicPart = '' }) => {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  const count = EXPORTED_KEYS + EXPORTED_FAULTS;
  const secrets = Array.from({ length: count }, (_, index) => keyOf(index + 1).replace(publicPart, ''));
  const columns = args.filter((_, index) => args[index - 1] === '--map');
  const map = columns.reduce<ColumnMap | undefined>((earlier, each) => addColumns(each, earlier), undefined);
  return { name, text, detected, map, secrets };
});

/** Returns the number of keys that a reader finds, and its messages about the others. */
async function readAs(format: ImportFormat, text: string) {
  const said: string[] = [];
  let keyCount = 0;
  try {
    for await (const read of FORMATS[format].read(importInput(text, { warn: (warning) => said.push(warning) }))) {
      if ('entry' in read) keyCount++;
      else said.push(read.problem);
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'IMPORT_INVALID' });
    said.push((error as Error).message);
  }
  return { keyCount, said };
}

test.each(FILES)('no other format reads a key of $name, or repeats one', async ({ text, detected, secrets }) => {
  for (const format of IMPORT_FORMATS.filter((other) => other !== detected)) {
    const { keyCount, said } = await readAs(format, text);
    expect({ format, keyCount, isSilent: said.length === 0 }).toEqual({ format, keyCount: 0, isSilent: false });
    expect(tracesOf(secrets, said.join('\n'))).toEqual([]);
  }
});

test.each(FILES.filter(({ detected }) => detected !== undefined))(
  'detectFormat detects only its own format in $name',
  ({ text, detected, map }) => {
    const start = readFileStart(text);
    expect(start && detectFormat(start, map)).toBe(detected);
  },
);
