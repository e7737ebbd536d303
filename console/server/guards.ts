import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';
import { refuse } from './refusal.ts';

/** More than the longest change takes: metadata and scopes of 1 KB each, and both once more as they were read. */
const MAX_BODY_BYTES = 64 * 1024;
const READS = new Set(['GET', 'HEAD']);

/** Says to browsers that a page of this server loads from this server alone, is in no frame, and is kept nowhere. */
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
    // The page is served without TLS, and is this machine's alone.
    strictTransportSecurity: false,
  });
  return async (c, next) => {
    await headers(c, next);
    c.header('Cache-Control', 'no-store');
  };
}

/** Refuses requests for another host: a name of somebody else's can be made to resolve to this machine. */
export function ownHostOnly(port: number): MiddlewareHandler {
  const hosts = new Set(hostsOf(port));
  return async (c, next) => (hosts.has(c.req.header('host') ?? '') ? next() : refuse(c, 'HOST_REFUSED'));
}

/**
 * Refuses what another page sends: a change without this server's own `Origin`, and anything that the browser says comes from
 * another (W3C, Fetch Metadata Request Headers). To a cookie another port of this machine is the same site.
 */
export function ownPageOnly(port: number): MiddlewareHandler {
  const origins = new Set(hostsOf(port).map((host) => `http://${host}`));
  return async (c, next) => {
    const site = c.req.header('sec-fetch-site');
    const isOwnSite = site === undefined || site === 'same-origin';
    const isOwnOrigin = READS.has(c.req.method) || origins.has(c.req.header('origin') ?? '');
    return isOwnSite && isOwnOrigin ? next() : refuse(c, 'ORIGIN_REFUSED');
  };
}

/** Refuses who does not have the session's cookie. */
export function sessionOnly(session: Session, cookieName: string): MiddlewareHandler {
  return async (c, next) => (session.isHeldBy(getCookie(c, cookieName)) ? next() : refuse(c, 'SESSION_REQUIRED'));
}

/** Refuses every change. */
export function readsOnly(): MiddlewareHandler {
  return async (c, next) => (READS.has(c.req.method) ? next() : refuse(c, 'READ_ONLY'));
}

/** Refuses changes whose body is not JSON, such as a form of another page can send it, or does not say that it is short. */
export function jsonOnly(): MiddlewareHandler {
  return async (c, next) => {
    if (READS.has(c.req.method)) return next();
    if (!/^application\/json *(;|$)/i.test(c.req.header('content-type') ?? '')) return refuse(c, 'JSON_REQUIRED');
    const bytes = c.req.header('content-length');
    return bytes !== undefined && Number(bytes) <= MAX_BODY_BYTES ? next() : refuse(c, 'BODY_TOO_LARGE');
  };
}

function hostsOf(port: number): readonly string[] {
  const names = ['127.0.0.1', 'localhost'];
  const hosts = names.map((name) => `${name}:${port}`);
  // The port that browsers do not tell.
  return port === 80 ? [...hosts, ...names] : hosts;
}

/** Draws a text that nobody can guess. */
export type DrawToken = () => string;

/** Who may use the console: the browser that first opened the address that was printed. It lasts as long as the server. */
export class Session {
  /** Goes into that address, and is good for one exchange. */
  readonly token: string;
  readonly #cookie: string;
  #isExchanged = false;

  constructor(drawToken: DrawToken) {
    this.token = drawToken();
    this.#cookie = drawToken();
  }

  /** The value of the cookie for the token, once; `undefined` for any other token, and for this one after that. */
  exchange(token: string): string | undefined {
    if (this.#isExchanged || !isSame(token, this.token)) return undefined;
    this.#isExchanged = true;
    return this.#cookie;
  }

  /** Whether a request brought the cookie. */
  isHeldBy(cookie: string | undefined): boolean {
    return cookie !== undefined && isSame(cookie, this.#cookie);
  }
}

function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
