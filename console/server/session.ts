import { createHash, timingSafeEqual } from 'node:crypto';

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
