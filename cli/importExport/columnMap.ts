import { CliError } from '../../operator/errors.ts';
import { saysHash } from './notAKey.ts';
import { FIELD_NAMES, type FieldName, plainName, showName } from './readEntry.ts';
import type { EpochUnit } from './sourceTime.ts';

/** The targets of `--map` besides the fields: a raw key, and columns that say whether the key works. */
export const EXTRA_TARGETS = ['key', 'enabled', 'disabled', 'revoked', 'status'] as const;
/** A target of `--map`. */
export type MapTarget = FieldName | (typeof EXTRA_TARGETS)[number];

/** The column of a target. */
export interface MappedColumn {
  readonly column: string;
  /** The unit of numbers in a time. */
  readonly unit?: EpochUnit;
}

/** The columns of `--map`, by target. */
export type ColumnMap = ReadonlyMap<MapTarget, MappedColumn>;

const TARGETS: readonly MapTarget[] = [...FIELD_NAMES, ...EXTRA_TARGETS];
const BY_PLAIN_NAME = new Map(TARGETS.map((target) => [plainName(target), target]));

/**
 * Parses `--map keyHash=hash,owner=customer` and adds it to the earlier ones. A time's column may end with `:seconds` or
 * `:milliseconds`.
 *
 * @throws CliError `USAGE_INVALID`
 */
export function addColumns(text: string, earlier: ColumnMap = new Map()): ColumnMap {
  const map = new Map(earlier);
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    const [name, given] = at === -1 ? ['', ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    const target = BY_PLAIN_NAME.get(plainName(name));
    if (given === '') throw unusable(`expected FIELD=COLUMN, got ${showName(pair)}`);
    if (target === undefined) {
      throw unusable(`unknown field ${showName(name)}; expected one of ${TARGETS.join(', ')}`);
    }
    if (map.has(target)) throw unusable(`${target} is mapped twice`);
    if (target === 'key' && saysHash(given))
      throw unusable(`expected keyHash for a column of hashes, got key for ${showName(given)}`);
    map.set(target, toColumn(target, given));
  }
  if (map.has('key') && map.has('keyHash')) throw unusable('expected key or keyHash, got both');
  return map;
}

function toColumn(target: MapTarget, given: string): MappedColumn {
  const [, column, unit] = /^(.+):(seconds|milliseconds)$/.exec(given) ?? [];
  if (column === undefined) return { column: given };
  if (!target.endsWith('At')) throw unusable(`only times have a unit, got ${showName(given)} for ${target}`);
  return { column, unit: unit as EpochUnit };
}

function unusable(why: string): CliError {
  return new CliError('USAGE_INVALID', `cannot use --map: ${why}`);
}
