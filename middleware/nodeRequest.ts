import type { IncomingMessage } from 'node:http';
import type { RequestParts } from './requestParts.ts';

/**
 * Returns the parts of a request to Node's server. It reads `rawHeaders`, because Node's `headers` drops a second
 * `Authorization` header. The authorizer refuses such a request.
 */
export function nodeRequest({ method = '', rawHeaders }: IncomingMessage, url = ''): RequestParts {
  const headers: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  return { method, url, headers };
}

/**
 * Returns the address of the connection. A framework's own `ip` may come from a header that the client has sent, such as
 * with `trust proxy` of Express.
 */
export function sourceIpOf({ socket }: Pick<IncomingMessage, 'socket'>): string | undefined {
  // Tests inject requests without a socket.
  return (socket as IncomingMessage['socket'] | undefined)?.remoteAddress;
}
