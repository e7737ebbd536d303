import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CSV, exportedFields, JSON_LINES, readCsv } from '../../../../cli/importExport/csv.ts';
import { readJsonLines } from '../../../../cli/importExport/jsonEntries.ts';
import { FIELD_NAMES } from '../../../../cli/importExport/readEntry.ts';
import { guardCell, unguardCell } from '../../../../operator/csvCell.ts';
import { arbitraryRecord } from '../../../support/arbitraries.ts';
import { splitIntoChunks, toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';
import { makeKey } from '../../../support/keys.ts';

const HASH = 'ab'.repeat(32);
const OTHER_HASH = 'cd'.repeat(32);

const warnings: string[] = [];
const csv = (text: string) => toArray(readCsv(importInput(text, { warn: (warning) => warnings.push(warning) })));
const jsonLines = (text: string) => toArray(readJsonLines(importInput(text)));

describe('readCsv', () => {
  test('reads columns in any order and spelling, even if cells contain quotes and newlines', async () => {
    const text = `\r\nOwner,key_hash,label,Scopes,Plan,metadata\r\n"acme, ""the"" firm",${HASH},"two\nlines",a b,free,"{""plan"":""pro""}"\r\n,${OTHER_HASH.toUpperCase()},x,[],,\r\n`;
    expect(await csv(text)).toMatchObject([
      {
        entry: {
          keyHash: HASH,
          owner: 'acme, "the" firm',
          label: 'two\nlines',
          scopes: ['a', 'b'],
          plan: 'free',
          metadata: { plan: 'pro' },
        },
      },
      { entry: { keyHash: OTHER_HASH, label: 'x', scopes: [] } },
    ]);
  });

  test.each([';', '\t'])('detects the separator %j', async (delimiter) => {
    const text = `keyHash${delimiter}label\n${HASH}${delimiter}"a, b"\n`;
    expect(await csv(text)).toEqual([{ position: 2, entry: { keyHash: HASH, label: 'a, b' } }]);
  });

  test('reports a bad row without skipping the next one', async () => {
    const text = `keyHash,label,createdAt\n${HASH},a\n${HASH},b"c",\n\nnohash,d,\n${HASH},e,soon\n${OTHER_HASH},f,\n`;
    expect(await csv(text)).toEqual([
      { position: 2, problem: expect.stringMatching(/cells/) },
      { position: 3, problem: expect.stringMatching(/quotes/) },
      { position: 5, problem: expect.stringMatching(/^keyHash: expected/) },
      { position: 6, problem: expect.stringMatching(/^createdAt: expected/), keyHash: HASH },
      { position: 7, entry: { keyHash: OTHER_HASH, label: 'f' } },
    ]);
  });

  test('reads a time without a zone as UTC', async () => {
    const rows = [`${HASH},a,2026-01-31,2031-01-31`, `${HASH},b,2026-01-31 12:34:56.123456+01, 2031-01-31 12:00`];
    const text = `keyHash,label,createdAt,expiresAt\n${rows.join('\n')}`;
    const [first, second] = await csv(text);
    expect(first).toMatchObject({
      entry: { createdAt: '2026-01-31T00:00:00.000Z', expiresAt: '2031-01-31T23:59:59.999Z' },
    });
    expect(second).toMatchObject({
      entry: { createdAt: '2026-01-31T11:34:56.123Z', expiresAt: '2031-01-31T12:00:00.000Z' },
    });
  });

  const EXPORTED = CSV.header.trim();

  test.each([
    ['`sep=;`, which Excel writes', `sep=;\r\nkeyHash;label\r\n${HASH};"a, b"\r\n`, 3, 'a, b'],
    ['`"sep=|"`', `"sep=|"\nkeyHash|label\n${HASH}|a\n`, 3, 'a'],
    ['`#TYPE`, which PowerShell writes', `#TYPE A.B\r\n"keyHash","label"\r\n"${HASH}","a"\r\n`, 3, 'a'],
    ['`sep=` and a tab', `sep=\t\r\nkeyHash\tlabel\r\n${HASH}\ta, b\r\n`, 3, 'a, b'],
    ['a comment with an odd quote', `# a 3" pipe\n\nkeyHash,label\n${HASH},a\n`, 4, 'a'],
    ['`#TYPE` with an odd quote', `#TYPE A"B\r\n"keyHash","label"\r\n"${HASH}","a"\r\n`, 3, 'a'],
    ['a byte order mark and `sep=`', `\ufeffsep=;\nkeyHash;label\n${HASH};a\n`, 3, 'a'],
    ['a byte order mark', `\ufeffkeyHash,label\n${HASH},a\n`, 2, 'a'],
  ])('reads a file that begins with %s', async (_, text, line, label) => {
    expect(await csv(text)).toEqual([{ position: line, entry: { keyHash: HASH, label } }]);
  });

  test('ignores unknown columns with one warning that names them all', async () => {
    warnings.length = 0;
    const text = `id,keyHash,note,label,purgeAfter,note,throttle,\nk1,${HASH},x,a,1,y,z,\n`;
    expect(await csv(text)).toEqual([{ position: 2, entry: { keyHash: HASH, id: 'k1', label: 'a' } }]);
    expect(warnings).toEqual(['ignored unknown columns: "note", "throttle", ""']);
  });

  test.each([
    'revoked',
    'is_active',
    'Status',
    'expires',
    'deleted_at',
    'blocked',
    'deactivated_at',
    'valid_until',
    'archived',
    'locked',
    'not_after',
    'cancelled_at',
    'terminated',
    'removed',
    'banned',
    'end_date',
    'isValid',
    'ttl',
    'live',
    'api_key_status',
    'account_state',
    'blocked_ips',
    'locked_reason',
    'deactivatedAt',
    'retired',
    'key_ttl_seconds',
  ])('rejects the unknown column %s, because it may mark a key as inactive', async (name) => {
    await expect(csv(`keyHash,label,${name}\n${HASH},a,x\n`)).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
      message: expect.stringMatching(/rename it to the matching field, or remove it/),
    });
  });

  test('reads `\\N`, NULL and null as an absent value only outside quotes', async () => {
    const text = `keyHash,label,owner,expiresAt\n${HASH},a,\\N,NULL\n${HASH},"NULL","\\N",\\N\n${HASH},NULL,,null\n`;
    expect(await csv(text)).toEqual([
      { position: 2, entry: { keyHash: HASH, label: 'a' } },
      { position: 3, entry: { keyHash: HASH, label: 'NULL', owner: '\\N' } },
      { position: 4, problem: 'label is missing', keyHash: HASH },
    ]);
  });

  test('keeps a leading apostrophe unless the CSV header is from an export', async () => {
    warnings.length = 0;
    expect(await csv(`keyHash,label\n${HASH},'-5 and '=x\n${OTHER_HASH},'@a\n`)).toMatchObject([
      { entry: { label: "'-5 and '=x" } },
      { entry: { label: "'@a" } },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/^line 2: an apostrophe before .* stays/)]);
    const cells = FIELD_NAMES.map((name) => ({ keyHash: HASH, label: "'-5" })[name as 'label'] ?? '').join();
    expect(await csv(`${EXPORTED}\n${cells}\n`)).toMatchObject([{ entry: { label: '-5' } }]);
  });

  test.each([` ${HASH.toUpperCase()} `, `\\x${HASH}`, `0x${HASH}`, `sha256:${HASH}`, `SHA-256:${HASH}\t`])(
    'reads the hash %j from another program like readJsonLines does',
    async (written) => {
      const entry = { keyHash: HASH, label: 'a' };
      expect(await csv(`keyHash,label\n"${written}",a\n`)).toEqual([{ position: 2, entry }]);
      expect(await jsonLines(JSON.stringify({ keyHash: written, label: 'a' }))).toEqual([{ position: 1, entry }]);
    },
  );

  test.each(['a b', '"a,b"', '"a, b"', '"{a,b}"', '"[""a"",""b""]"'])('reads scopes from the cell %s', async (cell) => {
    expect(await csv(`keyHash,label,scopes\n${HASH},x,${cell}\n`)).toMatchObject([{ entry: { scopes: ['a', 'b'] } }]);
  });

  test("reports a quote that isn't closed", async () => {
    expect(await csv(`keyHash,label\n${HASH},"a\n${HASH},b\n`)).toEqual([
      { position: expect.any(Number), problem: expect.stringMatching(/isn't closed/) },
    ]);
  });

  test("rejects a long file with IMPORT_INVALID if a quote in it isn't closed", async () => {
    const text = `keyHash,label\n${HASH},"a\n${`${HASH},b\n`.repeat(5000)}`;
    await expect(toArray(readCsv(importInput(text, { chunks: splitIntoChunks(text, 1000) })))).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
    });
  });

  test.each([
    ['an unknown column, such as a misspelt expiry', 'keyHash,label,expiry'],
    ['a column that appears twice', 'keyHash,label,key_hash'],
    ['a missing column for the hash', 'label,owner'],
  ])('rejects a CSV header with %s before it reads any row', async (_, header) => {
    await expect(csv(`${header}\n1,2,3\n`)).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
  });
});

