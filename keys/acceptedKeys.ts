import { isKeyPrefix, isVisible, MAX_PREFIX_LENGTH } from './keyPrefix.ts';
import type { ExternalKeys, KeyFormat } from './secret.ts';

/** A record or an entry to import. */
interface ShownKey {
  readonly keyPrefix?: string | null | undefined;
}

/** The word of `acceptedKeys` for external keys with any prefix. */
const ANY = 'any';
/** Follows each prefix of external keys in `acceptedKeys`. */
const WILDCARD = '*';

/**
 * Returns the keys that a deployment accepts as the stack output `AcceptedKeys`: a list separated by commas. An entry
 * is the prefix of issued keys (`sk_live_`), the prefix of external keys and a star (`acme-*`), or `any`.
 */
export function formatAcceptedKeys({ prefixes, externalKeys }: KeyFormat): string {
  return [...prefixes, ...formatExternalKeys(externalKeys)].join(',');
}

function formatExternalKeys(externalKeys: ExternalKeys | undefined): readonly string[] {
  if (externalKeys === undefined) return [];
  return externalKeys.prefixes?.map((prefix) => `${prefix}${WILDCARD}`) ?? [ANY];
}

/** Returns whether the string is a list in the format of the stack output `AcceptedKeys`. */
export function isAcceptedKeys(text: string): boolean {
  return text.split(',').every((entry) => entry === ANY || isKeyPrefix(entry) || isExternalEntry(entry));
}

function isExternalEntry(entry: string): boolean {
  return entry.length > 1 && entry.length <= MAX_PREFIX_LENGTH + 1 && entry.endsWith(WILDCARD) && isVisible(entry);
}

/** Returns the prefixes of issued keys in `acceptedKeys`. */
export function issuedPrefixesIn(acceptedKeys: string): readonly string[] {
  return acceptedKeys.split(',').filter(isKeyPrefix);
}

/** Returns whether the deployment with these `acceptedKeys` accepts external keys with any prefix. */
function acceptsAnyKey(acceptedKeys: string): boolean {
  return acceptedKeys.split(',').includes(ANY);
}

/** Matches the random characters at the end of the shown part of a Latchkey key. */
const SHOWN_RANDOM = /[0-9A-Za-z]{8}$/;

/**
 * Returns the prefix of an issued key by the shown part of the key. Returns `undefined` if the key is certainly from
 * another system.
 */
export function shownKeyPrefix({ keyPrefix }: ShownKey): string | undefined {
  const { index } = SHOWN_RANDOM.exec(keyPrefix ?? '') ?? {};
  const prefix = keyPrefix?.slice(0, index);
  return index !== undefined && prefix !== undefined && isKeyPrefix(prefix) ? prefix : undefined;
}

/**
 * Returns whether a key is certainly from another system. Its record then lacks a prefix, or has one that isn't in
 * Latchkey's format. A key with a prefix that the deployment doesn't issue is also external if `acceptedKeys` is known.
 * `false` doesn't prove that Latchkey issued the key, because an external key can look like a Latchkey key.
 */
export function isExternal(record: ShownKey, acceptedKeys?: string): boolean {
  const prefix = shownKeyPrefix(record);
  if (prefix === undefined) return true;
  if (acceptedKeys === undefined || acceptsAnyKey(acceptedKeys)) return false;
  return !issuedPrefixesIn(acceptedKeys).includes(prefix);
}

/**
 * Returns whether the deployment certainly refuses a key because of its prefix. Pass `undefined` as `acceptedKeys` for
 * an unknown deployment.
 */
export function isRefused(record: ShownKey, acceptedKeys: string | undefined): boolean {
  if (acceptedKeys === undefined || !isExternal(record, acceptedKeys)) return false;
  return !mayAcceptExternal(record, acceptedKeys);
}

/**
 * Returns whether the deployment may accept a key as an external key. It may accept a key without a shown part if it
 * accepts any external key.
 */
export function mayAcceptExternal({ keyPrefix }: ShownKey, acceptedKeys: string): boolean {
  if (acceptsAnyKey(acceptedKeys)) return true;
  const external = acceptedKeys.split(',').filter((entry) => entry.endsWith(WILDCARD));
  return external.some((entry) => mayBegin(keyPrefix ?? '', entry.slice(0, -WILDCARD.length)));
}

/** Returns whether a key can begin with the prefix. Only the key's first characters are known. */
function mayBegin(shown: string, prefix: string): boolean {
  return shown.startsWith(prefix) || prefix.startsWith(shown);
}

/** The message about one key that the deployment refuses. */
export const REFUSED = "refused: the deployment's keyPrefixes and externalKeys don't include it";

/** The message about several keys that the deployment refuses. */
export const REFUSED_ADVICE = "the deployment's keyPrefixes and externalKeys don't include them";
