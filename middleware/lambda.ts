/**
 * The module `latchkey/lambda`. It checks the keys of requests to a Lambda function: through a function URL, an
 * Application Load Balancer, or a proxy integration of API Gateway without the authorizer.
 *
 * @module lambda
 */
import type { PublicRecord } from '../keys/record.ts';
import type { Authenticator } from './authenticate.ts';
import { createCheck } from './createCheck.ts';
import { type ProxyResult, readHttpEvent, toProxyResult, withFields } from './httpEvent.ts';
import type { KeyRequirements } from './requirements.ts';

export type { ProxyResult } from './httpEvent.ts';

/** An event whose request has an active key. */
export type WithKey<Event> = Event & {
  /** The record of the request's key, without its hash. */
  readonly latchkey: PublicRecord;
};

/**
 * Wraps an async handler. The wrapper calls it if the request's key is active and has the required scopes. The event
 * then has the key's record as `latchkey`. A refused request gets the authorizer's code and JSON body, in the shape
 * that the event's source reads.
 *
 * The returned handler throws a LatchkeyError `EVENT_UNKNOWN` if the event isn't an HTTP request, such as a message of
 * a queue.
 *
 * @throws LatchkeyError `INPUT_INVALID` if an argument isn't valid, such as a misspelled option
 */
export function latchkey<Event extends object, Rest extends readonly unknown[], Result>(
  authenticator: Pick<Authenticator, 'authenticate'>,
  handler: (event: WithKey<Event>, ...rest: Rest) => Result | Promise<Result>,
  requirements: KeyRequirements = {},
): (event: Event, ...rest: Rest) => Promise<Result | ProxyResult> {
  const check = createCheck(authenticator, requirements);
  return async (event, ...rest) => {
    const request = readHttpEvent(event);
    const authentication = await check(request, { route: request.route });
    if (authentication.effect === 'refuse') return toProxyResult(authentication, request);
    const { record, limit } = authentication;
    const result = await handler({ ...event, latchkey: record }, ...rest);
    return limit === undefined ? result : withFields(result, limit.headers, request);
  };
}
