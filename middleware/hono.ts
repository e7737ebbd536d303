/**
 * The module `latchkey/hono`. It checks the keys of a Hono app's requests.
 *
 * @module hono
 */
import type { IncomingMessage } from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import type { PublicRecord } from '../keys/record.ts';
import type { Authenticator } from './authenticate.ts';
import { createCheck } from './createCheck.ts';
import { sourceIpOf } from './nodeRequest.ts';
import { addToField } from './requestLimit.ts';
import type { EventParts } from './requestParts.ts';
import type { KeyRequirements } from './requirements.ts';

/** The part of a Hono app's environment that the middleware sets. */
export interface LatchkeyEnv {
  /** The variables of a request. */
  readonly Variables: {
    /** The record of the request's key, without its hash. */
    latchkey: PublicRecord;
  };
}

/** The requirements of a route, and the place of the client's address. */
export interface LatchkeyOptions extends KeyRequirements {
  /**
   * Returns the address of the connection, for example `(c) => getConnInfo(c).remote.address` with `getConnInfo` of your
   * runtime's adapter. Only keys with `allowedIps` need it. Don't read a header that the client can send.
   *
   * @default - the connection of `@hono/node-server`, or the event of `hono/aws-lambda`
   */
  readonly sourceIp?: (c: Context) => string | undefined;
}

/**
 * Creates a middleware that lets a request through if its key is active and has the required scopes. The key's record
 * is then at `c.get('latchkey')`. A refused request gets the authorizer's code and JSON body.
 *
 * @throws LatchkeyError `INPUT_INVALID` if an argument isn't valid, such as a misspelled option
 */
export function latchkey(
  authenticator: Pick<Authenticator, 'authenticate'>,
  { sourceIp = nodeSourceIp, ...requirements }: LatchkeyOptions = {},
): MiddlewareHandler<LatchkeyEnv> {
  const check = createCheck(authenticator, requirements);
  return async (c, next) => {
    // An app may receive the same request object twice, but the context exists once for each request.
    const authentication = await check(partsOf(c), { sourceIp: sourceIp(c), countOncePer: c });
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

/** The bindings of the adapters for Node.js and for AWS Lambda. */
interface Bindings {
  readonly incoming?: IncomingMessage;
  readonly server?: { readonly incoming?: IncomingMessage };
  readonly requestContext?: unknown;
}

function nodeSourceIp({ env }: Context): string | undefined {
  const { incoming, server }: Bindings = env ?? {};
  const request = server?.incoming ?? incoming;
  return request === undefined ? undefined : sourceIpOf(request);
}

/** Returns the request, with the context of a Lambda event if there is one. */
function partsOf({ req: { raw }, env }: Context): Request | EventParts {
  const { requestContext }: Bindings = env ?? {};
  if (requestContext === undefined) return raw;
  return { method: raw.method, url: raw.url, headers: raw.headers, requestContext };
}

/** Adds the headers to the response of any handler. `c.header` would miss the responses that `c` doesn't create. */
function addHeaders({ res }: Context, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    res.headers.set(name, addToField(res.headers.get(name) ?? '', value));
  }
}
