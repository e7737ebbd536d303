import { LatchkeyError } from './errors.ts';
import { holdsKey, maskKeys } from './findKeys.ts';
import { copyJson, isDeeper, isJsonObject, type JsonObject, type JsonValue, MAX_DEPTH } from './json.ts';
import { isPrintable, printable } from './printable.ts';
import type { KeyRecord } from './record.ts';
import { isScope, SCOPES_EXPECTED } from './scope.ts';
import { parseSecret } from './secret.ts';
import { purgeAfter, readTime, TIME_EXPECTED, toEpochMs } from './timestamp.ts';

const MAX_LENGTH = 256;
/** Spaces of every width, and the braille pattern without a dot, which is drawn as one. Beside other characters they stay. */
const ONLY_BLANK = /^[\p{Zs}\u2800]*$/u;

/** What is wanted of a text about a key, for messages. */
export const TEXT_EXPECTED = `a text of 1 to ${MAX_LENGTH} characters with no API key and no control or invisible characters in it, and not only of spaces`;

/** What is wanted of a text that says who acts, for messages. */
export const ACTOR_EXPECTED =
  'a text that tells who acts, with no API key and no control or invisible characters in it, and not only of spaces';

/** Whether the value can be a text about a key: a label, an owner, a reason. */
export function isText(value: unknown): value is string {
  return isTextOf(value, MAX_LENGTH);
}

/** An ARN has up to 2048 characters. */
const MAX_ACTOR_LENGTH = 2048;

/** Whether the value can tell who acts. */
export function isActor(value: unknown): value is string {
  return isTextOf(value, MAX_ACTOR_LENGTH);
}

function isTextOf(value: unknown, maxLength: number): value is string {
  const isShort = typeof value === 'string' && !ONLY_BLANK.test(value) && value.length <= maxLength;
  return isShort && isPrintable(value) && !holdsKey(value);
}

const MAX_PLAN_LENGTH = 64;
const NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${MAX_PLAN_LENGTH - 1}}$`);

/** What is wanted of a plan's name, for messages. */
export const PLAN_EXPECTED = `a plan's name of 1 to ${MAX_PLAN_LENGTH} letters, digits, dots, underscores and hyphens, the first a letter or a digit`;

/** Whether the value can name a plan. */
export function isPlanName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value) && !holdsKey(value);
}

/** A field of a key that operators set. */
export type FieldName = 'label' | 'owner' | 'scopes' | 'plan' | 'expiresAt' | 'metadata';

interface Check {
  readonly wanted: string;
  readonly isValid: (value: unknown, nowMs: number) => boolean;
}

const MAX_SCOPES_LENGTH = 1024;
const MAX_METADATA_BYTES = 1024;
/** DynamoDB's limits for nested documents and for numbers (Service quotas, "Naming rules and data types"). */
const MAX_METADATA_DEPTH = 30;
const NUMBER_END = 1e126;
const MIN_NUMBER = 1e-130;

/** A function, because the Lambda functions' bundles could not leave out a constant made of imported texts. */
const getChecks = (): Readonly<Record<FieldName, Check>> => ({
  label: { wanted: TEXT_EXPECTED, isValid: isText },
  owner: { wanted: TEXT_EXPECTED, isValid: isText },
  scopes: {
    wanted: `${SCOPES_EXPECTED}, at most ${MAX_SCOPES_LENGTH} characters together`,
    isValid: isScopeList,
  },
  plan: { wanted: PLAN_EXPECTED, isValid: isPlanName },
  expiresAt: {
    wanted: `${TIME_EXPECTED} (until the end of that day in UTC), in the future`,
    isValid: (value, nowMs) => {
      const time = readTime(value, { dateAs: 'end' });
      return time !== undefined && Date.parse(time) > nowMs;
    },
  },
  metadata: {
    wanted: `a JSON object of at most ${MAX_METADATA_BYTES} bytes, nested at most ${MAX_METADATA_DEPTH} deep`,
    isValid: isStorableMetadata,
  },
});

/**
 * What is wrong with a field, what it was and what is wanted; `undefined` where it is good. One with an API key in it never
 * is: whoever may look at a record would have the key.
 */
export function problemOf(name: FieldName, value: unknown, nowMs: number): string | undefined {
  const { wanted, isValid } = getChecks()[name];
  if (holdsKey(value)) return `${name}: got an API key in it, wanted ${wanted}`;
  if (isValid(value, nowMs)) return undefined;
  return `${name}: got ${name === 'scopes' ? showScopes(value) : show(value)}, wanted ${wanted}`;
}

/** Names the first entry that is not a scope. */
function showScopes(value: unknown): string {
  const wrong: unknown[] = Array.isArray(value) ? [...value].filter((entry) => !isScope(entry)) : [];
  return wrong.length === 0 ? show(value) : `${show(value)} with ${show(wrong[0])} in it`;
}

