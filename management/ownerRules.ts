/** What owners may do with their keys. */
export interface OwnerRules {
  /**
   * The scopes that an owner may give. Without a list, an owner's keys have no scopes, so they may do everything. A new
   * key gets all of them by default.
   */
  readonly scopes?: readonly string[] | undefined;
  /** The plans that an owner may choose. The first is the default. Without a list, an owner's new keys have no plan. */
  readonly plans?: readonly string[] | undefined;
  /** Maximum lifetime of a key in seconds. It's also the default. Without it, an owner's keys may live forever. */
  readonly maxLifetimeSeconds?: number | undefined;
  /** Maximum number of keys that an owner may have: active and disabled ones. Rotated keys don't count. */
  readonly maxKeysPerOwner: number;
}
