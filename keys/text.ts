const MAX_LENGTH = 256;

/** What is wanted of a text about a key, for messages. */
export const TEXT_WANTED = `a text of 1 to ${MAX_LENGTH} characters`;

/** Whether the value can be a text about a key: a label, an owner, a reason. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_LENGTH && value.isWellFormed();
}

/** An ARN has up to 2048 characters. */
const MAX_ACTOR_LENGTH = 2048;

/** Whether the value can tell who acts. */
export function isActor(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ACTOR_LENGTH && value.isWellFormed();
}
