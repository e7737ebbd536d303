import { checkImportedKey, KEY_IN_FIELD } from '../../keys/importedKey.ts';
import { isJsonObject, type JsonObject } from '../../keys/json.ts';
import type { ImportedKey } from '../../keys/registry.ts';
import type { KeyHash } from '../../keys/secret.ts';
import type { Timestamp } from '../../keys/timestamp.ts';
import { readBoolean } from './keyStatus.ts';
import { fieldsWithKey, type RawKeyOptions, readRawKey } from './rawKey.ts';
import type { FieldName, ReadEntry } from './readEntry.ts';
import { isObject } from './row.ts';
import { readSourceTime, sourceTimeExpected } from './sourceTime.ts';

/** The key of an entry: raw, or hashed by the other program. */
export type SourceKey = { readonly raw: string } | { readonly keyHash: string } | undefined;

/** The fields of an entry, without its key. A field may be absent. */
export type SourceFields = Omit<ImportedKey, 'keyHash' | 'keyPrefix'>;

/** Options of `SourceObject.toEntry`. */
export interface EntryOptions extends RawKeyOptions {
  /** The other program's names of Latchkey's fields, for problems. */
  readonly names: Readonly<Partial<Record<FieldName, string>>>;
  /** The time of the import. */
  readonly nowMs: number;
}

/**
 * An object in another program's export, with a raw key. Use `SourceRow` for a table with hashes. This class reads fields by that program's names and collects the problems. A problem
 * contains the type of a wrong value, but never the value, because a misplaced value may be a raw key.
 */
export class SourceObject {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #problems: string[] = [];

  constructor(value: unknown) {
    if (!isObject(value)) this.reject(`expected an object, got ${typeOf(value)}`);
    this.#value = isObject(value) ? (value as Readonly<Record<string, unknown>>) : {};
  }

  /** The problems so far, or `undefined` if there are none. */
  get problem(): string | undefined {
    return this.#problems.length === 0 ? undefined : this.#problems.join('; ');
  }

  /** Adds a problem. */
  reject(problem: string): void {
    this.#problems.push(problem);
  }

  /** Returns the value of a field, or `undefined` if it's absent, `null` or an empty string. */
  get(name: string): unknown {
    const value = Object.hasOwn(this.#value, name) ? this.#value[name] : undefined;
    return value === null || value === '' ? undefined : value;
  }

  /** Returns a text. */
  text(name: string): string | undefined {
    return this.#read(name, 'a text', (value) => (typeof value === 'string' ? value : undefined));
  }

  /** Returns a boolean. */
  boolean(name: string): boolean | undefined {
    return this.#read(name, 'true or false', readBoolean);
  }

  /** Returns a list. */
  list(name: string): readonly unknown[] | undefined {
    return this.#read(name, 'a list', (value) => (Array.isArray(value) ? value : undefined));
  }

  /** Returns a list of texts. */
  texts(name: string): readonly string[] | undefined {
    return this.#read(name, 'a list of texts', (value) =>
      Array.isArray(value) && value.every((text) => typeof text === 'string') ? (value as string[]) : undefined,
    );
  }

  /** Returns a JSON object. */
  object(name: string): JsonObject | undefined {
    return this.#read(name, 'a JSON object', (value) => (isJsonObject(value) ? value : undefined));
  }

  /** Returns a whole number of seconds of at least `least`. */
  seconds(name: string, least: number): number | undefined {
    return this.#read(name, `a whole number of seconds, at least ${least}`, (value) => {
      const seconds = toNumber(value);
      return seconds !== undefined && Number.isInteger(seconds) && seconds >= least ? seconds : undefined;
    });
  }

  /** Returns a time in epoch seconds or ISO 8601. A zero time counts as absent. */
  time(name: string): Timestamp | undefined {
    return this.#read(name, sourceTimeExpected('seconds'), (value) => readSourceTime(value, 'seconds')) ?? undefined;
  }

  /** Returns the entry, or all problems of the object. Hashes a raw key immediately. */
  toEntry(position: number, key: SourceKey, fields: SourceFields, options: EntryOptions): ReadEntry {
    const { names, nowMs } = options;
    const hashed = hashKey(key, options);
    if (typeof hashed === 'string') this.#problems.unshift(`${names.keyHash ?? 'key'}${hashed}`);
    const entry = { ...(typeof hashed === 'string' ? NO_KEY : hashed), ...fields };
    const checked = checkImportedKey(entry, { actor: 'import', nowMs });
    if ('problem' in checked) this.reject(rename(checked.problem, names));
    if (key !== undefined && 'raw' in key) this.#rejectCopies(key.raw, fields, names);
    const { problem } = this;
    if (problem === undefined) return { position, entry };
    return { position, problem, ...(typeof hashed === 'string' ? {} : { keyHash: hashed.keyHash as KeyHash }) };
  }

  /** A key may also be in another field, such as its name. That field would store it. */
  #rejectCopies(raw: string, fields: SourceFields, names: EntryOptions['names']): void {
    for (const name of fieldsWithKey(raw, fields)) {
      const problem = `${names[name as FieldName] ?? name}: ${KEY_IN_FIELD}`;
      // The check of the entry already finds a field that is the key.
      if (this.problem?.includes(problem) !== true) this.reject(problem);
    }
  }

  #read<T>(name: string, expected: string, read: (value: unknown) => T | undefined): T | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const result = read(value);
    if (result === undefined) this.reject(`${name}: expected ${expected}, got ${typeOf(value)}`);
    return result;
  }
}

/** Replaces a key that can't be read, for the check of the other fields. */
const NO_KEY = { keyHash: '0'.repeat(64) };

/** Returns the hash, or the problem from the character after the field's name on. */
function hashKey(key: SourceKey, options: EntryOptions): Pick<ImportedKey, 'keyHash' | 'keyPrefix'> | string {
  if (key === undefined) return ' is missing';
  if ('keyHash' in key) return key;
  const hashed = readRawKey(key.raw, options);
  return typeof hashed === 'string' ? `: ${hashed}` : hashed;
}

/** Replaces Latchkey's names of fields in problems. */
function rename(problem: string, names: EntryOptions['names']): string {
  return problem.replaceAll(/(?<=^|; )(\w+)(?=: )/g, (name) => names[name as FieldName] ?? name);
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : undefined;
}

const NUMBER = /^-?\d{1,20}(?:\.\d{1,9})?$/;

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
