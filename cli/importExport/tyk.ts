import type { JsonObject } from '../../keys/json.ts';
import { parseKeyHash } from '../../keys/secret.ts';
import { type Timestamp, toTimestamp } from '../../keys/timestamp.ts';
import { parseJson } from '../options.ts';
import { fieldOf, type FileStart, namesIn } from './fileStart.ts';
import type { ImportInput } from './importFormat.ts';
import { LeftOut } from './leftOut.ts';
import type { ReadEntry } from './readEntry.ts';
import { type SourceKey, SourceObject } from './sourceObject.ts';
import { SourcePlans } from './sourcePlans.ts';
import { isSession, MIN_FIELDS, readSessions, type TykSession } from './tykSessions.ts';

/** Returns whether the file has sessions of Tyk. */
export function isTyk({ json }: FileStart): boolean {
  const first: unknown = Array.isArray(json) ? json[0] : json;
  const [name = ''] = namesIn(first);
  return [first, fieldOf(first, 'data'), fieldOf(first, name)].some((value) => isSession(value, CERTAIN_FIELDS));
}

/** The number of fields with which a value is certainly a session of Tyk. */
const CERTAIN_FIELDS = 3;

/**
 * Reads the keys of Tyk: JSON documents with sessions by their keys, or answers of the Dashboard API. Hashes each key
 * immediately. Sessions by murmur hashes can't be imported.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readTyk(input: ImportInput): AsyncGenerator<ReadEntry> {
  const { options, warn } = input;
  const plans = new SourcePlans(options.planMap, options.planKeys);
  const leftOut = new LeftOut();
  let position = 0;
  for await (const session of readSessions(input.chunks))
    yield readSession(++position, session, { ...input, plans, leftOut });
  leftOut.report(warn);
  plans.report(warn);
}

interface Context extends Pick<ImportInput, 'options' | 'nowMs'> {
  readonly plans: SourcePlans;
  readonly leftOut: LeftOut;
}

const NAMES = {
  keyHash: 'key',
  label: 'alias',
  owner: 'org_id',
  plan: 'apply_policies',
  metadata: 'meta_data',
  expiresAt: 'expires',
};
const NO_KEY =
  'the session lacks its key; write {"KEY": SESSION}, for example with jq --arg key "$key" \'{($key): .}\'';
const NOT_A_SESSION = 'expected a session of Tyk, with fields such as org_id and expires';
const HASHED =
  'the key is a SHA-256 hash, which works for a key that Tyk generated; Tyk hashes custom keys in another form';
const RIGHTS_IGNORED = 'access_rights are ignored; an authorizer accepts the key on all its APIs, within its scopes';
const LIMITS_IGNORED = 'rates and quotas are ignored; limit the key by its plan';

function readSession(position: number, { name, value }: TykSession, context: Context): ReadEntry {
  if (name === undefined) return { position, problem: NO_KEY };
  const { nowMs, options, plans, leftOut } = context;
  const source = new SourceObject(value);
  const organization = source.text('org_id');
  rejectOtherCredentials(source);
  if (source.problem === undefined && !isSession(value, MIN_FIELDS)) source.reject(NOT_A_SESSION);
  const { problem } = source;
  if (problem !== undefined) return { position, problem };
  const key = readKey(name, organization ?? '');
  if (typeof key === 'string') return { position, problem: `key: ${key}` };
  const metadata = toMetadata(source);
  const developer = metadata?.['tyk_developer_id'];
  const fields = {
    label: source.text('alias') ?? `Tyk key ${position}`,
    owner: typeof developer === 'string' && developer !== '' ? developer : organization,
    plan: readPlan(source, plans),
    metadata,
    createdAt: source.time('date_created'),
    expiresAt: readExpiry(source),
    disabledAt: source.boolean('is_inactive') === true ? toTimestamp(nowMs) : undefined,
  };
  const read = source.toEntry(position, key, fields, { names: NAMES, nowMs, allowWeak: options.allowWeak });
  return leftOut.add(read, [...('keyHash' in key ? [HASHED] : []), ...ignoredIn(source)]);
}

/** Returns what a record can't keep of a session. */
function ignoredIn(source: SourceObject): readonly string[] {
  const hasRights = namesIn(source.get('access_rights')).length > 0;
  const hasLimits = ['rate', 'quota_max'].some((limit) => Number(source.get(limit)) > 0);
  return [...(hasRights ? [RIGHTS_IGNORED] : []), ...(hasLimits ? [LIMITS_IGNORED] : [])];
}

