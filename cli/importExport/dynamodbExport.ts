import { INCREMENTAL, ION, unusableExport } from './exportFolder.ts';
import { fieldOf, type FileStart, namesIn } from './fileStart.ts';
import type { ImportInput, PositionUnit } from './importFormat.ts';
import { readMappedRows } from './mappedRows.ts';
import { type ReadEntry, toFieldName } from './readEntry.ts';
import { firstRow, getRowUnit, readRows } from './rows.ts';
import type { Row } from './row.ts';

/** The list of items in the output of `aws dynamodb scan`. */
const LISTS = ['Items'];
const ION_START = /^\$ion_1_0\b/;

/** Returns whether a file is a data file of DynamoDB's export to S3, or the output of `aws dynamodb scan`. */
export function isDynamoDbExport(start: FileStart): boolean {
  const row = firstRow(start, LISTS);
  if (ION_START.test(start.line) || isIncremental(row)) return true;
  const isScan = Array.isArray(fieldOf(start.json, 'Items')) && isItem(row);
  return start.json !== undefined && (isScan || isItem(fieldOf(row, 'Item')));
}

/** Returns the unit of positions in an export of DynamoDB. */
export function getDynamoDbUnit(start: FileStart): PositionUnit {
  return getRowUnit(start, LISTS);
}

/**
 * Reads the items of a DynamoDB export in the format DYNAMODB_JSON. Without `--map`, the items are records of a Latchkey
 * table.
 *
 * @throws CliError `IMPORT_INVALID` if the export is incremental or in the format Ion, or if there's no map and the items
 * don't have the attribute `keyHash`
 */
export async function* readDynamoDbExport(input: ImportInput): AsyncGenerator<ReadEntry> {
  if (ION_START.test(input.head.trimStart())) throw unusableExport(ION);
  const { map = new Map() } = input.options;
  yield* readMappedRows(toItems(readRows(input, LISTS), map.size > 0), { ...input, map });
}

async function* toItems(rows: AsyncIterable<Row>, hasMap: boolean): AsyncGenerator<Row> {
  let isFirst = true;
  for await (const row of rows) {
    if ('problem' in row) {
      yield row;
      continue;
    }
    if (isIncremental(row.value)) throw unusableExport(INCREMENTAL);
    const item = fieldOf(row.value, 'Item') ?? row.value;
    if (isFirst && !hasMap && isItem(item) && !namesIn(item).some((name) => toFieldName(name) === 'keyHash')) {
      throw unusableExport("its items don't have the attribute keyHash; pass --map keyHash=ATTRIBUTE");
    }
    isFirst = false;
    yield isItem(item)
      ? { position: row.position, value: toPlain(item) }
      : {
          position: row.position,
          problem: 'expected an item in DynamoDB JSON, such as {"Item":{"keyHash":{"S":"…"}}}',
        };
  }
}

/** An incremental export has the images of each change instead of the items. */
function isIncremental(value: unknown): boolean {
  return (
    fieldOf(value, 'Keys') !== undefined && namesIn(value).some((name) => /^(?:New|Old)Image$|^Metadata$/.test(name))
  );
}

type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const TYPES = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS']);

/** Returns whether the value is an item: each attribute has one type and a value. */
function isItem(value: unknown): value is Item {
  return namesIn(value).length > 0 && Object.values(value as object).every(isTyped);
}

function isTyped(value: unknown): boolean {
  const [type, ...others] = namesIn(value);
  return type !== undefined && others.length === 0 && TYPES.has(type);
}

function toPlain(item: Item): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toPlainValue(value)]));
}

/** Converts a typed value. A binary value stays in base64, which is a valid form of a hash. */
function toPlainValue(value: unknown): unknown {
  const [[type, inner] = []] = Object.entries(value as object);
  switch (type) {
    case 'N':
      return Number(inner);
    case 'NULL':
      return null;
    case 'M':
      return isItem(inner) ? toPlain(inner) : {};
    case 'L':
      return Array.isArray(inner)
        ? inner.map((entry) => (isTyped(entry) ? toPlainValue(entry) : undefined))
        : undefined;
    case 'NS':
      return Array.isArray(inner) ? inner.map(Number) : undefined;
    default:
      return inner;
  }
}
