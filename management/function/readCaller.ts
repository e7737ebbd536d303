import { isActor, isText } from '../../keys/fields.ts';
import type { OperatorCaller, OwnerCaller } from '../caller.ts';
import type { OwnerSettings } from './settings.ts';

/** The reason why a request has no caller. */
export interface CallerRefusal {
  readonly kind: 'refused';
  readonly code: 'UNAUTHENTICATED' | 'FORBIDDEN';
  readonly detail: string;
}

type Authorizer = Readonly<Record<string, unknown>>;

/** Returns the operator of a request that AWS_IAM has authorized. Every other request is refused. */
export function readOperator(authorizer: Authorizer): OperatorCaller | CallerRefusal {
  const { userArn } = Object(authorizer['iam']) as Authorizer;
  return isActor(userArn) ? { kind: 'operator', actor: userArn } : UNAUTHENTICATED;
}

/**
 * Returns the owner of a request whose token the JWT authorizer has verified. With `orgClaim`, the organisation owns
 * the keys. A token without an organisation is then refused, because an id of a user can equal one of an organisation.
 */
export function readOwner(
  authorizer: Authorizer,
  { ownerClaim, orgClaim, rules }: OwnerSettings,
): OwnerCaller | CallerRefusal {
  const { claims } = Object(authorizer['jwt']) as Authorizer;
  if (typeof claims !== 'object' || claims === null) return UNAUTHENTICATED;
  const user = readClaim(claims, ownerClaim);
  if (user === undefined) return withoutClaim(ownerClaim);
  const actor = `owner:${readClaim(claims, 'sub') ?? user}`;
  const owner = orgClaim === undefined ? user : readClaim(claims, orgClaim);
  return owner === undefined ? withoutClaim(orgClaim ?? ownerClaim) : { kind: 'owner', actor, owner, rules };
}

const UNAUTHENTICATED: CallerRefusal = {
  kind: 'refused',
  code: 'UNAUTHENTICATED',
  detail: 'the request has no identity that API Gateway has verified',
};

/** The message doesn't repeat the claim's value, because it may be personal. */
function withoutClaim(name: string): CallerRefusal {
  const detail = `the token has no claim ${name} that can own keys: expected one text of 1 to 256 characters`;
  return { kind: 'refused', code: 'FORBIDDEN', detail };
}

/**
 * Returns the text of a claim. API Gateway passes every claim as a text: a list as `[a b]`, an object as `map[a:b]`,
 * `null` as `<nil>`, and a large number rounded, such as `1.2e+19`. Different tokens can have the same such text, so it
 * can't be an owner.
 */
function readClaim(claims: object, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? (claims as Authorizer)[name] : undefined;
  const isAmbiguous = typeof value === 'string' && AMBIGUOUS.test(value);
  return isText(value) && !isAmbiguous ? value : undefined;
}

const AMBIGUOUS = /^(\[.*\]|map\[.*\]|<nil>|null|undefined|[+-]?\d+(\.\d+)?e[+-]?\d+|[+-]?inf|nan)$/is;
