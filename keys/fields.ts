import { LatchkeyError } from './errors.ts';
import { holdsKey, maskKeys } from './findKeys.ts';
import { copyJson, isDeeper, isJsonObject, type JsonObject, type JsonValue, MAX_DEPTH } from './json.ts';
import { isPrintable, printable } from './printable.ts';
import type { KeyRecord } from './record.ts';
import { isScope, SCOPES_EXPECTED } from './scope.ts';
import { parseSecret } from './secret.ts';
import { EDITABLE_FIELDS, type EditableField } from './table.ts';
import { getPurgeAfter, readTime, TIME_EXPECTED, toEpochMs } from './timestamp.ts';

/** The fields of a new key. */
export interface NewKey {
  /** The purpose of the key: 1 to 256 characters that aren't all spaces, without control or invisible characters. */
  readonly label: string;
  /** The customer or team that the key is issued to, with the limits of the label. */
  readonly owner?: string | undefined;
  /**
   * Scope tokens of RFC 6749 §3.3 without commas, braces and brackets. Joined with spaces, they have at most 1024 characters.
   * Without scopes the key may do everything, with an empty list nothing.
   */
  readonly scopes?: readonly string[] | undefined;
  /** The plan that the key's requests count against: 1 to 64 letters, digits, dots, underscores and hyphens, the first a letter or a digit. */
  readonly plan?: string | undefined;
  /** A time in the future, as ISO 8601 with a zone, or a date, which means its end in UTC. */
  readonly expiresAt?: string | undefined;
  /** A JSON object of at most 1024 bytes, nested at most 30 deep. */
  readonly metadata?: JsonObject | undefined;
}

type RecordFields = Pick<KeyRecord, EditableField | 'purgeAfter'>;

const MAX_TEXT_LENGTH = 256;
/** An ARN has up to 2048 characters. */
const MAX_ACTOR_LENGTH = 2048;
const MAX_PLAN_LENGTH = 64;
const MAX_SCOPES_LENGTH = 1024;
const MAX_METADATA_BYTES = 1024;
/** DynamoDB's limits for nested documents and for numbers (Service quotas, "Naming rules and data types"). */
const MAX_METADATA_DEPTH = 30;
const NUMBER_END = 1e126;
const MIN_NUMBER = 1e-130;

const TEXT_RULES = 'with no control or invisible characters and no API key';

/** What a message expects of a label, an owner or a reason. */
export const TEXT_EXPECTED = `1 to ${MAX_TEXT_LENGTH} characters, not all of them spaces, ${TEXT_RULES}`;

/** What a message expects of an actor. */
export const ACTOR_EXPECTED = `the name or ARN of the acting person or program, not only spaces, ${TEXT_RULES}`;

