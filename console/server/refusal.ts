import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { problemResponse, respondToError } from '../../management/problems.ts';
import { explainFault } from '../../operator/aws.ts';
import type { ConsoleToStart } from '../../operator/consoleToStart.ts';

/** The console's own error codes. */
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
  // A change without a version could undo someone else's.
  VERSION_REQUIRED: [428, 'If-Match: expected the ETag of the key that the changes are based on'],
  NO_SUCH_PATH: [404, 'there is no such path'],
} as const satisfies Readonly<Record<string, readonly [ContentfulStatusCode, string]>>;

/** Responds with one of the console's own error codes. */
export function refuse(c: Context, code: keyof typeof CONSOLE_REFUSALS): Response {
  const [status, detail] = CONSOLE_REFUSALS[code];
  return problemResponse(c, status, code, detail);
}

/** Responds to a thrown error. The terminal shows only the name of an unexpected one. */
export function refuseFault(
  c: Context,
  error: unknown,
  { location, note }: Pick<ConsoleToStart, 'location' | 'note'>,
): Response {
  return respondToError(c, error, {
    server: 'console',
    explain: (fault) => explainFault(fault, location),
    onUnexpected: (fault) =>
      note(`the console failed to answer a request: ${fault instanceof Error ? fault.name : 'not an Error'}`),
  });
}
