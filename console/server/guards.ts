import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { findBodyProblem, isFromOwnPage, isRead } from '../../management/browserGuards.ts';
import { refuse } from './refusal.ts';

/**
 * Rejects requests with another `Host`, because an attacker can make a name resolve to this machine (DNS rebinding).
 */
export function ownHostOnly(port: number): MiddlewareHandler {
  const hosts = new Set(getHosts(port));
  return async (c, next) => (hosts.has(c.req.header('host') ?? '') ? next() : refuse(c, 'HOST_REFUSED'));
}

/** Rejects requests from other pages. */
export function ownPageOnly(port: number): MiddlewareHandler {
  const origins = new Set(getHosts(port).map((host) => `http://${host}`));
  return async (c, next) => (isFromOwnPage(c, (origin) => origins.has(origin)) ? next() : refuse(c, 'ORIGIN_REFUSED'));
}

/** Rejects requests without the session's cookie. */
export function sessionOnly(session: Session, cookieName: string): MiddlewareHandler {
  return async (c, next) => (session.isHeldBy(getCookie(c, cookieName)) ? next() : refuse(c, 'SESSION_REQUIRED'));
}

/** Rejects every change. */
export function readsOnly(): MiddlewareHandler {
  return async (c, next) => (isRead(c) ? next() : refuse(c, 'READ_ONLY'));
}

/** Rejects changes unless the body is JSON of a known and small length. */
export function jsonOnly(): MiddlewareHandler {
  return async (c, next) => {
    const problem = findBodyProblem(c);
    return problem === undefined ? next() : refuse(c, problem);
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