/** What a message expects of a plan's name. */
export const PLAN_EXPECTED = `a plan's name of 1 to ${MAX_PLAN_LENGTH} letters, digits, dots, underscores and hyphens, the first a letter or a digit`;
const PLAN_NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${MAX_PLAN_LENGTH - 1}}$`);

interface Check {
  readonly expected: string;
  readonly isValid: (value: unknown, nowMs: number) => boolean;
}

/** Returns the checks. This is a function, because the bundles of the Lambda functions couldn't leave out a constant made of imported texts. */
const getChecks = (): Readonly<Record<EditableField, Check>> => ({
  label: { expected: TEXT_EXPECTED, isValid: isText },
  owner: { expected: TEXT_EXPECTED, isValid: isText },
  scopes: { expected: `${SCOPES_EXPECTED}, at most ${MAX_SCOPES_LENGTH} characters together`, isValid: isScopeList },
  plan: { expected: PLAN_EXPECTED, isValid: isPlanName },
  expiresAt: {
    expected: `${TIME_EXPECTED} (until the end of that day in UTC), in the future`,
    isValid: (value, nowMs) => {
      const time = readTime(value, { dateAs: 'end' });
      return time !== undefined && Date.parse(time) > nowMs;
    },
  },
  metadata: {
    expected: `a JSON object of at most ${MAX_METADATA_BYTES} bytes, nested at most ${MAX_METADATA_DEPTH} deep`,
    isValid: isStorableMetadata,
  },
});

/**
 * Checks the fields of a new key from an operator, an application or a file.
 *
 * @throws LatchkeyError `INPUT_INVALID`, with a list of every field that is wrong, its value and what is expected
 */
export function checkNewKey(input: unknown, nowMs: number): RecordFields {
  const fields: Record<string, unknown> = typeof input === 'object' && input !== null ? { ...input } : {};
  const problems = EDITABLE_FIELDS.flatMap((name) => {
    const isLeftOut = name !== 'label' && fields[name] === undefined;
    return isLeftOut ? [] : (findProblem(name, fields[name], nowMs) ?? []);
  });
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));

  return toRecordFields(fields as unknown as NewKey);
}

/**
 * Returns a message about a field's value, with the expected and the given value, or `undefined` if the value is valid. A
 * value with an API key in it is never valid: everybody who can read the record would have the key.
 */
export function findProblem(name: EditableField, value: unknown, nowMs: number): string | undefined {
  const { expected, isValid } = getChecks()[name];
  if (holdsKey(value)) return `${name}: expected ${expected}, got an API key in it`;
  if (isValid(value, nowMs)) return undefined;
  return `${name}: expected ${expected}, got ${name === 'scopes' ? showScopes(value) : show(value)}`;
}

/** Names the first entry that isn't a scope. */
function showScopes(value: unknown): string {
  const wrong: unknown[] = Array.isArray(value) ? [...value].filter((entry) => !isScope(entry)) : [];
  return wrong.length === 0 ? show(value) : `${show(value)} with ${show(wrong[0])} in it`;
}

const MAX_SHOWN = 60;

/** Returns the value as a message shows it: short, printable, and without a part that may be a key (see `maskKeys`). */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return value.length > MAX_SHOWN ? `a text of ${value.length} characters` : quote(value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  // JSON has no bigint, symbol or function, and the source of a function can be long.
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (isDeeper(value, MAX_DEPTH)) return `objects and lists more than ${MAX_DEPTH} deep`;
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}

function quote(text: string): string {
  return printable(JSON.stringify(maskKeys(text)));
}

/** Returns what a message expects of a field. */
export function expectedFor(name: EditableField): string {
  return getChecks()[name].expected;
}

/** Returns a record's own copy of the fields of a new key. They were checked, or come from a stored record. */
export function toRecordFields({ label, owner, scopes, plan, expiresAt, metadata }: NewKey): RecordFields {
  return {
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: copyJson(scopes) }),
    ...(plan === undefined ? {} : { plan }),
    ...(expiresAt === undefined ? {} : toExpiryFields(expiresAt)),
    ...(metadata === undefined ? {} : { metadata: copyJson(metadata) }),
  };
}

/** Returns the attributes that a record gets for an expiry that was checked. */
export function toExpiryFields(text: string): Required<Pick<KeyRecord, 'expiresAt' | 'purgeAfter'>> {
  const expiresAt = readTime(text, { dateAs: 'end' });
  if (expiresAt === undefined) throw new LatchkeyError('INTERNAL_ERROR', "an expiry wasn't checked");
  return { expiresAt, purgeAfter: getPurgeAfter(toEpochMs(expiresAt)) };
}

/** Returns whether the value can be a label, an owner or a reason. */
export function isText(value: unknown): value is string {
  return isTextWithin(value, MAX_TEXT_LENGTH);
}

/** Returns whether the value can be an actor, such as the value of `createdBy`. */
export function isActor(value: unknown): value is string {
  return isTextWithin(value, MAX_ACTOR_LENGTH);
}

/** Spaces of every width, and the blank braille pattern. They are allowed next to other characters. */
const ONLY_BLANK = /^[\p{Zs}\u2800]*$/u;

function isTextWithin(value: unknown, maxLength: number): value is string {
  const isShort = typeof value === 'string' && !ONLY_BLANK.test(value) && value.length <= maxLength;
  return isShort && isPrintable(value) && !holdsKey(value);
}

/** Returns whether the value can be a plan's name. */
export function isPlanName(value: unknown): value is string {
  return typeof value === 'string' && PLAN_NAME.test(value) && !holdsKey(value);
}

function isScopeList(value: unknown): boolean {
  // `every` skips the gaps of a sparse list.
  return Array.isArray(value) && [...value].every(isScope) && value.join(' ').length <= MAX_SCOPES_LENGTH;
}

function isStorableMetadata(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    isStorable(value, MAX_METADATA_DEPTH) &&
    Buffer.byteLength(JSON.stringify(value), 'utf8') <= MAX_METADATA_BYTES
  );
}

/** Names that don't come back as plain attributes: the SDK takes an object with `constructor` for an instance of a class. */
const UNSTORABLE_NAMES = new Set(['__proto__', 'constructor']);

function isStorable(value: JsonValue, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return value === 0 || (Math.abs(value) < NUMBER_END && Math.abs(value) >= MIN_NUMBER);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.entries(value).every(
    ([name, inner]) => !UNSTORABLE_NAMES.has(name) && name.isWellFormed() && isStorable(inner as JsonValue, depth - 1),
  );
}

/** The length of a UUID. */
const MAX_ID_LENGTH = 36;

/** Returns whether the text has the length of a UUID, so that no longer id can begin with it. */
export function isLongestId(id: string): boolean {
  return id.length === MAX_ID_LENGTH;
}

/**
 * Returns whether the value can be a key's id, of Latchkey or another system. A raw key of Latchkey can't: it's longer than a
 * UUID and has an underscore. A raw key of another system can.
 */
export function isKeyId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= MAX_ID_LENGTH && /^[0-9A-Za-z-]+$/.test(id);
}

const A_UUID = '00000000-0000-4000-8000-000000000000';

/**
 * Returns whether a message may show an id that no key has. If the text is long enough, it may be a raw key of another system,
 * unless it begins like a UUID.
 */
export function isSafeToPrint(id: string): boolean {
  const isLikeUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id + A_UUID.slice(id.length));
  return isLikeUuid || parseSecret(id, { prefix: '', acceptForeignKeys: true }) === undefined;
}
