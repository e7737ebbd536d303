import { LatchkeyError } from './errors.ts';
import { holdsKey, maskKeys } from './findKeys.ts';
import { ALLOWED_IPS_EXPECTED, findRangeProblem, isAllowedIps, toCanonicalIps } from './ipRanges.ts';
import { copyJson, isDeeper, isJsonObject, type JsonObject, type JsonValue, MAX_DEPTH } from './json.ts';
import { isPrintable, printable } from './printable.ts';
import type { KeyRecord } from './record.ts';
import { isScope, SCOPES_EXPECTED } from './scope.ts';
import { ANY_KEY, parseSecret } from './secret.ts';
import { EDITABLE_FIELDS, type EditableField } from './table.ts';
import { getPurgeAfter, readTime, TIME_EXPECTED, toEpochMs } from './timestamp.ts';

/** The fields of a new key. */
export interface NewKey {
  /**
   * The purpose of the key, in 1 to 256 characters. It can't be only spaces, or contain control or invisible
   * characters.
   */
  readonly label: string;
  /** The customer or team that the key is issued to. The label's limits apply. */
  readonly owner?: string | undefined;
  /**
   * The key's scopes: RFC 6749 §3.3 scope tokens without commas, braces and brackets. Joined with spaces, they have at
   * most 1024 characters. A key without scopes may do everything. An empty list lets the key do nothing.
   */
  readonly scopes?: readonly string[] | undefined;
  /**
   * The name of the plan that the key's requests count against. It has 1 to 64 letters, digits, dots, underscores and
   * hyphens. It begins with a letter or a digit.
   */
  readonly plan?: string | undefined;
  /**
   * The IP addresses and CIDR blocks from which the key works: 1 to 20 of them, IPv4 or IPv6. A block can't have host
   * bits, such as `10.0.0.1/8`, or contain every address. The record gets them in canonical text, without duplicates.
   */
  readonly allowedIps?: readonly string[] | undefined;
  /** The expiry: a future time in ISO 8601 with a zone, or a date. A date means the end of that day in UTC. */
  readonly expiresAt?: string | undefined;
  /** A JSON object of at most 1024 bytes and at most 30 levels. */
  readonly metadata?: JsonObject | undefined;
}

type RecordFields = Pick<KeyRecord, EditableField | 'purgeAfter'>;

const MAX_TEXT_LENGTH = 256;
/** The maximum length of an ARN. */
const MAX_ACTOR_LENGTH = 2048;
const MAX_PLAN_LENGTH = 64;
const MAX_SCOPES_LENGTH = 1024;
const MAX_METADATA_BYTES = 1024;
/** DynamoDB's limits on nested documents and on numbers (Service quotas, "Naming rules and data types"). */
const MAX_METADATA_DEPTH = 30;
const NUMBER_END = 1e126;
const MIN_NUMBER = 1e-130;

const TEXT_RULES = 'with no control or invisible characters and no API key';

/** The expected format of a label, an owner or a reason, as worded in error messages. */
export const TEXT_EXPECTED = `1 to ${MAX_TEXT_LENGTH} characters, not all of them spaces, ${TEXT_RULES}`;

/** The expected format of an actor, as worded in error messages. */
export const ACTOR_EXPECTED = `the name or ARN of the acting person or program, not only spaces, ${TEXT_RULES}`;

