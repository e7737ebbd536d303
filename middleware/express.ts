/**
 * The module `latchkey/express`. It checks the keys of an Express app's requests, in Express 4 and 5.
 *
 * @module express
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PublicRecord } from '../keys/record.ts';
import type { Authenticator } from './authenticate.ts';
import { createCheck } from './createCheck.ts';
import { nodeRequest, sourceIpOf } from './nodeRequest.ts';
import { addToField } from './requestLimit.ts';
import type { KeyRequirements } from './requirements.ts';

declare global {
  namespace Express {
    interface Request {
      /** The record of the request's key, without its hash. Set by `latchkey` of `latchkey/express`. */
      latchkey?: PublicRecord;
    }
  }
}

/** The part of an Express request that the middleware uses. */
export interface KeyedRequest extends IncomingMessage {
  /** The path and the query that the client sent, even in a mounted router. */
  readonly originalUrl?: string;
  /** The record of the request's key, without its hash. */
  latchkey?: PublicRecord;
}

/** A middleware of Express or Connect. */
export type KeyMiddleware = (
  request: KeyedRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/**
 * Creates a middleware that lets a request through if its key is active and has the required scopes. The key's record
 * is then at `req.latchkey`. A refused request gets the authorizer's code and JSON body, and doesn't reach your
 * handlers.
 *
 * @throws LatchkeyError `INPUT_INVALID` if an argument isn't valid, such as a misspelled option
 */
export function latchkey(
  authenticator: Pick<Authenticator, 'authenticate'>,
  requirements: KeyRequirements = {},
): KeyMiddleware {
  const check = createCheck(authenticator, requirements);
  const isAllowed = async (request: KeyedRequest, response: ServerResponse): Promise<boolean> => {
    const parts = nodeRequest(request, request.originalUrl ?? request.url);
    const authentication = await check(parts, { sourceIp: sourceIpOf(request), countOncePer: request });
    if (authentication.effect === 'allow') {
      request.latchkey = authentication.record;
      addHeaders(response, authentication.limit?.headers);
      return true;
    }
    const { status, headers, body } = authentication;
    // The app may have responded during the check, for example after a timeout.
    if (!response.headersSent) response.writeHead(status, headers).end(JSON.stringify(body));
    return false;
  };
  return async (request, response, next) => {
    let goesOn: boolean;
    try {
      goesOn = await isAllowed(request, response);
    } catch (error) {
      // Express 4 doesn't handle the rejection of a middleware.
      next(error);
      return;
    }
    if (goesOn) next();
  };
}

/** Adds the headers unless the app has responded during the check. */
function addHeaders(response: ServerResponse, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent) return;
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, addToField([response.getHeader(name) ?? ''].flat().join(', '), value));
  }
}
