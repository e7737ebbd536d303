/** The reasons why a command can fail. */
export type CliErrorCode =
  | 'USAGE_INVALID'
  | 'GATEWAY_NOT_RUNNING'
  | 'STACK_UNUSABLE'
  | 'PROFILE_UNKNOWN'
  | 'ACTOR_UNKNOWN'
  | 'STORE_UNAVAILABLE'
  | 'CLIPBOARD_UNUSABLE'
  | 'RECORDS_CORRUPT'
  | 'SEED_INVALID'
  | 'IMPORT_INVALID'
  | 'ENTRIES_REJECTED'
  | 'KEY_UNKNOWN'
  | 'KEY_NOT_FOUND'
  | 'KEYS_FOUND'
  | 'IDS_UNUSABLE'
  | 'KEYS_UNCHANGED'
  | 'FILE_UNUSABLE'
  | 'PORT_UNUSABLE'
  | 'OUTPUT_CLOSED'
  | 'OUTPUT_UNUSABLE'
  | 'KEY_NOT_SHOWN'
  | 'NOT_CONFIRMED'
  | 'ID_AMBIGUOUS'
  | 'INTERRUPTED';

/** An expected failure of a command. The message contains advice, and never contains a secret. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  /** Lines to print after the message, such as one for each rejected entry of a file. */
  readonly details: readonly string[];

  constructor(
    code: CliErrorCode,
    message: string,
    { details = [], ...options }: ErrorOptions & { readonly details?: readonly string[] } = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** Returns whether a write failed because the reader of the output closed it. */
export function isOutputClosed(error: unknown): error is CliError {
  return error instanceof CliError && error.code === 'OUTPUT_CLOSED';
}