/** The lengths of the hashes that Tyk can store, in hex digits. */
const HASHES: Readonly<Record<number, string>> = { 8: 'murmur32', 16: 'murmur64', 32: 'murmur128' };
/** Matches the part of a key that Tyk generates. It's a UUID without hyphens. */
const GENERATED = /^[0-9a-f]{32}$/;
const STORE_PREFIX = 'apikey-';

/**
 * Returns the key that customers send, or the problem with it. Tyk stores a key with its organization: a JSON document
 * in Base64, or in the legacy format the organization's id before the key. Customers send the stored form of a key that
 * Tyk generated, and their own form of a custom key. See `internal/crypto/token.go` in Tyk's source.
 */
function readKey(name: string, organization: string): Exclude<SourceKey, undefined> | string {
  const stored = name.startsWith(STORE_PREFIX) ? name.slice(STORE_PREFIX.length) : name;
  const hash = /^[0-9a-f]+$/.test(stored) ? HASHES[stored.length] : undefined;
  if (hash !== undefined) {
    return `expected the key or its SHA-256 hash, got ${stored.length} hex digits, as a ${hash} hash has; ${NOT_HASHED}`;
  }
  const keyHash = parseKeyHash(stored);
  // Tyk stores a custom key without an organization as it is.
  if (keyHash !== undefined) return organization === '' ? AMBIGUOUS : { keyHash };
  const custom = customPartOf(stored, organization);
  return { raw: custom === undefined || GENERATED.test(custom) ? stored : custom };
}

const NOT_HASHED = 'a murmur hash cannot be imported; if it is a key, import it as csv with --map key=COLUMN';

const AMBIGUOUS =
  'expected a key or a hash, got 64 hex digits without an org_id, which can be either; import it as csv with --map key=COLUMN or --map keyHash=COLUMN';

/** Returns the part of a stored key without its organization, or `undefined` if it has none. */
function customPartOf(stored: string, organization: string): string | undefined {
  if (stored.startsWith('ey')) {
    const id = fieldOf(parseJson(Buffer.from(stored, 'base64').toString()), 'id');
    if (typeof id === 'string' && id !== '') return id;
  }
  return organization !== '' && stored.startsWith(organization) ? stored.slice(organization.length) : undefined;
}

/** Rejects a session whose key doesn't suffice, or is public. */
function rejectOtherCredentials(source: SourceObject): void {
  const basic = source.get('basic_auth_data');
  const bindings = source.get('mtls_static_certificate_bindings');
  const others: readonly (readonly [boolean, string])[] = [
    [isFilled(fieldOf(basic, 'password')) || isFilled(fieldOf(basic, 'hash_type')), 'basic_auth_data'],
    [isFilled(fieldOf(source.get('jwt_data'), 'secret')), 'jwt_data'],
    [isFilled(source.get('hmac_enabled')), 'hmac_enabled'],
    [isFilled(source.get('oauth_client_id')), 'oauth_client_id'],
    [isFilled(source.get('certificate')), 'certificate'],
    [Array.isArray(bindings) && bindings.length > 0, 'mtls_static_certificate_bindings'],
  ];
  for (const [isOther, field] of others) if (isOther) source.reject(`${field}: ${MORE_THAN_A_KEY}`);
}

/** Tyk before 5.13 writes absent values as empty texts and false. */
function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== false;
}

const MORE_THAN_A_KEY = 'expected none, because the authorizer checks only the key';

function readPlan(source: SourceObject, plans: SourcePlans): string | undefined {
  const policies = source.texts('apply_policies') ?? [];
  const single = source.text('apply_policy_id');
  const ids = policies.length > 0 || single === undefined ? policies : [single];
  return plans.nameOf(ids, 'apply_policies', source);
}

/** Returns the expiry. Tyk's `expires` of 0 or -1 means never. */
function readExpiry(source: SourceObject): Timestamp | undefined {
  return source.get('expires') === -1 ? undefined : source.time('expires');
}

function toMetadata(source: SourceObject): JsonObject | undefined {
  const tags = source.texts('tags') ?? [];
  const metadata = { ...source.object('meta_data'), ...(tags.length === 0 ? {} : { tags }) };
  return Object.keys(metadata).length === 0 ? undefined : metadata;
}
