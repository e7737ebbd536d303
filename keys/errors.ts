import { maskKeys } from './maskKeys.ts';

/** Why Latchkey could not do what it was asked. A refusal of a key is never an error: see `Decision`. */
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

/** Every error Latchkey throws. Assert on `code`; the message is for people and never holds a secret or a hash. */
export class LatchkeyError extends Error {
  /** For logs, and for errors that come from another copy of this module. */
  override readonly name = 'LatchkeyError';
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** The id of the key concerned, where one is known. */
  readonly keyId: string | undefined;

  /**
   * By name: under a tool that loads CommonJS by itself, as Jest does, each entry of the package has a copy of this class, and an
   * error that one throws is one for all.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'LatchkeyError';
  }

  /** Masks what may be a key in the message: somebody may have typed one where another value belongs. */
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; keyId?: string | undefined } = {}) {
    super(maskKeys(message), 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.keyId = options.keyId;
  }
}
