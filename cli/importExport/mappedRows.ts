import { isZeroTime, KEY_IN_FIELD } from '../../keys/importedKey.ts';
import { CliError } from '../../operator/errors.ts';
import { type ColumnMap, EXTRA_TARGETS, type MapTarget } from './columnMap.ts';
import type { ImportInput } from './importFormat.ts';
import { disabledIf, readBoolean, readStatus, STATUS_EXPECTED } from './keyStatus.ts';
import { mayRestrict } from './mayRestrict.ts';
import { whyNotAKey } from './notAKey.ts';
import { fieldsWithKey, readRawKey } from './rawKey.ts';
import {
  type EntryFields,
  type FieldName,
  isNotImported,
  type ReadEntry,
  readEntry,
  showName,
  toFieldName,
  withProblems,
} from './readEntry.ts';
import { isObject, NOT_AN_OBJECT, type Row } from './row.ts';
import { isEpochNumber, readSourceTime, sourceTimeExpected } from './sourceTime.ts';

type MappedInput = Pick<ImportInput, 'warn' | 'nowMs' | 'options'> & { readonly map: ColumnMap };

/**
 * Reads rows by the columns of `--map`. A column that isn't mapped keeps its meaning if it has a field's name. Ignores
 * other columns with one warning, but rejects a row if such a column may mean that its key has ended.
 *
 * @throws CliError `IMPORT_INVALID` after the last row if no row has a column of the map
 */
export async function* readMappedRows(rows: AsyncIterable<Row>, input: MappedInput): AsyncGenerator<ReadEntry> {
  const columns = new Columns(input.map);
  let rowCount = 0;
  for await (const row of rows) {
    if ('problem' in row) yield row;
    else if (!isObject(row.value)) yield { position: row.position, problem: NOT_AN_OBJECT };
    else {
      rowCount++;
      yield toEntry(row.position, columns.read(row.value), input);
    }
  }
  if (columns.ignored.length > 0) input.warn(`ignored unknown columns: ${columns.ignored.join(', ')}`);
  if (rowCount > 0) checkColumns(columns.missing);
}

/**
 * Checks that a file has the columns of the map.
 *
 * @throws CliError `IMPORT_INVALID` with the names of the missing ones
 */
export function checkColumns(missing: readonly string[]): void {
  if (missing.length === 0) return;
  const names = missing.map(showName).join(', ');
  throw new CliError('IMPORT_INVALID', `cannot use --map: the file lacks these columns: ${names}`);
}

/** The values of one row, by target. */
interface MappedRow {
  readonly values: ReadonlyMap<MapTarget, unknown>;
  readonly problems: readonly string[];
}

class Columns {
  readonly #map: ColumnMap;
  readonly #mapped: ReadonlySet<string>;
  readonly #seen = new Set<string>();
  readonly #ignored = new Set<string>();

  constructor(map: ColumnMap) {
    this.#map = map;
    this.#mapped = new Set([...map.values()].map(({ column }) => column));
  }

