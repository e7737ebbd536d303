/**
 * The module `latchkey/hono`. It checks the keys of a Hono app's requests.
 *
 * @module hono
 */
import type { Context, MiddlewareHandler } from 'hono';
import type { PublicRecord } from '../keys/record.ts';
import type { Authenticator } from './authenticate.ts';
import { createCheck } from './createCheck.ts';
import { addToField } from './requestLimit.ts';
import type { KeyRequirements } from './requirements.ts';

/** The part of a Hono app's environment that the middleware sets. */
export interface LatchkeyEnv {
  /** The variables of a request. */
  readonly Variables: {
    /** The record of the request's key, without its hash. */
    latchkey: PublicRecord;
  };
}

/**
 * Creates a middleware that lets a request through if its key is active and has the required scopes. The key's record
 * is then at `c.get('latchkey')`. A refused request gets the authorizer's code and JSON body.
 *
 * @throws LatchkeyError `INPUT_INVALID` if an argument isn't valid, such as a misspelled option
 */
export function latchkey(
  authenticator: Pick<Authenticator, 'authenticate'>,
  requirements: KeyRequirements = {},
): MiddlewareHandler<LatchkeyEnv> {
  const check = createCheck(authenticator, requirements);
  return async (c, next) => {
    // An app may receive the same request object twice, but the context exists once for each request.
    const authentication = await check(c.req.raw, { countOncePer: c });
    if (authentication.effect === 'refuse') {
      // Hono adds earlier headers to a response, and lets them replace the response's own.
      for (const name of Object.keys(authentication.headers)) c.header(name, undefined);
      return authentication.toResponse();
    }
    c.set('latchkey', authentication.record);
    if (authentication.limit !== undefined) addHeaders(c, authentication.limit.headers);
    return next();
  };
}

/** Adds the headers to the response of any handler. `c.header` would miss the responses that `c` doesn't create. */
function addHeaders({ res }: Context, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    res.headers.set(name, addToField(res.headers.get(name) ?? '', value));
  }
}
