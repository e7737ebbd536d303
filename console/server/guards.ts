import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';
import { refuse } from './refusal.ts';

/** Maximum size of a body in bytes. The longest change has metadata and scopes of 1 KB each. */
const MAX_BODY_BYTES = 64 * 1024;
const READS = new Set(['GET', 'HEAD']);

/** Sets headers that restrict the page's resources to this server. The headers also forbid framing and caching. */
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
    // The server uses plain HTTP, because only this machine can reach it.
    strictTransportSecurity: false,
  });
  return async (c, next) => {
    await headers(c, next);
    c.header('Cache-Control', 'no-store');
  };
}

/**
 * Rejects requests with another `Host`, because an attacker can make a name resolve to this machine (DNS rebinding).
 */
export function ownHostOnly(port: number): MiddlewareHandler {
  const hosts = new Set(getHosts(port));
  return async (c, next) => (hosts.has(c.req.header('host') ?? '') ? next() : refuse(c, 'HOST_REFUSED'));
}

/**
 * Rejects requests from other pages. It rejects changes unless `Origin` is this server's. It rejects all requests if
 * `Sec-Fetch-Site` indicates another origin (W3C, Fetch Metadata Request Headers). `SameSite` cookies aren't enough,
 * because another port counts as the same site.
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

/** Rejects requests without the session's cookie. */
export function sessionOnly(session: Session, cookieName: string): MiddlewareHandler {
  return async (c, next) => (session.isHeldBy(getCookie(c, cookieName)) ? next() : refuse(c, 'SESSION_REQUIRED'));
}

/** Rejects every change. */
export function readsOnly(): MiddlewareHandler {
  return async (c, next) => (READS.has(c.req.method) ? next() : refuse(c, 'READ_ONLY'));
}

/**
 * Rejects changes unless the body is JSON, because forms of other pages can't send JSON. Also rejects a body if its
 * length is unknown or too large.
 */
export function jsonOnly(): MiddlewareHandler {
  return async (c, next) => {
    if (READS.has(c.req.method)) return next();
    if (!/^application\/json *(;|$)/i.test(c.req.header('content-type') ?? '')) return refuse(c, 'JSON_REQUIRED');
    const bytes = c.req.header('content-length');
    return bytes !== undefined && Number(bytes) <= MAX_BODY_BYTES ? next() : refuse(c, 'BODY_TOO_LARGE');
  };
}

/** Rejects an update unless it names the version of the key that it's based on. */
export function versionedOnly(): MiddlewareHandler {
  return async (c, next) =>
    c.req.method !== 'PATCH' || c.req.header('if-match')?.startsWith('"') === true
      ? next()
      : refuse(c, 'VERSION_REQUIRED');
}

function getHosts(port: number): readonly string[] {
  const names = ['127.0.0.1', 'localhost'];
  const hosts = names.map((name) => `${name}:${port}`);
  // Browsers omit the default port.
  return port === 80 ? [...hosts, ...names] : hosts;
}

/** Returns a random string that can't be guessed. */
export type GenerateToken = () => string;

/**
 * The session of one browser: the browser that last opened a URL of the console. Only this browser may use the console.
 * The session ends with the server.
 */
export class Session {
  readonly #generateToken: GenerateToken;
  #token: string | undefined;
  #cookie: string | undefined;

  constructor(generateToken: GenerateToken) {
    this.#generateToken = generateToken;
  }

  /** Returns a token for a URL. It can be exchanged once. It replaces an older token that wasn't exchanged. */
  newToken(): string {
    return (this.#token = this.#generateToken());
  }

  /**
   * Exchanges the newest token for the value of a new cookie. The cookie of an earlier browser then stops working.
   * Returns `undefined` if the token is wrong, replaced or already used.
   */
  exchange(token: string): string | undefined {
    if (this.#token === undefined || !isSame(token, this.#token)) return undefined;
    this.#token = undefined;
    return (this.#cookie = this.#generateToken());
  }

  /** Returns whether a cookie belongs to the session. */
  isHeldBy(cookie: string | undefined): boolean {
    return cookie !== undefined && this.#cookie !== undefined && isSame(cookie, this.#cookie);
  }
}

/** Compares two strings in constant time. The digests have the same length. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
