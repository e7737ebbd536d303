import type { JsonObject } from '../../keys/json.ts';
import { type Timestamp, toTimestamp } from '../../keys/timestamp.ts';
import { CliError } from '../../operator/errors.ts';
import { fieldOf, type FileStart, namesIn } from './fileStart.ts';
import type { ImportInput, PositionUnit } from './importFormat.ts';
import { isJsonText } from './jsonParts.ts';
import { KEY_LIST, type KongPart, readKongJson, readKongYaml } from './kongParts.ts';
import { LeftOut } from './leftOut.ts';
import { whyReference } from './rawKey.ts';
import type { ReadEntry } from './readEntry.ts';
import { SourceObject } from './sourceObject.ts';

/** Returns whether the file is a declarative configuration of Kong, or an answer of its Admin API about keys. */
export function isKong({ json, line }: FileStart): boolean {
  if (json === undefined) return YAML_START.test(line);
  if (namesIn(json).includes('_format_version')) return true;
  const data = fieldOf(json, 'data');
  if (!Array.isArray(data)) return false;
  const names = namesIn(data[0]);
  const isKey = names.includes('key') && fieldOf(fieldOf(data[0], 'consumer'), 'id') !== undefined;
  // The Admin API writes both names of a consumer, and null for a missing one.
  return isKey || ['username', 'custom_id'].every((name) => names.includes(name));
}

/**
 * Matches the first line of a configuration. Exports start with one of the fields with an underscore. Other gateways'
 * files can also start with `consumers`.
 */
const YAML_START = /^(?:_(?:format_version|transform|info|workspace|konnect)\s*:|keyauth_credentials\s*:\s*$)/;

/** Returns the unit of positions: entries in JSON, lines in YAML. */
export function getKongUnit({ json }: FileStart): PositionUnit {
  return json === undefined ? 'line' : 'entry';
}

/**
 * Reads the keys of Kong's key-auth plugin: a declarative configuration in YAML or JSON, such as the exports of decK
 * and `kong config db_export`, or answers of the Admin API. Hashes each key immediately.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readKong(input: ImportInput): AsyncGenerator<ReadEntry> {
  const reader = new KongReader(input);
  const isJson = isJsonText(input.head);
  const lists = new Set<string>();
  const onList = (name: string): void => void lists.add(name);
  for await (const part of isJson ? readKongJson(input, onList) : readKongYaml(input, onList)) yield* reader.read(part);
  yield* reader.end();
  if (!LISTS.some((name) => lists.has(name))) throw new CliError('IMPORT_INVALID', NO_LIST);
  const others = OTHER_LISTS.filter((name) => lists.has(name));
  if (others.length > 0) input.warn(`ignored ${others.join(', ')}; import reads only ${KEY_LIST}`);
}

/** The lists with consumers or keys. The Admin API answers with `data`. */
const LISTS = ['consumers', KEY_LIST, 'data'];
const NO_LIST = `cannot read the file as an export of Kong: it has no list consumers, ${KEY_LIST} or data at its top level`;

/** The lists of other credentials of consumers, and of limits of consumers. */
const OTHER_LISTS = [
  'acls',
  'basicauth_credentials',
  'consumer_groups',
  'hmacauth_credentials',
  'jwt_secrets',
  'mtls_auth_credentials',
  'oauth2_credentials',
];

/** The part of a record that comes from the key's consumer. */
interface Consumer {
  readonly owner: string;
  readonly label: string;
  readonly tags: readonly string[];
}

/** A key whose consumer wasn't in the file before. */
interface Pending {
  readonly read: ReadEntry;
  /** The consumer's id or user name. */
  readonly reference: string;
}

const IS_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ID_AS_OWNER = 'the owner is the id of the consumer, because the file lacks its name; add GET /consumers to it';
const TTL_FROM_NOW = 'the ttl starts now, because Kong exports the seconds that are left; import soon after the export';
const LIMITS_IGNORED = 'acls, groups and plugins of the consumer are ignored; limit the key by its scopes and plan';
const LIMITS = ['acls', 'groups', 'plugins'];

/** Kong's names of Latchkey's fields. */
const NAMES = { keyHash: 'key', label: 'username', owner: 'custom_id', metadata: 'tags' };

/** The maximum ttl in Kong. A larger number is the time of the expiry, as `kong config db_export` writes it. */
const MAX_TTL = 100_000_000;
const SECOND_MS = 1000;

class KongReader {
  readonly #input: ImportInput;
  readonly #leftOut = new LeftOut();
  /** The id or the user name → the consumer. */
  readonly #consumers = new Map<string, Consumer>();
  readonly #pending: Pending[] = [];

  constructor(input: ImportInput) {
    this.#input = input;
  }

