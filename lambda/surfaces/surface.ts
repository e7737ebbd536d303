import type { Config } from '../config.ts';
import type { Decision } from '../authorize.ts';
import type { EventFields } from '../eventFields.ts';
import type { Credentials } from '../presentedKey.ts';
import type { Route } from '../route.ts';

/** What stands for "throw `Unauthorized`", which the gateway answers with 401. */
export const UNAUTHORIZED = Symbol('Unauthorized');

/** What the gateway is answered. */
export type Answer = object | typeof UNAUTHORIZED;

/** What an answer depends on beside the decision. */
export interface Answering {
  readonly config: Config;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** One kind of API that can call a Lambda authorizer. */
export interface Surface {
  /** As logs call it. */
  readonly name: string;
  /** Whether the event is of this surface, with all that `read` and `respond` need. */
  readonly matches: (event: EventFields) => boolean;
  readonly read: (event: EventFields) => Credentials;
  /** What the request asks for, as scopes are judged by it. */
  readonly route: (event: EventFields, config: Config) => Route;
  /** The answer that tells the gateway the decision. */
  readonly respond: (decision: Decision, event: EventFields, answering: Answering) => Answer;
}

/** What an event that brings the request's headers and query parameters carries. */
export function requestCredentials(event: EventFields): Credentials {
  return { kind: 'request', event };
}
