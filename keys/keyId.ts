import { parseSecret } from './secret.ts';

/** A UUID's. */
const MAX_LENGTH = 36;

/** Whether the text is as long as ids can be, as a UUID is, so that no other id begins with it. */
export function isLongestId(id: string): boolean {
  return id.length === MAX_LENGTH;
}

/**
 * Whether the text can be the id of a key, issued here or elsewhere. A UUID has 36 characters. No key that was issued here
 * fits, for each is longer and has an underscore; one that was made elsewhere can.
 */
export function isKeyId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= MAX_LENGTH && /^[0-9A-Za-z-]+$/.test(id);
}

const A_UUID = '00000000-0000-4000-8000-000000000000';

/** Whether a text that no key has for its id may be told: one as long as a key made elsewhere may be such, unless it begins as a UUID. */
export function isTellable(id: string): boolean {
  const isLikeUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id + A_UUID.slice(id.length));
  return isLikeUuid || parseSecret(id, { prefix: '', acceptForeignKeys: true }) === undefined;
}
