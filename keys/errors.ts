/** Codes of the errors that Latchkey throws. A rejected key isn't an error: see `Decision`. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'EVENT_UNKNOWN'
  | 'INPUT_INVALID'
  | 'RECORD_CORRUPT'
  | 'STORE_UNAVAILABLE'
  | 'LIMITER_UNAVAILABLE'
  | 'NOT_FOUND'
  | 'AMBIGUOUS_ID'
  | 'ALREADY_REVOKED'
  | 'CONFLICT'
  | 'INTERNAL_ERROR';

/**
 * The class of every error that Latchkey throws. Check `code` in programs. The message is for people. The message never
 * contains a secret or a hash.
 */
export class LatchkeyError extends Error {
  /** The name of the class. Every copy of this module uses the same name. */
  override readonly name = 'LatchkeyError';
  /** The error code. Use it in programs. */
  readonly code: ErrorCode;
  /** The id of the key, if it's known. */
  readonly keyId: string | undefined;
  /** The ids that match an ambiguous prefix, at most 1000. The list is empty for any other error. */
  readonly keyIds: readonly string[];
  /** The table of a registry's failed call. */
  readonly tableName: string | undefined;

  /**
   * Compares the name, so an error from one copy of the class is an instance of every copy. Tools that load CommonJS
   * modules themselves, such as Jest, create one copy for each entry point.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'LatchkeyError';
  }

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      keyId?: string | undefined;
      keyIds?: readonly string[];
      tableName?: string | undefined;
    } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.keyId = options.keyId;
    this.keyIds = options.keyIds ?? [];
    this.tableName = options.tableName;
  }
}