  *read(part: KongPart): Generator<ReadEntry> {
    if (part.kind === 'problem') yield { position: part.position, problem: part.problem };
    else if (part.kind === 'consumer') yield* this.#readConsumer(part.value, part.positionOf);
    else yield* this.#readKey(part.value, part.positionOf());
  }

  /** Yields the keys whose consumers came later or are missing. */
  *end(): Generator<ReadEntry> {
    for (const { read, reference } of this.#pending) {
      const consumer = this.#consumers.get(reference);
      if (consumer === undefined && IS_ID.test(reference)) this.#leftOut.add(read, [ID_AS_OWNER]);
      if (consumer === undefined || !('entry' in read)) yield read;
      else yield { ...read, entry: { ...read.entry, ...fieldsOf(consumer, read.entry.metadata ?? {}) } };
    }
    this.#leftOut.report(this.#input.warn);
  }

  *#readConsumer(value: unknown, positionOf: (index?: number) => number): Generator<ReadEntry> {
    const source = new SourceObject(value);
    const consumer = toConsumer(source);
    const keys = source.list(KEY_LIST) ?? [];
    const { problem } = source;
    if (consumer === undefined || problem !== undefined) {
      yield { position: positionOf(), problem: problem ?? 'username is missing' };
      return;
    }
    for (const reference of [source.text('id'), source.text('username')]) {
      if (reference !== undefined) this.#consumers.set(reference, consumer);
    }
    const hasLimits = LIMITS.some((limit) => (source.list(limit) ?? []).length > 0);
    for (const [index, key] of keys.entries()) {
      const read = this.#toEntry(new SourceObject(key), positionOf(index), consumer);
      yield this.#leftOut.add(read, hasLimits ? [LIMITS_IGNORED] : []);
    }
  }

  *#readKey(value: unknown, position: number): Generator<ReadEntry> {
    const source = new SourceObject(value);
    const reference = toReference(source.get('consumer'));
    if (reference === undefined) source.reject('consumer: expected the name or id of a consumer');
    const known = this.#consumers.get(reference ?? '');
    const consumer = known ?? { owner: reference ?? 'unknown', label: reference ?? 'unknown', tags: [] };
    const read = this.#toEntry(source, position, consumer);
    if (known !== undefined || reference === undefined) yield read;
    else this.#pending.push({ read, reference });
  }

  #toEntry(source: SourceObject, position: number, consumer: Consumer): ReadEntry {
    const { nowMs, options } = this.#input;
    const raw = source.text('key');
    const tags = source.texts('tags') ?? [];
    const { expiresAt, lost } = this.#readExpiry(source);
    const fields = {
      id: source.text('id'),
      createdAt: source.time('created_at'),
      expiresAt,
      ...fieldsOf(consumer, tags.length === 0 ? {} : { tags }),
    };
    const read = source.toEntry(position, raw === undefined ? undefined : { raw }, fields, {
      names: NAMES,
      nowMs,
      allowWeak: options.allowWeak,
      whyNot: whyReference,
    });
    return this.#leftOut.add(read, lost);
  }

  /**
   * Returns the expiry. The Admin API and decK export the seconds that are left, and `kong config db_export` the time
   * in epoch seconds. A ttl of 0 is none. See `kong/db/strategies/postgres` in Kong's source.
   */
  #readExpiry(source: SourceObject): { readonly expiresAt?: Timestamp; readonly lost: readonly string[] } {
    const ttl = source.seconds('ttl', 0) ?? 0;
    if (ttl === 0) return { lost: [] };
    if (ttl <= MAX_TTL) return { expiresAt: toTimestamp(this.#input.nowMs + ttl * SECOND_MS), lost: [TTL_FROM_NOW] };
    const expiresAt = source.time('ttl');
    return { ...(expiresAt === undefined ? {} : { expiresAt }), lost: [] };
  }
}

/** Returns the consumer, unless it has neither a name nor an id. */
function toConsumer(source: SourceObject): Consumer | undefined {
  const customId = source.text('custom_id');
  const label = source.text('username') ?? customId ?? source.text('id');
  // A custom_id is the customer's id in the team's own systems.
  return label === undefined ? undefined : { owner: customId ?? label, label, tags: source.texts('tags') ?? [] };
}

/** Returns the name or the id of a key's consumer. */
function toReference(consumer: unknown): string | undefined {
  const names = [consumer, ...['username', 'id'].map((name) => fieldOf(consumer, name))];
  return names.find((name): name is string => typeof name === 'string' && name !== '');
}

function fieldsOf({ owner, label, tags }: Consumer, metadata: JsonObject) {
  const all = tags.length === 0 ? metadata : { ...metadata, consumerTags: tags };
  return { owner, label, metadata: Object.keys(all).length === 0 ? undefined : all };
}
