import type { Construct } from 'constructs';
import { propError } from './propChecks.ts';

/** The id of an authorizer, and where it comes from. */
export interface AuthorizerId {
  /** The construct whose method creates the authorizer. */
  readonly owner: Construct;
  readonly method: 'forRestApi' | 'forHttpApi' | 'forWebSocketApi';
  readonly id: string;
  /** Whether the caller chose the id; a default may be replaced. */
  readonly isGiven: boolean;
  /** What tells the authorizer from others of the same owner. */
  readonly variant: string;
}

/**
 * Returns the id for the authorizer in the scope. The first authorizer of a scope gets its plain id, so that deployed stacks
 * keep their logical ids. Another one without an id of its own is named after its owner and its options.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if the scope has a construct of that id already
 */
export function freeIdIn(scope: Construct, { owner, method, id, isGiven, variant }: AuthorizerId): string {
  const candidates = isGiven ? [id] : [id, `${id}-${owner.node.id}-${variant}`];
  const free = candidates.find((candidate) => scope.node.tryFindChild(candidate) === undefined);
  if (free !== undefined) return free;
  const problem =
    `${method}: id: got ${JSON.stringify(id)}, which ${scope.node.path} has already for a construct of other options, wanted an id ` +
    `of its own: ${method}('${id}2')`;
  throw propError(owner, problem);
}
