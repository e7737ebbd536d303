/** What JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/**
 * How many objects and lists may be in each other: what DynamoDB stores (Quotas, "Nested attribute depth"). Whatever walks through
 * a value from outside stops there, because a few thousand levels exhaust the stack.
 */
export const MAX_DEPTH = 32;

/** Whether objects and lists are in each other more often than so many times. */
export function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((part) => isDeeper(part, depth - 1));
}

/** Whether the value can be stored as JSON and read back unchanged. */
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

/** Whether the value is an object as JSON has it: no list, and of no class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
