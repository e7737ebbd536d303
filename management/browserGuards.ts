import type { Context, MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

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

/** Returns whether a request only reads. */
export function isRead(c: Context): boolean {
  return READS.has(c.req.method);
}

/**
 * Returns whether a request may come from the server's own page. A change needs the server's own `Origin`. No request
 * may have a `Sec-Fetch-Site` of another origin (W3C, Fetch Metadata Request Headers). `SameSite` cookies aren't enough,
 * because another port and another subdomain count as the same site.
 */
export function isFromOwnPage(c: Context, isOwnOrigin: (origin: string) => boolean): boolean {
  const site = c.req.header('sec-fetch-site');
  const isOwnSite = site === undefined || site === 'same-origin';
  return isOwnSite && (isRead(c) || isOwnOrigin(c.req.header('origin') ?? ''));
}

/**
 * Returns why the body of a change is refused, or `undefined`. The body has to be JSON, because forms of other pages
 * can't send JSON. Its length has to be known and small. A preflight protects DELETE, so it needs no body.
 */
export function findBodyProblem(c: Context): 'JSON_REQUIRED' | 'BODY_TOO_LARGE' | undefined {
  if (WITHOUT_BODY.has(c.req.method)) return undefined;
  if (!/^application\/(merge-patch\+)?json *(;|$)/i.test(c.req.header('content-type') ?? '')) return 'JSON_REQUIRED';
  const bytes = c.req.header('content-length');
  return bytes !== undefined && Number(bytes) <= MAX_BODY_BYTES ? undefined : 'BODY_TOO_LARGE';
}
