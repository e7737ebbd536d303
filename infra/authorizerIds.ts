import type { Construct } from 'constructs';
import { propError } from './propChecks.ts';

/** The id of an authorizer, with the caller and the options that it comes from. */
export interface AuthorizerId {
  /** The construct whose method creates the authorizer. */
  readonly owner: Construct;
  readonly method: 'forRestApi' | 'forHttpApi' | 'forWebSocketApi';
  readonly id: string;
  /** Whether the caller chose the id. A default id may get a suffix. */
  readonly isGiven: boolean;
  /** Distinguishes the authorizer from others of the same owner: its type or its payload format. */
  readonly variant: string;
}

/**
 * Returns the id for the authorizer in the scope. The first authorizer of a scope gets its plain id, so that deployed stacks
 * keep their logical ids. A further authorizer with a default id gets its owner and its variant as a suffix.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if the caller chose an id that the scope already has, or the suffixed id exists too
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
