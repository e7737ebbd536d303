/** Whether the value is a scope token of RFC 6749 §3.3: visible ASCII without quotes and backslashes. */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && /^[!#-[\]-~]+$/.test(value);
}
