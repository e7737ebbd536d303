import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';
import { refuse } from './refusal.ts';

/** More than the longest change needs: metadata and scopes of 1 KB each, and both again in the expected record. */
const MAX_BODY_BYTES = 64 * 1024;
const READS = new Set(['GET', 'HEAD']);

/** Sets headers that let the page load only from this server, and that forbid framing and caching. */
export function safeHeaders(): MiddlewareHandler {
  const own = ["'self'"];
  const none = ["'none'"];
  const headers = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: none,
      scriptSrc: own,
      styleSrc: own,
      imgSrc: own,
      connectSrc: own,
      baseUri: none,
      formAction: none,
      frameAncestors: none,
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: none,
    },
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
    // The page is served without TLS, and only to this machine.
    strictTransportSecurity: false,
  });
  return async (c, next) => {
    await headers(c, next);
    c.header('Cache-Control', 'no-store');
  };
}

/** Refuses requests with another `Host`, because anyone can make a name resolve to this machine (DNS rebinding). */
export function ownHostOnly(port: number): MiddlewareHandler {
  const hosts = new Set(getHosts(port));
  return async (c, next) => (hosts.has(c.req.header('host') ?? '') ? next() : refuse(c, 'HOST_REFUSED'));
}

/**
 * Refuses requests from other pages: changes without this server's own `Origin`, and all requests whose `Sec-Fetch-Site` names
 * another origin (W3C, Fetch Metadata Request Headers). `SameSite` cookies don't suffice: another port is the same site.
 */
export function ownPageOnly(port: number): MiddlewareHandler {
  const origins = new Set(getHosts(port).map((host) => `http://${host}`));
  return async (c, next) => {
    const site = c.req.header('sec-fetch-site');
    const isOwnSite = site === undefined || site === 'same-origin';
    const isOwnOrigin = READS.has(c.req.method) || origins.has(c.req.header('origin') ?? '');
    return isOwnSite && isOwnOrigin ? next() : refuse(c, 'ORIGIN_REFUSED');
  };
}

/** Refuses requests without the session's cookie. */
export function sessionOnly(session: Session, cookieName: string): MiddlewareHandler {
  return async (c, next) => (session.isHeldBy(getCookie(c, cookieName)) ? next() : refuse(c, 'SESSION_REQUIRED'));
}

/** Refuses every change. */
export function readsOnly(): MiddlewareHandler {
  return async (c, next) => (READS.has(c.req.method) ? next() : refuse(c, 'READ_ONLY'));
}

/** Refuses changes whose body isn't JSON, because forms of other pages can't send JSON, or whose length is unknown or too large. */
export function jsonOnly(): MiddlewareHandler {
  return async (c, next) => {
    if (READS.has(c.req.method)) return next();
    if (!/^application\/json *(;|$)/i.test(c.req.header('content-type') ?? '')) return refuse(c, 'JSON_REQUIRED');
    const bytes = c.req.header('content-length');
    return bytes !== undefined && Number(bytes) <= MAX_BODY_BYTES ? next() : refuse(c, 'BODY_TOO_LARGE');
  };
}

function getHosts(port: number): readonly string[] {
  const names = ['127.0.0.1', 'localhost'];
  const hosts = names.map((name) => `${name}:${port}`);
  // Browsers leave out the default port.
  return port === 80 ? [...hosts, ...names] : hosts;
}

/** Returns a text that nobody can guess. */
export type GenerateToken = () => string;

/** The session of the one browser that may use the console: the first to open the printed address. It ends with the server. */
export class Session {
  /** The token in the printed address. It can be exchanged once. */
  readonly token: string;
  readonly #cookie: string;
  #isExchanged = false;

  constructor(generateToken: GenerateToken) {
    this.token = generateToken();
    this.#cookie = generateToken();
  }

  /** Exchanges the token for the cookie's value. Returns `undefined` if the token is wrong or already used. */
  exchange(token: string): string | undefined {
    if (this.#isExchanged || !isSame(token, this.token)) return undefined;
    this.#isExchanged = true;
    return this.#cookie;
  }

  /** Returns whether a cookie is the session's. */
  isHeldBy(cookie: string | undefined): boolean {
    return cookie !== undefined && isSame(cookie, this.#cookie);
  }
}

/** Compares in constant time. The digests give both texts the same length. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
