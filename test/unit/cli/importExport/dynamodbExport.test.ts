import { describe, expect, test } from '@jest/globals';
import { readDynamoDbExport } from '../../../../cli/importExport/dynamodbExport.ts';
import { exportedFields } from '../../../../cli/importExport/csv.ts';
import { readFileStart } from '../../../../cli/importExport/fileStart.ts';
import { detectFormat } from '../../../../cli/importExport/formats.ts';
import { toArray } from '../../../support/chunks.ts';
import { importInput } from '../../../support/importInput.ts';
import { at, makeKey } from '../../../support/keys.ts';

const warnings: string[] = [];
const dynamodb = (text: string) => {
  warnings.length = 0;
  return toArray(readDynamoDbExport(importInput(text, { warn: (warning) => warnings.push(warning) })));
};
const detect = (text: string) => {
  const start = readFileStart(text);
  return start && detectFormat(start);
};

/** Converts a JSON value to DynamoDB JSON. */
function typed(value: unknown): object {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(typed) };
  return { M: attributes(value as object) };
}
const attributes = (item: object) =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, typed(value)]));
const line = (item: object) => `${JSON.stringify({ Item: attributes(item) })}\n`;

const { record } = makeKey({
  owner: 'acme',
  scopes: ['a', 'b'],
  plan: 'pro',
  metadata: { seats: 3, nested: [{ on: true, none: null }] },
  expiresAt: at(1000),
  purgeAfter: 5,
  version: 7,
});

describe('readDynamoDbExport', () => {
  test('reads the records of a Latchkey table with all their fields', async () => {
    expect(await dynamodb(line(record))).toEqual([{ position: 1, entry: exportedFields(record) }]);
    expect(warnings).toEqual([]);
  });

  test('reads the output of aws dynamodb scan', async () => {
    const text = JSON.stringify({ Items: [attributes(record)], Count: 1, ScannedCount: 1 }, null, 4);
    expect(detect(text)).toBe('dynamodb');
    expect(await dynamodb(text)).toEqual([{ position: 1, entry: exportedFields(record) }]);
  });

  test('reads a hash in a binary attribute', async () => {
    const item = { ...attributes(record), keyHash: { B: Buffer.from(record.keyHash, 'hex').toString('base64') } };
    expect(await dynamodb(`${JSON.stringify({ Item: item })}\n`)).toMatchObject([
      { entry: { keyHash: record.keyHash } },
    ]);
  });

  test('reads sets of numbers and texts in the metadata', async () => {
    const metadata = { M: { seats: { NS: ['1', '2'] }, teams: { SS: ['blue'] } } };
    const item = { ...attributes(record), metadata };
    expect(await dynamodb(`${JSON.stringify({ Item: item })}\n`)).toMatchObject([
      { entry: { metadata: { seats: [1, 2], teams: ['blue'] } } },
    ]);
  });

  test('rejects a line that is not an item and reads the next one', async () => {
    expect(
      await dynamodb(`${line(record)}{"Item":{"keyHash":"x"}}\nnonsense\n{"Item":{}}\n${line(record)}`),
    ).toMatchObject([
      { position: 1, entry: {} },
      { position: 2, problem: expect.stringMatching(/^expected an item in DynamoDB JSON/) },
      { position: 3, problem: expect.stringMatching(/^expected an item in DynamoDB JSON/) },
      { position: 4, problem: expect.stringMatching(/^expected an item in DynamoDB JSON/) },
      { position: 5, entry: {} },
    ]);
  });

  test.each([
    [
      'another table without a map',
      line({ pk: 'x', hash: record.keyHash }),
      /don't have the attribute keyHash; pass --map keyHash=ATTRIBUTE$/,
    ],
    [
      'an incremental export',
      `${JSON.stringify({ Metadata: {}, Keys: {}, NewImage: attributes(record) })}\n`,
      /incremental export; export the whole table/,
    ],
    [
      'Amazon Ion',
      `$ion_1_0 {Item:{keyHash:"${record.keyHash}"}}\n`,
      /Amazon Ion; export the table in the format DYNAMODB_JSON/,
    ],
  ])('rejects %s with IMPORT_INVALID', async (_, text, message) => {
    expect(detect(text)).toBe('dynamodb');
    await expect(dynamodb(text)).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
