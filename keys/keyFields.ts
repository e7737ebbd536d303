import { holdsKey } from './findKeys.ts';
import { maskKeys } from './maskKeys.ts';
import { isPlanName, PLAN_WANTED } from './plan.ts';
import { printable } from './printable.ts';
import { isDeeper, isJsonObject, MAX_DEPTH, type JsonValue } from './json.ts';
import { isScope, SCOPES_WANTED } from './scope.ts';
import { isText, TEXT_WANTED } from './text.ts';
import { readTime, TIME_WANTED } from './timestamp.ts';

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

const CHECKS: Readonly<Record<FieldName, Check>> = {
  label: { wanted: TEXT_WANTED, isValid: isText },
  owner: { wanted: TEXT_WANTED, isValid: isText },
  scopes: {
    wanted: `${SCOPES_WANTED}, at most ${MAX_SCOPES_LENGTH} characters together`,
    isValid: isScopeList,
  },
  plan: { wanted: PLAN_WANTED, isValid: isPlanName },
  expiresAt: {
    wanted: `${TIME_WANTED} (until the end of that day in UTC), in the future`,
    isValid: (value, nowMs) => {
      const time = readTime(value, { dateAs: 'end' });
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
  if (isValid(value, nowMs)) return undefined;
  return `${name}: got ${name === 'scopes' ? showScopes(value) : show(value)}, wanted ${wanted}`;
}

/** Names the first entry that is not a scope. */
function showScopes(value: unknown): string {
  const wrong: unknown[] = Array.isArray(value) ? [...value].filter((entry) => !isScope(entry)) : [];
  return wrong.length === 0 ? show(value) : `${show(value)} with ${show(wrong[0])} in it`;
}

/** What is wanted of a field, for messages. */
export function wantedOf(name: FieldName): string {
  return CHECKS[name].wanted;
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
