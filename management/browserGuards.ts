import type { Context, MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { RequestProblem } from './problems.ts';

/** Maximum size of a body in bytes. The longest change has metadata and scopes of 1 KB each. */
const MAX_BODY_BYTES = 64 * 1024;
const READS = new Set(['GET', 'HEAD']);
/** The methods of requests without a body. A page needs a preflight for DELETE. */
const WITHOUT_BODY = new Set([...READS, 'DELETE']);

/** Sets headers that restrict a page's resources to its server. The headers also forbid framing and caching. */
export function pageHeaders(imageOrigins: readonly string[] = []): MiddlewareHandler {
  const own = ["'self'"];
  const none = ["'none'"];
  const headers = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: none,
      scriptSrc: own,
      styleSrc: own,
      imgSrc: [...own, ...imageOrigins],
      connectSrc: own,
      baseUri: none,
      formAction: none,
      frameAncestors: none,
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: none,
    },
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
    // API Gateway and the console's server have one scheme each, so there is nothing to upgrade.
    strictTransportSecurity: false,
  });
  return async (c, next) => {
    await headers(c, next);
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
  };
}

/**
 * Rejects requests from other pages. It rejects changes unless `Origin` is the server's own. It rejects all requests if
 * `Sec-Fetch-Site` indicates another origin (W3C, Fetch Metadata Request Headers). `SameSite` cookies aren't enough,
 * because another port and another subdomain count as the same site.
 *
 * @throws RequestProblem `FORBIDDEN`
 */
export function ownPageOnly(isOwnOrigin: (origin: string, c: Context) => boolean): MiddlewareHandler {
  return async (c, next) => {
    const site = c.req.header('sec-fetch-site');
    const isOwnSite = site === undefined || site === 'same-origin';
    const isRead = READS.has(c.req.method);
    if (isOwnSite && (isRead || isOwnOrigin(c.req.header('origin') ?? '', c))) return next();
    throw new RequestProblem('FORBIDDEN', 'only the own page of this server may send this request');
  };
}

/**
 * Rejects changes unless the body is JSON, because forms of other pages can't send JSON. Also rejects a body if its
 * length is unknown or too large.
 *
 * @throws RequestProblem `JSON_REQUIRED`; `BODY_TOO_LARGE`
 */
export function jsonOnly(): MiddlewareHandler {
  return async (c, next) => {
    if (WITHOUT_BODY.has(c.req.method)) return next();
    if (!/^application\/(merge-patch\+)?json *(;|$)/i.test(c.req.header('content-type') ?? '')) {
      throw new RequestProblem('JSON_REQUIRED', 'content type: expected application/json');
    }
    const bytes = c.req.header('content-length');
    if (bytes !== undefined && Number(bytes) <= MAX_BODY_BYTES) return next();
    throw new RequestProblem('BODY_TOO_LARGE', 'body: expected a Content-Length of at most 64 KB');
  };
}
