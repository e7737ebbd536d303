import { LatchkeyError } from '../keys/errors.ts';
import type { EventFields } from '../lambda/requestValues.ts';

/** The parts of a request that a check depends on. A web-standard `Request` has them. */
export interface RequestParts {
  /** The method, in upper case. */
  readonly method: string;
  /** The whole URL, or its path and query. Pass it as the client sent it. */
  readonly url: string;
  /**
   * The headers as pairs of name and value. Pass every header that the client sent. Node's `request.headers` drops a
   * second `Authorization` header, so don't use it.
   */
  readonly headers: Iterable<readonly [name: string, value: string]>;
}

/** The parts of a Lambda event. */
export interface EventParts extends RequestParts {
  /** The event's context, which contains the address of the connection. */
  readonly requestContext: unknown;
}

/** A request in the form that the authorizer reads. */
export interface ReadRequest {
  readonly method: string;
  /** The percent-encoded path, without the query. */
  readonly path: string;
  /** The headers and the query parameters, like those of an event. */
  readonly fields: EventFields;
}

/**
 * Reads a request. `sourceIp` is the address of its connection.
 *
 * @throws LatchkeyError `INPUT_INVALID` if the headers aren't pairs, such as Node's `request.headers`
 */
export function readRequest(request: Request | RequestParts | EventParts, sourceIp?: string): ReadRequest {
  const { method, url, headers } = request;
  if (typeof (headers as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] !== 'function') {
    throw new LatchkeyError(
      'INPUT_INVALID',
      'headers: expected Headers or pairs of name and value, got another object',
    );
  }
  const target = withoutOrigin(url);
  const queryAt = target.indexOf('?');
  const requestContext = 'requestContext' in request ? request.requestContext : undefined;
  const shared = { headers: toValues(headers), remoteAddress: sourceIp, requestContext };
  if (queryAt === -1) return { method, path: target, fields: shared };
  const query = new URLSearchParams(target.slice(queryAt + 1));
  const fields = { ...shared, queryStringParameters: toValues(query) };
  return { method, path: target.slice(0, queryAt), fields };
}

/**
 * Removes the scheme and the host. It doesn't parse the URL, because a parser would remove dot segments that a server
 * may still read.
 */
function withoutOrigin(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
}

/** Groups the values by name. A name with several values has a list, which the authorizer never takes for one key. */
function toValues(pairs: Iterable<readonly [string, string]>): Readonly<Record<string, string | readonly string[]>> {
  // Without a prototype, because a client may send the name `__proto__`.
  const values: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const earlier = values[name];
    values[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  return values;
}
