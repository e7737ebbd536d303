import type { OwnerRules } from './ownerRules.ts';

/** An operator of the deployment, who may use every key. */
export interface OperatorCaller {
  readonly kind: 'operator';
  /** The ARN of the caller, or the name of a local operator. */
  readonly actor: string;
}

/** A customer, who may use only their own keys. */
export interface OwnerCaller {
  readonly kind: 'owner';
  /** `owner:SUB` with a token, or `portal:OWNER` with a portal session. */
  readonly actor: string;
  /** The owner of the keys: a user, or an organisation. It comes from the token or the session, never from a request. */
  readonly owner: string;
  readonly rules: OwnerRules;
  /** What the portal's page shows about the session, if the owner uses one. */
  readonly portal?: PortalVisit;
  /** The scopes to which an operator has limited the portal session. */
  readonly sessionScopes?: readonly string[] | undefined;
}

/** What the portal's page shows about its session. */
export interface PortalVisit {
  /** The name of the product. */
  readonly name: string;
  /** The page to return to. */
  readonly returnUrl: string;
}

/** The caller of the management API. A front authenticates it before the routes run. */
export type Caller = OperatorCaller | OwnerCaller;

/** The variables of a request that the routes read. */
export interface ManagementEnv {
  readonly Variables: {
    caller: Caller;
  };
}
