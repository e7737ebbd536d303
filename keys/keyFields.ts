import { holdsKey } from './findKeys.ts';
import { isPlanName, PLAN_WANTED } from './plan.ts';
import { isDeeper, isJsonObject, MAX_DEPTH, type JsonValue } from './record.ts';
import { isScope } from './scope.ts';
import { isText, TEXT_WANTED } from './text.ts';
import { parseTimestamp, toTimestamp, type Timestamp } from './timestamp.ts';

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
/** The years that a stored time can have. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const END_MS = Date.UTC(10_000, 0);

const CHECKS: Readonly<Record<FieldName, Check>> = {
  label: { wanted: TEXT_WANTED, isValid: isText },
  owner: { wanted: TEXT_WANTED, isValid: isText },
  scopes: {
    wanted: `a list of scopes without spaces, quotes or backslashes, at most ${MAX_SCOPES_LENGTH} characters together`,
    isValid: isScopeList,
  },
  plan: { wanted: PLAN_WANTED, isValid: isPlanName },
  expiresAt: {
    wanted: 'a time to come in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z',
    isValid: (value, nowMs) => {
      const time = parseTime(value);
      return time !== undefined && Date.parse(time) > nowMs;
    },
  },
  metadata: {
    wanted: `a JSON object of at most ${MAX_METADATA_BYTES} bytes, nested at most ${MAX_METADATA_DEPTH} deep`,
    isValid: isStorableMetadata,
  },
};

/**
 * What is wrong with a field, what it was and what is wanted; `undefined` where it is good. One with an API key in it never
 * is: whoever may look at a record would have the key.
 */
export function problemOf(name: FieldName, value: unknown, nowMs: number): string | undefined {
  const { wanted, isValid } = CHECKS[name];
  if (holdsKey(value)) return `${name}: got an API key in it, wanted ${wanted}`;
  return isValid(value, nowMs) ? undefined : `${name}: got ${show(value)}, wanted ${wanted}`;
}

/** What is wanted of a field, for messages. */
export function wantedOf(name: FieldName): string {
  return CHECKS[name].wanted;
}

/**
 * A time of ISO 8601 with its zone as it is stored, cut to milliseconds, or `undefined`. A day that the calendar lacks is
 * refused: V8 would read 30 February as 2 March.
 */
export function parseTime(
  value: unknown,
  { fractionDigits = 3 }: { fractionDigits?: number } = {},
): Timestamp | undefined {
  if (typeof value !== 'string') return undefined;
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.exec(value);
  if (parts === null || parseTimestamp(`${parts[1]}T00:00:00.000Z`) === undefined) return undefined;
  if ((parts[4]?.length ?? 0) > fractionDigits + 1) return undefined;
  const epochMs = Date.parse(value);
  return epochMs >= FIRST_MS && epochMs < END_MS ? toTimestamp(epochMs) : undefined;
}

const MAX_SHOWN = 60;
/** A run as long as no word is, whatever issued it: the first characters are as many as `shownPrefixOf` lets see. */
const MAY_BE_KEY = /([\w-]{11})[\w-]{9,}/g;

/** The value as a message shows it: short, and of what may be a key no more than is shown of keys anywhere. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return value.length > MAX_SHOWN ? `a text of ${value.length} characters` : quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (isDeeper(value, MAX_DEPTH)) return `objects and lists more than ${MAX_DEPTH} deep`;
  return Array.isArray(value) ? `a list of ${value.length}` : `an object of ${JSON.stringify(value).length} characters`;
}

function quote(text: string): string {
  return JSON.stringify(text.replaceAll(MAY_BE_KEY, '$1…'));
}

function isScopeList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isScope) && value.join(' ').length <= MAX_SCOPES_LENGTH;
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
