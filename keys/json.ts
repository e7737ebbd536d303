/** A value that JSON can represent. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/**
 * The deepest nesting that DynamoDB stores (Quotas, "Nested attribute depth"). Every function that walks through a foreign value
 * stops there, because a few thousand levels exhaust the stack.
 */
export const MAX_DEPTH = 32;

/** Returns whether objects and lists are nested deeper than this depth. */
export function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((part) => isDeeper(part, depth - 1));
}

/** Returns whether the value can be stored as JSON and read back unchanged. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isPlainObject(value) && !isDeeper(value, MAX_DEPTH) && Object.values(value).every(isJsonValue);
}

/** Returns a copy that shares no list and no object with the value. */
export function copyJson<T extends JsonValue>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

function isJsonValue(value: unknown): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  return Array.isArray(value)
    ? value.every(isJsonValue)
    : isPlainObject(value) && Object.values(value).every(isJsonValue);
}

/** Returns whether the value is a plain object: not a list, and not an instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
