import type { Timestamp } from '../../keys/timestamp.ts';
import type { ImportInput } from './importFormat.ts';
import { readBoolean } from './keyStatus.ts';
import { mayRestrict } from './mayRestrict.ts';
import {
  type EntryFields,
  type FieldName,
  plainName,
  type ReadEntry,
  readEntry,
  showName,
  withProblems,
} from './readEntry.ts';
import { isObject, NOT_AN_OBJECT } from './row.ts';
import { readRows } from './rows.ts';
import { type EpochUnit, readSourceTime, sourceTimeExpected } from './sourceTime.ts';

/**
 * A row of another system's table, read by the system's names of its fields. Names may be in any spelling. The row has a
 * hash. Use `SourceObject` for an object with a raw key.
 */
export class SourceRow {
  /** The problems with the row so far. A problem never repeats a value. */
  readonly problems: string[] = [];
  /** Plain name → the name in the file, and the value. */
  readonly #fields = new Map<string, readonly [name: string, value: unknown]>();
  readonly #taken = new Set<string>();

  constructor(value: object) {
    for (const [name, field] of Object.entries(value)) {
      if (!isEmpty(field)) this.#fields.set(plainName(name), [name, field]);
    }
  }

  /** Returns the first of the fields that has a value. */
  take(...names: readonly string[]): unknown {
    const values = names.map((name) => this.#take(name)?.[1]);
    return values.find((value) => value !== undefined);
  }

  /** Returns a field's value without taking it. The field still counts as not kept. */
  look(name: string): unknown {
    return this.#fields.get(plainName(name))?.[1];
  }

  /** Returns a time, or `undefined` if it's absent, zero or invalid. A number has the unit. */
  takeTime(name: string, unit: EpochUnit, dateAs: 'start' | 'end' = 'start'): Timestamp | undefined {
    const value = this.take(name);
    const time = value === undefined ? null : readSourceTime(value, unit, dateAs);
    if (time === undefined) this.problems.push(`${name}: expected ${sourceTimeExpected(unit)}`);
    return time ?? undefined;
  }

  /** Returns a boolean, or `undefined` if it's absent or invalid. */
  takeBoolean(name: string): boolean | undefined {
    const value = this.take(name);
    const read = value === undefined ? undefined : readBoolean(value);
    if (value !== undefined && read === undefined) this.problems.push(`${name}: expected true or false`);
    return read;
  }

  /** The names of the fields that have a value, and that the caller hasn't taken. */
  get rest(): readonly string[] {
    return [...this.#fields].filter(([plain]) => !this.#taken.has(plain)).map(([, [name]]) => name);
  }

  #take(name: string): readonly [name: string, value: unknown] | undefined {
    const plain = plainName(name);
    this.#taken.add(plain);
    return this.#fields.get(plain);
  }
}

/** How to read the rows of another system. */
export interface Source {
  /** The lists of keys at the top level of the system's JSON documents. */
  readonly lists: readonly string[];
  /** Returns the row's fields by Latchkey's names. */
  readonly toFields: (row: SourceRow, position: number) => EntryFields;
  /** The system's names for Latchkey's fields, for messages. */
  readonly names: Readonly<Partial<Record<FieldName, string>>>;
  /** The system's fields that have no meaning in Latchkey. Import ignores them without a warning. */
  readonly ignored: readonly string[];
  /** The system's fields that Latchkey doesn't keep. Import ignores them with one warning for the whole file. */
  readonly unkept: readonly string[];
}

/** Reads the rows of another system. */
export async function* readSource(input: ImportInput, source: Source): AsyncGenerator<ReadEntry> {
  const ignored = new Set(source.ignored.map(plainName));
  const unkept = new Map(source.unkept.map((name) => [plainName(name), name]));
  const lost = new Set<string>();
  for await (const row of readRows(input, source.lists)) {
    if ('problem' in row) yield row;
    else if (!isObject(row.value)) yield { position: row.position, problem: NOT_AN_OBJECT };
    else {
      const sourceRow = new SourceRow(row.value);
      const fields = source.toFields(sourceRow, row.position);
      for (const name of sourceRow.rest.filter((other) => !ignored.has(plainName(other)))) {
        const known = unkept.get(plainName(name));
        if (known === undefined && mayRestrict(name)) sourceRow.problems.push(mayMeanAnEnd(name));
        else lost.add(known ?? showName(name));
      }
      const read = readEntry(row.position, fields, (name) => source.names[name] ?? name);
      yield withProblems(read, sourceRow.problems);
    }
  }
  if (lost.size > 0) input.warn(`not kept: ${[...lost].join(', ')}`);
}

function mayMeanAnEnd(name: string): string {
  return `unknown field ${showName(name)} may mean that the key has ended: remove the field, or the key`;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
