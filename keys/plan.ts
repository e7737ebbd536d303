import { holdsKey } from './findKeys.ts';

const MAX_LENGTH = 64;
const NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${MAX_LENGTH - 1}}$`);

/** What is wanted of a plan's name, for messages. */
export const PLAN_WANTED = `a plan's name of 1 to ${MAX_LENGTH} letters, digits, dots, underscores and hyphens, the first a letter or a digit`;

/** Whether the value can name a plan. */
export function isPlanName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value) && !holdsKey(value);
}
