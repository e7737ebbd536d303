/** A value that JSON can represent. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/**
 * The maximum depth of a document in DynamoDB (Quotas, "Nested attribute depth"). Functions that walk through foreign
 * values stop there, because a few thousand levels overflow the stack.
 */
export const MAX_DEPTH = 32;

/** Returns whether objects and lists are nested more than `depth` levels deep. */
export function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((part) => isDeeper(part, depth - 1));
}

/** Returns whether the value survives a round trip through JSON unchanged. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isPlainObject(value) && !isDeeper(value, MAX_DEPTH) && Object.values(value).every(isJsonValue);
}

/** Returns a deep copy of the value. */
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

/** Returns whether the value is a plain object. Lists and class instances aren't. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
