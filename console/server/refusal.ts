import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorCode, LatchkeyError } from '../../keys/errors.ts';
import { maskIssuedKeys } from '../../keys/findKeys.ts';
import { printable } from '../../keys/printable.ts';
import { explainFault, isOutcomeUnknown } from '../../operator/aws.ts';
import type { ConsoleToStart } from '../../operator/consoleToStart.ts';
import { CliError } from '../../operator/errors.ts';

/** Why the console does not do what it was asked: its own reasons, and the registry's. */
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

const OWN = {
  HOST_REFUSED: [403, 'this console answers to the address that it printed, and to no other name'],
  ORIGIN_REFUSED: [403, 'this console takes changes from its own page alone'],
  SESSION_REQUIRED: [401, 'open the address that the console printed: it is good for one browser, once'],
  TOKEN_REFUSED: [403, 'this address was opened before, or is of another console: start the console anew'],
  READ_ONLY: [403, 'this console was started with --read-only'],
  JSON_REQUIRED: [415, 'wanted a body of application/json'],
  BODY_TOO_LARGE: [413, 'the body is larger than any change needs, or does not tell its length'],
  NO_SUCH_PATH: [404, 'there is nothing here'],
} as const satisfies Partial<Record<RefusalCode, readonly [ContentfulStatusCode, string]>>;

const STATUS_OF_FAULT: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  INPUT_INVALID: 400,
  NOT_FOUND: 404,
  ALREADY_REVOKED: 409,
  CONFLICT: 409,
  RECORD_CORRUPT: 500,
  STORE_UNAVAILABLE: 502,
};

/** Answers that the console refuses what was asked. */
export function refuse(c: Context, code: keyof typeof OWN): Response {
  const [status, message] = OWN[code];
  return answer(c, status, code, message);
}

/**
 * Answers for an error that was thrown. Of one that nobody foresaw no more is told than its name, and that to who started the
 * console: it may hold anything.
 */
export function refuseFault(
  c: Context,
  error: unknown,
  { location, note }: Pick<ConsoleToStart, 'location' | 'note'>,
): Response {
  const [fault, advice] = error instanceof UnconfirmedChange ? [error.cause, `; ${error.advice}`] : [error, ''];
  const told = explainFault(fault, location);
  if (told instanceof CliError && told.code === 'STORE_UNAVAILABLE') {
    return answer(c, 502, 'STORE_UNAVAILABLE', `${told.message}${advice}`);
  }
  if (told instanceof LatchkeyError) return answer(c, STATUS_OF_FAULT[told.code] ?? 500, told.code, told.message);
  note(`the console failed at a request: ${told instanceof Error ? told.name : 'no error'}`);
  return answer(c, 500, 'INTERNAL_ERROR', 'the console failed in a way that nobody foresaw');
}

function answer(c: Context, status: ContentfulStatusCode, code: RefusalCode, message: string): Response {
  return c.json({ error: { code, message: printable(maskIssuedKeys(message)) } }, status);
}

/** A change that failed, by its cause, and may have been made all the same. */
export class UnconfirmedChange extends Error {
  override readonly name = 'UnconfirmedChange';
  /** What to do now, for people. */
  readonly advice: string;

  constructor(advice: string, cause: unknown) {
    super(advice, { cause });
    this.advice = advice;
  }
}

/**
 * What the change gives.
 *
 * @throws UnconfirmedChange with the advice, where it failed and may have been made; whatever else it throws
 */
export async function confirmed<T>(change: Promise<T>, advice: string): Promise<T> {
  try {
    return await change;
  } catch (error) {
    throw isOutcomeUnknown(error) ? new UnconfirmedChange(advice, error) : error;
  }
}