/** What is wanted of a field, for messages. */
export function expectedFor(name: FieldName): string {
  return getChecks()[name].wanted;
}

const MAX_SHOWN = 60;

/** Returns the value as a message shows it: short, printable, and without what may be a key (see `maskKeys`). */
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

function isScopeList(value: unknown): boolean {
  // `every` passes over the gaps of a list.
  return Array.isArray(value) && [...value].every(isScope) && value.join(' ').length <= MAX_SCOPES_LENGTH;
}

function isStorableMetadata(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    isStorable(value, MAX_METADATA_DEPTH) &&
    Buffer.byteLength(JSON.stringify(value), 'utf8') <= MAX_METADATA_BYTES
  );
}

/** What no reader would get back as the plain attribute that was meant: the SDK takes `constructor` for a class. */
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

/** What is said of a key when it is issued. */
export interface NewKey {
  /** 1 to 256 characters, none of them a control or invisible character, and not only spaces. */
  readonly label: string;
  /** 1 to 256 characters, none of them a control or invisible character, and not only spaces. */
  readonly owner?: string | undefined;
  /**
   * Scope tokens of RFC 6749 §3.3 without commas, braces and brackets, at most 1024 characters together with a space
   * between. Absent means the key may do everything, an empty list nothing.
   */
  readonly scopes?: readonly string[] | undefined;
  /** 1 to 64 letters, digits, dots, underscores and hyphens, the first a letter or a digit. */
  readonly plan?: string | undefined;
  /** ISO 8601 with a zone, or a date whose end in UTC it is; in the future. */
  readonly expiresAt?: string | undefined;
  /** A JSON object of at most 1024 bytes, nested at most 30 deep. */
  readonly metadata?: JsonObject | undefined;
}

type CheckedFields = Pick<KeyRecord, 'label' | 'owner' | 'scopes' | 'plan' | 'expiresAt' | 'metadata' | 'purgeAfter'>;

const FIELDS: readonly FieldName[] = ['label', 'owner', 'scopes', 'plan', 'expiresAt', 'metadata'];

/**
 * Checks a new key's fields as an operator or a file gave them.
 *
 * @throws LatchkeyError `INPUT_INVALID`, listing every field that is wrong, what it was and what is wanted
 */
export function checkNewKey(input: unknown, nowMs: number): CheckedFields {
  const fields: Record<string, unknown> = typeof input === 'object' && input !== null ? { ...input } : {};
  const problems = FIELDS.flatMap((name) => {
    const isLeftOut = name !== 'label' && fields[name] === undefined;
    return isLeftOut ? [] : (problemOf(name, fields[name], nowMs) ?? []);
  });
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));

  return writtenFields(fields as unknown as NewKey);
}

/** Returns a record's own copy of the fields of a new key. They were checked, or come from a stored record. */
export function writtenFields({ label, owner, scopes, plan, expiresAt, metadata }: NewKey): CheckedFields {
  return {
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: copyJson(scopes) }),
    ...(plan === undefined ? {} : { plan }),
    ...(expiresAt === undefined ? {} : expiry(expiresAt)),
    ...(metadata === undefined ? {} : { metadata: copyJson(metadata) }),
  };
}

/** What an expiry that was checked writes into a record. */
export function expiry(text: string): Required<Pick<KeyRecord, 'expiresAt' | 'purgeAfter'>> {
  const expiresAt = readTime(text, { dateAs: 'end' });
  if (expiresAt === undefined) throw new LatchkeyError('INTERNAL_ERROR', 'an expiry went unchecked');
  return { expiresAt, purgeAfter: purgeAfter(toEpochMs(expiresAt)) };
}

/** A UUID's. */
const MAX_ID_LENGTH = 36;

/** Whether the text is as long as ids can be, as a UUID is, so that no other id begins with it. */
export function isLongestId(id: string): boolean {
  return id.length === MAX_ID_LENGTH;
}

/**
 * Whether the text can be the id of a key, issued here or elsewhere. A UUID has 36 characters. No key that was issued here
 * fits, for each is longer and has an underscore; one that was made elsewhere can.
 */
export function isKeyId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= MAX_ID_LENGTH && /^[0-9A-Za-z-]+$/.test(id);
}

const A_UUID = '00000000-0000-4000-8000-000000000000';

/** Whether a text that no key has for its id may be told: one as long as a key made elsewhere may be such, unless it begins as a UUID. */
export function isSafeToPrint(id: string): boolean {
  const isLikeUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id + A_UUID.slice(id.length));
  return isLikeUuid || parseSecret(id, { prefix: '', acceptForeignKeys: true }) === undefined;
}
