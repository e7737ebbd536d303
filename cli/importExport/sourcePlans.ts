import type { Readable } from 'node:stream';
import { InvalidArgumentError } from 'commander';
import { isPlanName, PLAN_EXPECTED } from '../../keys/fields.ts';
import { CliError } from '../../operator/errors.ts';
import { countText } from '../counts.ts';
import { textLines, TextSource } from '../textSource.ts';
import type { SourceObject } from './sourceObject.ts';

/** The id of another system's plan → the name of Latchkey's plan, or `undefined` for no plan. */
export type PlanMap = ReadonlyMap<string, string | undefined>;

/** The id of a key → the ids of its plans. */
export type PlanKeys = ReadonlyMap<string, readonly string[]>;

/**
 * Parses `--plan-map`: pairs such as `c7y23b=free`, separated by commas. An empty name means no plan. The option may be
 * repeated.
 *
 * @throws InvalidArgumentError
 */
export function parsePlanMap(text: string, previous: PlanMap = new Map()): PlanMap {
  const names = new Map(previous);
  for (const pair of text.split(',')) {
    const [id = '', name, ...rest] = pair.split('=').map((part) => part.trim());
    if (id === '' || name === undefined || rest.length > 0)
      throw new InvalidArgumentError('Expected ID=NAME, separated by commas.');
    if (name !== '' && !isPlanName(name)) throw new InvalidArgumentError(`Expected ${PLAN_EXPECTED}.`);
    if (names.has(id)) throw new InvalidArgumentError(`Expected each ID once, got ${id} twice.`);
    names.set(id, name === '' ? undefined : name);
  }
  return names;
}

/** The maximum length of a line in characters. It's far more than two ids. */
const MAX_LINE = 4096;

/**
 * Reads the file of `--plan-keys`. Each line has the id of a key and the id of a plan, separated by spaces or a tab. A
 * key with several plans has several lines. Ignores blank lines.
 *
 * @throws CliError `FILE_UNUSABLE`, `IMPORT_INVALID`
 */
export async function readPlanKeys(file: string, stdin: Readable): Promise<PlanKeys> {
  const source = await TextSource.open(file, stdin);
  const plans = new Map<string, string[]>();
  try {
    for await (const { line, text } of textLines(source.chunks(), MAX_LINE)) {
      const words = text?.trim().split(/\s+/) ?? [];
      const [key, plan] = words;
      if (words.length === 1 && key === '') continue;
      if (key === undefined || plan === undefined || words.length > 2) {
        const expected = 'expected the id of a key and the id of a plan, separated by a space or a tab';
        throw new CliError('IMPORT_INVALID', `--plan-keys: line ${line}: ${expected}; nothing was imported`);
      }
      const others = plans.get(key);
      if (others === undefined) plans.set(key, [plan]);
      else others.push(plan);
    }
  } finally {
    source.close();
  }
  return plans;
}

/** Finds the plans of another system's keys, and remembers which parts of the options no key used. */
export class SourcePlans {
  readonly #names: PlanMap;
  readonly #ofKey: PlanKeys;
  readonly #unusedKeys: Set<string>;
  readonly #unusedIds: Set<string>;
  readonly #kept = new Set<string>();

  constructor(names: PlanMap = new Map(), ofKey: PlanKeys = new Map()) {
    this.#names = names;
    this.#ofKey = ofKey;
    this.#unusedKeys = new Set(ofKey.keys());
    this.#unusedIds = new Set(names.keys());
  }

  /** Returns the ids of a key's plans from `--plan-keys`. */
  idsOf(keyId: string | undefined): readonly string[] {
    this.#unusedKeys.delete(keyId ?? '');
    return this.#ofKey.get(keyId ?? '') ?? [];
  }

  /**
   * Returns the name of a key's plan in Latchkey. Rejects a key whose plans have several names.
   *
   * @param field The other system's field or the option with the ids, for the problem
   */
  nameOf(ids: readonly string[], field: string, source: SourceObject): string | undefined {
    const [name, ...others] = this.#namesOf(ids);
    if (others.length > 0) {
      source.reject(`${field}: expected one plan, got ${others.length + 1}; pass --plan-map to give them one name`);
    }
    return name;
  }

  /** Reports ids of `--plan-map` and `--plan-keys` that no key has, and plans whose names are ids. */
  report(warn: (warning: string) => void): void {
    const unused = [...this.#unusedIds];
    if (unused.length > 0) warn(`--plan-map: no key has a plan ${listText(unused)}`);
    // Only the number, because the id of an old key is the key itself.
    const { size } = this.#unusedKeys;
    if (size > 0) warn(`--plan-keys: ${countText(size, "key isn't", "keys aren't")} in the export`);
    const kept = [...this.#kept].filter(isPlanName);
    if (kept.length > 0) warn(`the plans have the names ${listText(kept)}; pass --plan-map ID=NAME for other names`);
  }

  /** Returns each name of the plans once. A plan without a name in `--plan-map` keeps its id. */
  #namesOf(ids: readonly string[]): readonly string[] {
    const names = new Set<string>();
    for (const id of ids) {
      this.#unusedIds.delete(id);
      const isNamed = this.#names.has(id);
      const name = isNamed ? this.#names.get(id) : id;
      if (name === undefined) continue;
      names.add(name);
      if (!isNamed) this.#kept.add(name);
    }
    return [...names];
  }
}

const MAX_LISTED = 5;

function listText(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
