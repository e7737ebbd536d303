import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import type { ImportedKey } from '../../../keys/registry.ts';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { startDynalite, type Engine } from '../../support/engine.ts';
import { at } from '../../support/keys.ts';
import { LARGE_FILES } from '../../support/largeFiles.ts';
import { useCli } from '../../support/useCli.ts';
import { Tables } from './tableUnderTest.ts';

const COUNT = 1000;
const CONCURRENCY = 16;

const { cli } = useCli();
let engine: Engine;
let tables: Tables;
beforeAll(async () => {
  engine = await startDynalite();
  tables = new Tables(engine);
});
afterAll(async () => {
  tables?.close();
  await engine?.stop();
});

test('importHashes resumes an interrupted import of a thousand keys with at most 16 in progress', async () => {
  const { registry } = await tables.open();
  let read = 0;
  let told = 0;
  let mostInHand = 0;
  const source = function* (): Generator<ImportedKey> {
    for (let index = 0; index < COUNT; index++) {
      mostInHand = Math.max(mostInHand, ++read - told);
      yield { keyHash: hashSecret(`foreign-key-number-${index}` as KeySecret), label: `key ${index}` };
    }
  };
  const run = async (stopAfter: number) => {
    const counts = { imported: 0, skipped: 0, rejected: 0 };
    [read, told] = [0, 0];
    for await (const { outcome } of registry.importHashes(source(), { concurrency: CONCURRENCY })) {
      counts[outcome]++;
      if (++told === stopAfter) break;
    }
    return counts;
  };
  const first = await run(COUNT / 2);
  expect(first).toEqual({ imported: COUNT / 2, skipped: 0, rejected: 0 });
  const second = await run(COUNT);
  expect(second.imported + second.skipped).toBe(COUNT);
  expect(second.skipped).toBeGreaterThanOrEqual(first.imported);
  expect(second.skipped).toBeLessThan(first.imported + CONCURRENCY);
  expect(mostInHand).toBe(CONCURRENCY);
  let stored = 0;
  for await (const { records } of registry.pages({ consistentRead: true })) stored += records.length;
  expect(stored).toBe(COUNT);
}, 120_000);

const DUPLICATES = 40;
const RUNS = 5;

/** 960 keys, and 40 later lines that repeat hashes with revoked, disabled, an earlier expiry, or only another label. */
function linesWithDuplicates(): readonly string[] {
  return Array.from({ length: COUNT }, (_, index) => {
    const isDuplicate = index % (COUNT / DUPLICATES) === COUNT / DUPLICATES - 1;
    // Repeats the previous line or one from much earlier.
    const number = isDuplicate ? (index % 2 === 0 ? index - 1 : (index * 7) % (COUNT / 2)) : index;
    const first = number % (COUNT / DUPLICATES) === COUNT / DUPLICATES - 1 ? number - 1 : number;
    const restriction = isDuplicate
      ? RESTRICTIONS[Math.floor(index / 25) % RESTRICTIONS.length]
      : { expiresAt: at(9e8) };
    const keyHash = hashSecret(`foreign-key-number-${first}` as KeySecret);
    return JSON.stringify({
      keyHash,
      label: `line-${index + 1}`,
      createdAt: at(-1),
      ...restriction,
    });
  });
}

const RESTRICTIONS = [
  { revokedAt: at(-1000), revokedBy: 'carol', revokedReason: 'left' },
  { disabledAt: at(-2000), disabledBy: 'bob' },
  { expiresAt: at(1000) },
  {},
];

test('five imports of 1,000 lines with 40 duplicate hashes write the same records', async () => {
  const lines = linesWithDuplicates();
  const file = await cli.write('keys.jsonl', lines.join('\n'));
  const tables: (readonly KeyRecord[])[] = [];
  let told: readonly Duplicate[] = [];
  for (let run = 0; run < RUNS; run++) {
    const table = await cli.makeTable();
    const { exitCode, stdout } = await cli.run(['import', file, '--json'], { table });
    expect(exitCode).toBe(0);
    const { imported, duplicates } = JSON.parse(stdout);
    expect(imported).toHaveLength(COUNT - DUPLICATES);
    expect(duplicates).toHaveLength(DUPLICATES);
    told = duplicates;
    tables.push((await cli.records(table)).toSorted((a, b) => (a.label < b.label ? -1 : 1)));
  }
  const [first = [], ...others] = tables;
  // The file doesn't have ids, so each run generates its own.
  const withoutIds = (records: readonly KeyRecord[]) => records.map((record) => ({ ...record, id: '' }));
  for (const other of others) expect(withoutIds(other)).toEqual(withoutIds(first));
  const byLine = new Map(first.map((record) => [record.label, record]));
  for (const { line, firstLine, applied } of told) {
    const said = JSON.parse(lines[line - 1] ?? '') as KeyRecord;
    const kept = byLine.get(`line-${firstLine}`);
    // The key has the restrictions of this line, even if another line was stored first.
    if (said.revokedAt !== undefined) expect(kept?.revokedAt).toBeDefined();
    if (said.disabledAt !== undefined) expect(kept?.disabledAt).toBeDefined();
    if (said.expiresAt !== undefined) expect(String(kept?.expiresAt) <= said.expiresAt).toBe(true);
    expect(kept).toMatchObject(Object.fromEntries(applied.map((name) => [name, expect.anything()])));
  }
}, 600_000);

interface Duplicate {
  readonly line: number;
  readonly firstLine: number;
  readonly applied: readonly (keyof KeyRecord)[];
}

/** The parsed keys of a large file don't fit in it. */
const HEAP_MIB = 64;
const LARGE_COUNT = 100_000;

test.each(Object.keys(LARGE_FILES))(
  'import reads 100,000 keys in the format %s with a heap of 64 MiB',
  (format) => {
    const args = [`--max-old-space-size=${HEAP_MIB}`, '--import', 'tsx', 'test/support/readLargeFile.ts'];
    const stdout = execFileSync(process.execPath, [...args, format, String(LARGE_COUNT)], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toMatchObject({ read: LARGE_COUNT, rejected: 0 });
  },
  600_000,
);
