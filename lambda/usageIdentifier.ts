import { type KeyFormat, parseSecret } from '../keys/secret.ts';
import type { UsageIdentifier } from './config.ts';
import type { PresentedKey } from './credentials.ts';

/** The settings that the identifier of a presented key depends on. */
interface IdentifierSettings {
  readonly usageIdentifier: UsageIdentifier;
  readonly keyFormat: KeyFormat;
}

/**
 * Returns the presented key if it identifies itself to API Gateway, otherwise `undefined`. It does so with
 * `presented-key`, unless only Latchkey can have issued it. The key's own usage plans then count the request. Only the
 * caller's own value is returned, and nothing keeps it, because it is a secret.
 */
export function ownIdentifier(presented: PresentedKey, settings: IdentifierSettings): string | undefined {
  if (settings.usageIdentifier === 'plan' || presented.kind !== 'key') return undefined;
  return mayBeNative(presented.secret, settings) ? presented.secret : undefined;
}

/** Limits of an API key's value ("Usage plans and API keys for REST APIs"). */
const MIN_LENGTH = 20;
const MAX_LENGTH = 128;

/** Returns whether API Gateway may have issued the key. Keys that Latchkey issued have their own prefix and checksum. */
function mayBeNative(secret: string, { keyFormat }: IdentifierSettings): boolean {
  if (secret.length < MIN_LENGTH || secret.length > MAX_LENGTH) return false;
  return parseSecret(secret, { prefixes: keyFormat.prefixes }) === undefined;
}