describe('an export file', () => {
  const records = fc.array(arbitraryRecord, { minLength: 1, maxLength: 5 });

  test.each([
    ['JSON Lines', JSON_LINES, jsonLines],
    ['CSV', CSV, csv],
  ])('can be imported as %s without a change to any record', async (_, format, read) => {
    await fc.assert(
      fc.asyncProperty(records, async (records) => {
        const entries = await read(format.header + format.rows(records));
        const exported = records.map(exportedFields);
        expect(entries.map((read) => ('entry' in read ? read.entry : read))).toEqual(exported);
      }),
      { numRuns: 300 },
    );
  });

  test('keeps the strings NULL, null and \\N in CSV', async () => {
    const { record } = makeKey({ label: 'NULL', owner: '\\N', plan: 'null' });
    expect(await csv(CSV.header + CSV.rows([record]))).toMatchObject([
      { entry: { label: 'NULL', owner: '\\N', plan: 'null' } },
    ]);
  });
});

test('unguardCell restores every cell whose formula guardCell has neutralized', () => {
  const unit = fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', ';', "'", '＝', 'a', '1', '"');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
      const parts = guardCell(text).split(/[;\t\r\n]/);
      for (const part of parts) expect(part).not.toMatch(/^[=+\-@＝＋－＠]/);
      expect(guardCell(text)).not.toMatch(/^[\t\r\n]/);
      expect(unguardCell(guardCell(text))).toBe(text);
    }),
    { numRuns: 1000 },
  );
});
