import { fieldOf, namesIn } from './fileStart.ts';
import { readJsonParts } from './jsonParts.ts';

/** A session of Tyk. */
export interface TykSession {
  /** The key or its hash, or `undefined` if the file lacks it. */
  readonly name: string | undefined;
  readonly value: unknown;
}

/** Fields that only sessions have together. */
const SESSION_FIELDS = [
  'access_rights',
  'allowance',
  'apply_policies',
  'apply_policy_id',
  'basic_auth_data',
  'expires',
  'hmac_enabled',
  'is_inactive',
  'org_id',
  'quota_max',
  'quota_renewal_rate',
];

/** Returns whether a value is a session: it has at least `least` fields of sessions. */
export function isSession(value: unknown, least: number): boolean {
  const names = new Set(namesIn(value));
  return SESSION_FIELDS.filter((name) => names.has(name)).length >= least;
}

/**
 * Yields the sessions of JSON documents, one after the other. A document has sessions by their keys, is an answer of
 * the Dashboard API with `key_id` and `data`, or is a list of such answers. A document that is a session lacks its key.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readSessions(chunks: AsyncIterable<string>): AsyncGenerator<TykSession> {
  let fields: Record<string, unknown> = {};
  let current = 0;
  for await (const { key, value, document } of readJsonParts(chunks, ['$.*'], { onEnd: () => {} })) {
    if (document !== current) {
      yield* toSession(fields);
      fields = {};
      current = document;
    }
    if (typeof key === 'number') yield* toSession(value);
    else if (key === 'data' || (FIELD_NAME.test(key) && !isSession(value, MIN_FIELDS))) fields[key] = value;
    else yield { name: key, value };
  }
  yield* toSession(fields);
}

/** The number of fields that tell a session from a field of a session. */
export const MIN_FIELDS = 2;
/** Matches the names of all fields of sessions and answers. */
const FIELD_NAME = /^[a-z_]+$/;

function* toSession(document: unknown): Generator<TykSession> {
  const names = namesIn(document);
  if (names.length === 0 && typeof document === 'object') return;
  const name = [fieldOf(document, 'key_id'), fieldOf(document, 'key_hash')].find(
    (candidate): candidate is string => typeof candidate === 'string' && candidate !== '',
  );
  yield { name, value: fieldOf(document, 'data') };
}
