import type { ImportInput } from './importFormat.ts';
import { readJsonParts } from './jsonParts.ts';
import { readYamlItems } from './yamlItems.ts';

/** A consumer or a key in an export of Kong, or the problem with an entry of the file. */
export type KongPart =
  | {
      readonly kind: 'consumer' | 'key';
      readonly value: unknown;
      /** Returns the position of the key, or of a consumer's key with this index. */
      readonly positionOf: (index?: number) => number;
    }
  | { readonly kind: 'problem'; readonly problem: string; readonly position: number };

/** The list of a consumer's keys, in a consumer or at the top level. */
export const KEY_LIST = 'keyauth_credentials';
const CONSUMER_LIST = 'consumers';

/**
 * Reads an export in JSON: a declarative configuration, or answers of the Admin API to `GET /consumers` and
 * `GET /key-auths`, one after the other. Positions count the keys.
 *
 * @param onList Receives the name of each list at the top level
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readKongJson(
  { chunks, warn }: ImportInput,
  onList: (name: string) => void,
): AsyncGenerator<KongPart> {
  let position = 0;
  const positionOf = (): number => ++position;
  // Consumers and keys have pages of their own, so the last page of each tells whether the export is whole.
  const kinds: ('consumer' | 'key' | undefined)[] = [];
  const withNext = new Set<number>();
  const paths = [CONSUMER_LIST, KEY_LIST, 'data'].map((name) => `$.${name}.*`);
  const options = { onList, onEnd: () => {} };
  for await (const { path, value, document } of readJsonParts(chunks, [...paths, '$.next', '$.offset'], options)) {
    if (path.length === 0) {
      if (typeof value === 'string') withNext.add(document);
      continue;
    }
    const kind = path[0] === CONSUMER_LIST || (path[0] === 'data' && isConsumer(value)) ? 'consumer' : 'key';
    kinds[document] = kind;
    yield { kind, value, positionOf };
  }
  const lastPages = [kinds.lastIndexOf('consumer'), kinds.lastIndexOf('key')];
  if (lastPages.some((document) => withNext.has(document))) warn(NOT_WHOLE);
}

const NOT_WHOLE = "the export isn't whole, because its last page names a next page; export every page";

/** Returns whether an entry of the Admin API is a consumer. A consumer doesn't have a key. */
function isConsumer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.hasOwn(value, 'key')) return false;
  return Object.hasOwn(value, 'username') || Object.hasOwn(value, 'custom_id');
}

/**
 * Reads a declarative configuration in YAML. Positions are lines.
 *
 * @param onList Receives the name of each part at the top level
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readKongYaml({ chunks }: ImportInput, onList: (name: string) => void): AsyncGenerator<KongPart> {
  // Only YAML needs the library.
  const { parseYamlItem } = await import('./yamlValue.ts');
  for await (const item of readYamlItems(chunks, new Set([CONSUMER_LIST, KEY_LIST]), onList)) {
    const parsed = parseYamlItem(item);
    if ('problem' in parsed) {
      yield { kind: 'problem', problem: parsed.problem, position: parsed.line };
      continue;
    }
    const kind = item.section === CONSUMER_LIST ? 'consumer' : 'key';
    for (const { value, lineOf } of parsed) {
      yield { kind, value, positionOf: (index) => lineOf(index === undefined ? [] : [KEY_LIST, index]) };
    }
  }
}
