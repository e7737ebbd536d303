/** A record, or an entry to import. */
interface ShownKey {
  readonly keyPrefix?: string | null | undefined;
}

/** What a deployment with `acceptForeignKeys` states that it accepts. Any other one states its key prefix. */
export const ANY_KEYS = 'any';

/** The prefix and the first 8 random characters, as every key issued by Latchkey shows them. */
const SHOWN_PREFIX = /^([a-z][a-z0-9]{0,14}_)[0-9A-Za-z]{8}$/;

/**
 * Whether a key certainly was issued elsewhere: its record shows no prefix, or one that no key issued by Latchkey has; if
 * `acceptedKeys` is a prefix, also any other prefix. A key from elsewhere can look like one of Latchkey's, so that `false` is
 * no proof.
 */
export function isForeign({ keyPrefix }: ShownKey, acceptedKeys?: string): boolean {
  const [, prefix] = SHOWN_PREFIX.exec(keyPrefix ?? '') ?? [];
  if (prefix === undefined) return true;
  return acceptedKeys !== undefined && acceptedKeys !== ANY_KEYS && prefix !== acceptedKeys;
}

/** Whether the deployment certainly refuses a key as one issued elsewhere. `undefined` stands for an unknown deployment. */
export function isRefusedAsForeign(record: ShownKey, acceptedKeys: string | undefined): boolean {
  return acceptedKeys !== undefined && acceptedKeys !== ANY_KEYS && isForeign(record, acceptedKeys);
}

/** The same in words, for one key. */
export const REFUSED_AS_FOREIGN = 'refused, because it was issued elsewhere: the deployment needs acceptForeignKeys';

/** The same in words, for several keys. */
export const FOREIGN_ADVICE = 'they were issued elsewhere, and the deployment needs acceptForeignKeys to accept them';
