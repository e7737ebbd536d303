import { LatchkeyError } from './errors.ts';
import { purgeAfter } from './purgeAfter.ts';
import { isJsonObject, type JsonObject, type JsonValue, type KeyRecord } from './record.ts';
import { isScope } from './scope.ts';
import { isText, TEXT_WANTED } from './text.ts';
import { parseTimestamp, toEpochMs, toTimestamp } from './timestamp.ts';

/** What is said of a key when it is issued. */
export interface NewKey {
  /** 1 to 256 characters. */
  readonly label: string;
  /** 1 to 256 characters. */
  readonly owner?: string | undefined;
  /**
   * Scope tokens of RFC 6749 §3.3, at most 1024 characters together with a space between; absent means the key may do
   * everything, an empty list nothing.
   */
  readonly scopes?: readonly string[] | undefined;
  /** ISO 8601 with a zone, in the future. */
  readonly expiresAt?: string | undefined;
  /** A JSON object of at most 1024 bytes. */
  readonly metadata?: JsonObject | undefined;
}

type CheckedFields = Pick<KeyRecord, 'label' | 'owner' | 'scopes' | 'expiresAt' | 'metadata' | 'purgeAfter'>;

const MAX_SCOPES_LENGTH = 1024;
const MAX_METADATA_BYTES = 1024;
/** DynamoDB's limits for nested documents and for numbers (Service quotas, "Naming rules and data types"). */
const MAX_METADATA_DEPTH = 30;
const MAX_NUMBER = 1e125;
const MIN_NUMBER = 1e-130;

/**
 * Checks a new key's fields as an operator or a file gave them.
 *
 * @throws LatchkeyError `INPUT_INVALID`, listing every field that is wrong, what it was and what is wanted
 */
export function checkNewKey(input: unknown, nowMs: number): CheckedFields {
  const fields: Record<string, unknown> = typeof input === 'object' && input !== null ? { ...input } : {};
  const problems: string[] = [];
  const check = (name: keyof NewKey, wanted: string, isValid: (value: unknown) => boolean) => {
    if (!isValid(fields[name])) problems.push(`${name}: got ${show(fields[name])}, wanted ${wanted}`);
  };

  check('label', TEXT_WANTED, isText);
  check('owner', TEXT_WANTED, optional(isText));
  check('scopes', SCOPES_WANTED, optional(isScopeList));
  check(
    'expiresAt',
    'a time to come in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z',
    optional((value) => isLater(value, nowMs)),
  );
  check('metadata', `a JSON object of at most ${MAX_METADATA_BYTES} bytes`, optional(isStorableMetadata));
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));

  const { label, owner, scopes, expiresAt, metadata } = fields as unknown as NewKey;
  return {
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(expiresAt === undefined ? {} : expiry(expiresAt)),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

const MAX_SHOWN = 60;
/** A run as long as no word is, whatever issued it: the first characters are as many as `shownPrefixOf` lets see. */
const MAY_BE_KEY = /([\w-]{11})[\w-]{9,}/g;
const SCOPES_WANTED = `a list of scopes without spaces, quotes or backslashes, at most ${MAX_SCOPES_LENGTH} characters together`;

function optional(isValid: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || isValid(value);
}

function expiry(text: string): Pick<CheckedFields, 'expiresAt' | 'purgeAfter'> {
  const expiresAt = toTimestamp(Date.parse(text));
  return { expiresAt, purgeAfter: purgeAfter(toEpochMs(expiresAt)) };
}

function isScopeList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isScope) && value.join(' ').length <= MAX_SCOPES_LENGTH;
}

/** A day that the calendar lacks is refused: V8 would read 30 February as 2 March. */
function isLater(value: unknown, nowMs: number): boolean {
  if (typeof value !== 'string') return false;
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/.exec(value);
  if (parts === null || parseTimestamp(`${parts[1]}T00:00:00.000Z`) === undefined) return false;
  const epochMs = Date.parse(value);
  return epochMs > nowMs && epochMs < Date.UTC(10_000, 0);
}

function isStorableMetadata(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    isStorable(value, MAX_METADATA_DEPTH) &&
    byteLength(JSON.stringify(value)) <= MAX_METADATA_BYTES
  );
}

/** What no reader would get back as the plain attribute that was meant: the SDK takes `constructor` for a class. */
const UNSTORABLE_NAMES = new Set(['__proto__', 'constructor']);

function isStorable(value: JsonValue, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return value === 0 || (Math.abs(value) < MAX_NUMBER && Math.abs(value) > MIN_NUMBER);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.entries(value).every(
    ([name, inner]) => !UNSTORABLE_NAMES.has(name) && name.isWellFormed() && isStorable(inner as JsonValue, depth - 1),
  );
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** The value as the message shows it: short, and of what may be a key no more than is shown of keys anywhere. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return value.length > MAX_SHOWN ? `a text of ${value.length} characters` : quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : `an object of ${JSON.stringify(value).length} characters`;
}

function quote(text: string): string {
  return JSON.stringify(text.replaceAll(MAY_BE_KEY, '$1…'));
}
