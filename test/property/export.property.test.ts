import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { exportedFields } from '../../cli/importExport/csv.ts';
import type { JsonObject } from '../../keys/json.ts';
import { isText } from '../../keys/fields.ts';
import { serialiseRecord, type KeyRecord } from '../../keys/record.ts';
import { arbitraryRecord } from '../support/arbitraries.ts';
import { at } from '../support/keys.ts';
import { runs } from '../support/runs.ts';
import { useCli } from '../support/useCli.ts';

const { cli } = useCli();

/** Arbitrary records that the CLI can create. Prefixes are ASCII, and scopes and plans are valid. */
const importable = arbitraryRecord
  .map(({ keyPrefix, scopes, plan, metadata, lastUsedAt, ...record }) => ({
    ...record,
    // `import` rejects a last use in the future.
    ...(lastUsedAt === undefined || lastUsedAt > at(0) ? {} : { lastUsedAt }),
    ...(metadata === undefined ? {} : { metadata: storable(metadata) }),
    ...(keyPrefix === undefined ? {} : { keyPrefix: 'sk_01234567' }),
    ...(scopes === undefined ? {} : { scopes: scopes.map((_, at) => ['orders:read', '+x', '=sum'][at % 3] ?? '-') }),
    ...(plan === undefined ? {} : { plan: ['free', '7', 'pro_2.x-y'][plan.length % 3] ?? '-' }),
  }))
  .filter(({ label, owner, createdBy, disabledBy, revokedBy, revokedReason }) =>
    [label, owner, createdBy, disabledBy, revokedBy, revokedReason].every((text) => text === undefined || isText(text)),
  );

/**
 * Limits numbers, because JSON's range exceeds DynamoDB's. Renames `constructor` fields, because the SDK treats their
 * values as classes.
 */
function storable(metadata: JsonObject): JsonObject {
  const text = JSON.stringify(metadata, (_, value) =>
    typeof value === 'number' ? Math.round(value % 1000) || 0 : value,
  );
  return text.length > 500 ? { plan: 'pro' } : JSON.parse(text.replaceAll('constructor', 'constructed'));
}

async function putAll(table: string, records: readonly KeyRecord[]): Promise<void> {
  for (const record of records) {
    await cli.database.client.send(new PutCommand({ TableName: table, Item: serialiseRecord(record) }));
  }
}

describe.each([
  ['JSON Lines', []],
  ['CSV', ['--csv']],
])('an export as %s', (_, format) => {
  test('equals the export of a table that imported it', async () => {
    const batches = fc.uniqueArray(importable, { minLength: 1, maxLength: 8, selector: ({ keyHash }) => keyHash });
    await fc.assert(
      fc.asyncProperty(batches, async (arbitrary) => {
        const records = [...new Map(arbitrary.map((record) => [record.id, record])).values()];
        const [from, to] = [await cli.makeTable(), await cli.makeTable()];
        await putAll(from, records);
        const first = await cli.run(['export', ...format], { table: from });
        const imported = await cli.run(['import', '-', '--json'], { table: to, input: first.stdout });
        expect(JSON.parse(imported.stdout)).toMatchObject({ skipped: 0, rejected: [] });
        expect((await cli.records(to)).map(exportedFields)).toEqual((await cli.records(from)).map(exportedFields));
        const second = await cli.run(['export', ...format], { table: to });
        expect(second.stdout).toBe(first.stdout);
      }),
      runs(30),
    );
    // Each run creates two tables, which can be slow.
  }, 120_000);
});
