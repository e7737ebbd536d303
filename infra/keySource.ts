import type { KeySourceSetting } from '../lambda/keySources.ts';

/** Options of a header that contains a key. */
export interface HeaderKeySourceOptions {
  /**
   * The authentication scheme before the key, such as `Api-Key` or `Token`. Requests may spell it in any case. With
   * `Token`, the key may also be a parameter: `Token token="KEY"`. Use `KeySource.basic()` for the scheme Basic.
   *
   * @default - the header contains only the key
   */
  readonly scheme?: string;
}

/** A part of a request that may contain the key. Construct props accept its text form too. */
export class KeySource {
  /** Reads `Authorization: Bearer KEY`. */
  static bearer(): KeySource {
    return new KeySource('bearer');
  }

  /**
   * Reads the user name of `Authorization: Basic …`, as `curl -u KEY:` sends it. The password is ignored. Browsers may
   * show a login form for a request without a key, because the response asks for Basic credentials.
   */
  static basic(): KeySource {
    return new KeySource('basic');
  }

  /** Reads a header that contains the key, or a scheme and the key. Spell its name as your callers do. */
  static header(name: string, options: HeaderKeySourceOptions = {}): KeySource {
    return new KeySource(options.scheme === undefined ? `header:${name}` : `header:${name}:${options.scheme}`);
  }

  /** Reads a query parameter. Its name is case-sensitive. URLs end up in logs and browser histories. */
  static query(name: string): KeySource {
    return new KeySource(`query:${name}`);
  }

  /**
   * Reads a cookie. Its name is case-sensitive. Browsers send cookies with requests that other sites start. Set the
   * cookie with `SameSite=Strict`, `Secure` and `HttpOnly`. Check the `Origin` header of WebSocket connections.
   */
  static cookie(name: string): KeySource {
    return new KeySource(`cookie:${name}`);
  }

  /**
   * Reads the WebSocket subprotocol after `bearer`: `new WebSocket(url, ['bearer', KEY])`. The integration of `$connect`
   * must return the header `Sec-WebSocket-Protocol: bearer`. Browsers otherwise close the connection.
   */
  static webSocketProtocol(): KeySource {
    return new KeySource('websocket-protocol');
  }

  /** Returns the key source of a text such as `header:X-Api-Key`. The authorizer checks it. */
  static of(text: KeySourceSetting): KeySource {
    return new KeySource(text);
  }

  /** The text form, as in the setting `LATCHKEY_KEY_SOURCES`. */
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** Returns the text form. */
  toString(): string {
    return this.text;
  }
}