/** The expected format of a plan name, as worded in error messages. */
export const PLAN_EXPECTED = `a plan's name of 1 to ${MAX_PLAN_LENGTH} letters, digits, dots, underscores and hyphens, the first a letter or a digit`;
const PLAN_NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${MAX_PLAN_LENGTH - 1}}$`);

interface Check {
  readonly expected: string;
  readonly isValid: (value: unknown, nowMs: number) => boolean;
  /** Formats an invalid value for a message. The default is `show`. */
  readonly show?: (value: unknown) => string;
}

/**
 * Returns the check of each field. It's a function, because the Lambda bundles couldn't drop a constant that uses
 * imported strings.
 */
const getChecks = (): Readonly<Record<EditableField, Check>> => ({
  label: { expected: TEXT_EXPECTED, isValid: isText },
  owner: { expected: TEXT_EXPECTED, isValid: isText },
  scopes: {
    expected: `${SCOPES_EXPECTED}, at most ${MAX_SCOPES_LENGTH} characters together`,
    isValid: isScopeList,
    show: showScopes,
  },
  plan: { expected: PLAN_EXPECTED, isValid: isPlanName },
  allowedIps: { expected: ALLOWED_IPS_EXPECTED, isValid: isAllowedIps, show: showRanges },
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
 * @throws LatchkeyError `INPUT_INVALID`. The message lists every invalid field, its value and the expected value
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
 * Returns an error message with the expected and the given value. Returns `undefined` if the value is valid. A value
 * that contains an API key isn't valid, because everyone who can read the record would get that key.
 */
export function findProblem(name: EditableField, value: unknown, nowMs: number): string | undefined {
  const { expected, isValid, show: showInvalid = show } = getChecks()[name];
  if (holdsKey(value)) return `${name}: expected ${expected}, got an API key in it`;
  if (isValid(value, nowMs)) return undefined;
  return `${name}: expected ${expected}, got ${showInvalid(value)}`;
}

/** Shows the first element that isn't a scope. */
function showScopes(value: unknown): string {
  const wrong: unknown[] = Array.isArray(value) ? [...value].filter((entry) => !isScope(entry)) : [];
  return wrong.length === 0 ? show(value) : `${show(value)} with ${show(wrong[0])} in it`;
}

/** Shows the first element that isn't an address or a CIDR block, and the reason. */
function showRanges(value: unknown): string {
  if (!Array.isArray(value)) return show(value);
  const [problem] = [...value].flatMap((entry) => {
    const reason = findRangeProblem(entry);
    return reason === undefined ? [] : `${show(entry)} in it, ${reason}`;
  });
  return problem === undefined ? show(value) : `${show(value)} with ${problem}`;
}

const MAX_SHOWN = 60;

/** Formats a value for a message. The result is short and printable. `maskKeys` has masked possible keys. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return value.length > MAX_SHOWN ? `a text of ${value.length} characters` : quote(value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  // JSON can't represent a bigint, symbol or function. The source of a function can be long.
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (isDeeper(value, MAX_DEPTH)) return `objects and lists more than ${MAX_DEPTH} deep`;
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}

function quote(text: string): string {
  return printable(JSON.stringify(maskKeys(text)));
}

/** Returns the expected format of a field, as worded in error messages. */
export function expectedFor(name: EditableField): string {
  return getChecks()[name].expected;
}

/** Copies the fields of a new key for its record. The fields were checked before, or come from a stored record. */
export function toRecordFields({ label, owner, scopes, plan, allowedIps, expiresAt, metadata }: NewKey): RecordFields {
  return {
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: copyJson(scopes) }),
    ...(plan === undefined ? {} : { plan }),
    ...(allowedIps === undefined ? {} : { allowedIps: toCanonicalIps(allowedIps) }),
    ...(expiresAt === undefined ? {} : toExpiryFields(expiresAt)),
    ...(metadata === undefined ? {} : { metadata: copyJson(metadata) }),
  };
}

/** Returns the record's attributes for a valid expiry. */
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

/** Spaces of every width, and the blank braille pattern. They are valid next to other characters. */
const ONLY_BLANK = /^[\p{Zs}\u2800]*$/u;

function isTextWithin(value: unknown, maxLength: number): value is string {
  const isShort = typeof value === 'string' && !ONLY_BLANK.test(value) && value.length <= maxLength;
  return isShort && isPrintable(value) && !holdsKey(value);
}

/** Returns whether the value can be a plan name. */
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

/**
 * Names that the SDK doesn't return as plain attributes. It treats an object with `constructor` as an instance of a
 * class.
 */
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

const A_UUID = '00000000-0000-4000-8000-000000000000';

/**
 * Returns whether a message may show an id that the table doesn't contain. A long string may be a raw key of another
 * system, unless it begins like a UUID.
 */
export function isSafeToPrint(id: string): boolean {
  const isLikeUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id + A_UUID.slice(id.length));
  return isLikeUuid || parseSecret(id, ANY_KEY) === undefined;
}
