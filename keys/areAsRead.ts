import { isAbsent, type Change } from './change.ts';
import type { KeyRecord } from './record.ts';

/** What an update takes of a comparison. */
type Comparison = Required<Pick<Change, 'conditions' | 'names' | 'values'>>;

/**
 * How much of a list or an object is compared: an expression has 4 KB and 300 operators in all (DynamoDB's quotas), and the
 * largest one has two such attributes.
 */
const MAX_PARTS = 50;
const MAX_LENGTH = 1600;

/** A part of an attribute's value. */
interface Part {
  readonly path: string;
  readonly value: unknown;
}

/** Has a placeholder, `:v0` or `#n0`, stand for something. */
interface Bind {
  readonly name: (name: string) => string;
  readonly value: (value: unknown) => string;
}

/**
 * That attributes are as they were read. A list or an object is compared part by part, the outer parts first, because not
 * every engine compares whole ones: how long it is, and then each part, 50 of them or as many as there is room for.
 */
export function areAsRead(attributes: readonly (keyof KeyRecord)[], record: KeyRecord): Comparison {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const bind: Bind = {
    name: (name) => `#${placeholderIn(names, 'n', name)}`,
    value: (value) => `:${placeholderIn(values, 'v', value)}`,
  };
  const conditions = attributes.flatMap((name) => {
    const value = record[name];
    return value === undefined ? [isAbsent(name)] : equalities({ path: `#${name}`, value }, bind);
  });
  return { conditions, names, values };
}

function placeholderIn<T>(bound: Record<string, T>, mark: string, value: T): string {
  const placeholder = `${mark}${Object.keys(bound).length}`;
  bound[placeholder] = value;
  return placeholder;
}

function equalities(whole: Part, bind: Bind): readonly string[] {
  const conditions: string[] = [];
  const parts = [whole];
  // It grows as it is gone through.
  for (const part of parts) {
    if (conditions.length > MAX_PARTS || conditions.join(' AND ').length > MAX_LENGTH) break;
    conditions.push(equality(part, bind));
    parts.push(...partsOf(part, bind));
  }
  return conditions;
}

function equality({ path, value }: Part, bind: Bind): string {
  if (value === null) return `attribute_type(${path}, :null)`;
  if (typeof value !== 'object') return `${path} = ${bind.value(value)}`;
  const type = Array.isArray(value) ? ':list' : ':map';
  return `attribute_type(${path}, ${type}) AND size(${path}) = ${bind.value(Object.keys(value).length)}`;
}

function partsOf({ path, value }: Part, bind: Bind): readonly Part[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.map((element, index) => ({ path: `${path}[${index}]`, value: element }));
  return Object.entries(value).map(([name, part]) => ({ path: `${path}.${bind.name(name)}`, value: part }));
}