  get ignored(): readonly string[] {
    return [...this.#ignored];
  }

  /** The columns of the map that no row has. */
  get missing(): readonly string[] {
    return [...this.#mapped].filter((column) => !this.#seen.has(column));
  }

  read(row: object): MappedRow {
    const values = new Map<MapTarget, unknown>();
    const problems: string[] = [];
    for (const [name, value] of Object.entries(row)) {
      if (this.#mapped.has(name)) this.#seen.add(name);
      else if (!this.#takeByName(name, value, values) && mayRestrict(name) && !isAbsent(value)) {
        problems.push(`unknown column ${showName(name)} may mean that the key has ended: map it, or remove it`);
      }
    }
    for (const [target, { column }] of this.#map) {
      if (Object.hasOwn(row, column)) values.set(target, (row as Readonly<Record<string, unknown>>)[column]);
    }
    return { values, problems };
  }

  /** Reads a column that isn't mapped but has a field's name. Returns `false` if it has another name. */
  #takeByName(name: string, value: unknown, values: Map<MapTarget, unknown>): boolean {
    const field = toFieldName(name);
    const isReplaced = field !== undefined && (this.#map.has(field) || (field === 'keyHash' && this.#map.has('key')));
    if (field !== undefined && !isReplaced) values.set(field, value);
    else if (!isNotImported(name) && (isReplaced || !mayRestrict(name))) this.#ignored.add(showName(name));
    return field !== undefined || isNotImported(name);
  }
}

function toEntry(position: number, { values, problems }: MappedRow, { map, nowMs, options }: MappedInput): ReadEntry {
  const found = [...problems];
  const fields = readFields(values, map, found);
  const state = readState(values, nowMs, found);
  const key = map.has('key') ? readKey(values.get('key'), fields, { map, allowWeak: options.allowWeak }, found) : {};
  // A raw key with a problem has no hash. That isn't another problem.
  if (map.has('key') && key.keyHash === undefined) return { position, problem: found.join('; ') };
  const read = readEntry(position, { ...fields, ...key, ...withOwnTimes(state, fields) }, (name) => show(name, map));
  return withProblems(read, found);
}

function readFields(values: MappedRow['values'], map: ColumnMap, problems: string[]): EntryFields {
  const fields: Partial<Record<FieldName, unknown>> = {};
  for (const [target, value] of values) {
    if (isExtra(target) || isAbsent(value)) continue;
    const { unit } = map.get(target) ?? {};
    const read = unit === undefined ? value : readSourceTime(value, unit, target === 'expiresAt' ? 'end' : 'start');
    if (read === undefined) problems.push(`${show(target, map)}: expected ${sourceTimeExpected(unit)}`);
    else if (unit === undefined && target.endsWith('At') && isEpochNumber(value)) {
      problems.push(`${show(target, map)}: expected the unit of the number: ${UNIT_ADVICE}`);
    } else fields[target] = read;
  }
  return fields;
}

const UNIT_ADVICE = 'add :seconds or :milliseconds to its column in --map';

function isExtra(target: MapTarget): target is Exclude<MapTarget, FieldName> {
  return EXTRA_TARGETS.some((extra) => extra === target);
}

function show(name: MapTarget, map: ColumnMap): string {
  const column = map.get(name)?.column;
  return column === undefined || column === name ? name : `${name} (${showName(column)})`;
}

/** Reads a raw key. It leaves this function only as a hash, with the first characters that lists may show. */
function readKey(
  value: unknown,
  others: EntryFields,
  { map, allowWeak }: { readonly map: ColumnMap; readonly allowWeak: boolean },
  problems: string[],
): EntryFields {
  const raw = isAbsent(value) ? '' : String(value).trim();
  const key =
    raw === '' ? 'expected a key, got none' : readRawKey(raw, { allowWeak, whyNot: (text) => whyNotAKey('key', text) });
  if (typeof key === 'string') {
    problems.push(`key: ${key}`);
    return {};
  }
  for (const name of fieldsWithKey(raw, others)) problems.push(`${show(name as FieldName, map)}: ${KEY_IN_FIELD}`);
  return key;
}

/** Reads the columns that say whether the key works. A key that ended at an unknown time ends with the import. */
function readState(values: MappedRow['values'], nowMs: number, problems: string[]): EntryFields {
  const flag = (target: MapTarget, ifAbsent: boolean | undefined): boolean | undefined => {
    if (!values.has(target)) return undefined;
    const value = values.get(target);
    const read = isAbsent(value) ? ifAbsent : readBoolean(value);
    if (read === undefined) problems.push(`${target}: expected true or false`);
    return read;
  };
  const isOff = flag('enabled', undefined) === false || flag('disabled', false) === true;
  const isRevoked = flag('revoked', false) === true;
  const status = values.has('status') ? readStatus(values.get('status'), nowMs) : {};
  if (status === undefined) problems.push(`status: expected ${STATUS_EXPECTED}`);
  return { ...disabledIf(isOff, nowMs), ...(isRevoked ? readStatus('revoked', nowMs) : {}), ...status };
}

/** Replaces the time of the import in a state by the row's own time of the same end. */
function withOwnTimes(state: EntryFields, fields: EntryFields): EntryFields {
  const own = readSourceTime(fields.expiresAt, undefined, 'end');
  const isOver = state.expiresAt !== undefined && typeof own === 'string' && own < String(state.expiresAt);
  return {
    ...state,
    ...(isOver ? { expiresAt: own } : {}),
    ...(state.disabledAt !== undefined && isTime(fields.disabledAt) ? { disabledAt: fields.disabledAt } : {}),
    ...(state.revokedAt !== undefined && isTime(fields.revokedAt) ? { revokedAt: fields.revokedAt } : {}),
  };
}

/** Returns whether the value may be a time. A zero time means that there is none. */
function isTime(value: unknown): boolean {
  return !isAbsent(value) && !isZeroTime(value);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
