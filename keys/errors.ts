/** Codes of the errors that Latchkey throws. A key that the authorizer rejects isn't an error: see `Decision`. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'EVENT_UNKNOWN'
  | 'INPUT_INVALID'
  | 'RECORD_CORRUPT'
  | 'STORE_UNAVAILABLE'
  | 'NOT_FOUND'
  | 'AMBIGUOUS_ID'
  | 'ALREADY_REVOKED'
  | 'CONFLICT'
  | 'INTERNAL_ERROR';

/** The class of every error that Latchkey throws. Check `code`: the message is for people. It never contains a secret or a hash. */
export class LatchkeyError extends Error {
  /** The same name in every copy of this module. */
  override readonly name = 'LatchkeyError';
  /** The code of the error, for programs. */
  readonly code: ErrorCode;
  /** The id of the key, if it's known. */
  readonly keyId: string | undefined;

  /**
   * Compares the name. Under a tool that loads CommonJS itself, such as Jest, each entry of the package has its own copy of this
   * class. An error of one copy is an instance of all.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'LatchkeyError';
  }

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; keyId?: string | undefined } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.keyId = options.keyId;
  }
}
