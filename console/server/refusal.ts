import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorCode, LatchkeyError } from '../../keys/errors.ts';
import { maskIssuedKeys } from '../../keys/findKeys.ts';
import { printable } from '../../keys/printable.ts';
import { explainFault, isOutcomeUnknown } from '../../operator/aws.ts';
import type { ConsoleToStart } from '../../operator/consoleToStart.ts';
import { CliError } from '../../operator/errors.ts';

/** The codes of rejected requests: the console's own, and the registry's. */
export type RefusalCode =
  | 'HOST_REFUSED'
  | 'ORIGIN_REFUSED'
  | 'SESSION_REQUIRED'
  | 'TOKEN_REFUSED'
  | 'READ_ONLY'
  | 'JSON_REQUIRED'
  | 'BODY_TOO_LARGE'
  | 'NO_SUCH_PATH'
  | ErrorCode;

const CONSOLE_REFUSALS = {
  HOST_REFUSED: [403, 'this console responds only at the address that it printed'],
  ORIGIN_REFUSED: [403, 'this console accepts changes only from its own page'],
  SESSION_REQUIRED: [401, 'open the address that the console printed; it works once, in one browser'],
  TOKEN_REFUSED: [
    403,
    'this address was already opened or replaced: restart the console, or press Enter in the terminal of npm start',
  ],
  READ_ONLY: [403, 'this console was started with --read-only'],
  JSON_REQUIRED: [415, 'content type: expected application/json'],
  BODY_TOO_LARGE: [413, 'body: expected a Content-Length of at most 64 KB'],
  NO_SUCH_PATH: [404, 'there is no such path'],
} as const satisfies Partial<Record<RefusalCode, readonly [ContentfulStatusCode, string]>>;

const STATUS_BY_CODE: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  INPUT_INVALID: 400,
  // The page doesn't use a table that the console doesn't know.
  CONFIG_INVALID: 404,
  NOT_FOUND: 404,
  ALREADY_REVOKED: 409,
  CONFLICT: 409,
  RECORD_CORRUPT: 500,
  STORE_UNAVAILABLE: 502,
};

/** Responds with one of the console's own error codes. */
export function refuse(c: Context, code: keyof typeof CONSOLE_REFUSALS): Response {
  const [status, message] = CONSOLE_REFUSALS[code];
  return answer(c, status, code, message);
}

/**
 * Responds with the code and message of a thrown error. An unexpected error may contain anything, so the response
 * doesn't repeat it. The terminal shows only its name.
 */
export function refuseFault(
  c: Context,
  error: unknown,
  { location, note }: Pick<ConsoleToStart, 'location' | 'note'>,
): Response {
  const [fault, advice] = error instanceof UnconfirmedChange ? [error.cause, `; ${error.advice}`] : [error, ''];
  const explained = explainFault(fault, location);
  if (explained instanceof CliError && explained.code === 'STORE_UNAVAILABLE') {
    return answer(c, 502, 'STORE_UNAVAILABLE', `${explained.message}${advice}`);
  }
  if (explained instanceof LatchkeyError) {
    return answer(c, STATUS_BY_CODE[explained.code] ?? 500, explained.code, explained.message);
  }
  note(`the console failed to answer a request: ${explained instanceof Error ? explained.name : 'not an Error'}`);
  return answer(c, 500, 'INTERNAL_ERROR', 'the console failed with an unexpected error');
}

function answer(c: Context, status: ContentfulStatusCode, code: RefusalCode, message: string): Response {
  return c.json({ error: { code, message: printable(maskIssuedKeys(message)) } }, status);
}

/** A failed change that DynamoDB may have made. `cause` is the failure. */
export class UnconfirmedChange extends Error {
  override readonly name = 'UnconfirmedChange';
  /** The next step for the operator. */
  readonly advice: string;

  constructor(advice: string, cause: unknown) {
    super(advice, { cause });
    this.advice = advice;
  }
}

/**
 * Returns the result of a change.
 *
 * @throws UnconfirmedChange with the advice, if the change failed but may have been made; otherwise the change's own error
 */
export async function confirmed<T>(change: Promise<T>, advice: string): Promise<T> {
  try {
    return await change;
  } catch (error) {
    throw isOutcomeUnknown(error) ? new UnconfirmedChange(advice, error) : error;
  }
}
