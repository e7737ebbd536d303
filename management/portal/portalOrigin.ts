import type { Context } from 'hono';
import { isLoopback } from '../loopback.ts';

/** The address at which browsers reach the portal. */
export interface PortalAddress {
  /** The URL of the API, without a slash at its end. The page is at `/portal` below it. */
  readonly url: string;
  readonly origin: string;
  /** The name and the attributes of the session's cookie. */
  readonly cookie: { readonly name: string; readonly secure: boolean };
}

/** Browsers accept a cookie of this name only with `Secure` and `Path=/`, and only from the host itself (RFC 6265bis). */
const COOKIE = '__Host-latchkey-portal';

/**
 * Returns the portal's address. `configuredUrl` is the deployment's setting. Without it, the address is the request's:
 * its host is the domain that API Gateway has received the request for, and not a header of the client.
 *
 * A server without TLS is only acceptable on this machine. Its cookie can't have the prefix `__Host-`. Browsers share
 * cookies between ports, so the cookie's name contains the port.
 */
export function readAddress(c: Context, configuredUrl: string | undefined): PortalAddress {
  if (configuredUrl !== undefined) return toAddress(configuredUrl);
  const { host, hostname } = new URL(c.req.url);
  const isLocal = isLoopback(hostname) && c.req.header('x-forwarded-proto') !== 'https';
  return toAddress(`${isLocal ? 'http' : 'https'}://${host}`);
}

function toAddress(url: string): PortalAddress {
  const { origin, protocol, port } = new URL(url);
  const secure = protocol === 'https:';
  return { url, origin, cookie: { name: secure ? COOKIE : `latchkey-portal-${port}`, secure } };
}
