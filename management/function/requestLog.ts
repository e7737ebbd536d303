import type { MiddlewareHandler } from 'hono';
import { getStoreErrorName } from '../../keys/dynamodb.ts';
import { LatchkeyError } from '../../keys/errors.ts';
import { isSafeToPrint } from '../../keys/fields.ts';
import { isKeyId } from '../../keys/keyId.ts';
import { printable } from '../../keys/printable.ts';
import { RequestProblem, UnconfirmedChange } from '../problems.ts';
import type { FunctionEnv } from './functionEnv.ts';

/**
 * The fields that may be logged. Bodies, headers, queries and the path are never logged, because they may contain a
 * key. The route stands for the path.
 */
interface LogLine {
  readonly level: 'INFO' | 'WARN' | 'ERROR';
  readonly message: 'request' | 'fault' | 'limits not checked';
  readonly requestId?: string | undefined;
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly code?: string | undefined;
  readonly keyId?: string | undefined;
  readonly actor?: string | undefined;
  readonly owner?: string | undefined;
  readonly cause?: string | undefined;
  readonly detail?: string | undefined;
}

export interface RequestLogOptions {
  /** Writes one line. The line doesn't end with a line break. */
  readonly write: (line: string) => void;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** Minimum time between two lines about the table of limits. */
const MOST_FREQUENT_MS = 1000;

/** Writes one JSON line for each request, and one more for a fault. */
export class RequestLog {
  readonly #options: RequestLogOptions;
  #limitsLoggedAtMs = -Infinity;

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  /** Returns the middleware that logs each request after its response is complete. */
  requests(): MiddlewareHandler<FunctionEnv> {
    const { now } = this.#options;
    return async (c, next) => {
      const startedMs = now();
      await next();
      const { requestId, routeKey } = c.env.gateway;
      const caller = c.get('caller') as FunctionEnv['Variables']['caller'] | undefined;
      const { status } = c.res;
      this.#write({
        level: status >= 500 ? 'ERROR' : 'INFO',
        message: 'request',
        requestId,
        route: routeKey,
        status,
        durationMs: now() - startedMs,
        keyId: toKeyId(c.req.param('id')),
        actor: caller?.actor,
        owner: caller?.kind === 'owner' ? caller.owner : undefined,
        ...(c.error === undefined ? {} : faultFields(c.error)),
      });
    };
  }

  /** Logs an error that ended the function's start, or that no request has caused. */
  fault(error: unknown): void {
    this.#write({ level: 'ERROR', message: 'fault', ...faultFields(error) });
  }

  /** Logs that a request passed without the rate of its owner, at most once a second. */
  limitsNotChecked(error: unknown): void {
    const nowMs = this.#options.now();
    const sinceMs = nowMs - this.#limitsLoggedAtMs;
    if (sinceMs >= 0 && sinceMs < MOST_FREQUENT_MS) return;
    this.#limitsLoggedAtMs = nowMs;
    this.#write({ level: 'WARN', message: 'limits not checked', ...faultFields(error) });
  }

  #write(line: LogLine): void {
    const { write, now } = this.#options;
    // JSON doesn't escape C1 controls and bidirectional overrides. The texts of a token may contain them.
    write(printable(JSON.stringify({ timestamp: new Date(now()).toISOString(), ...line })));
  }
}

/** Clients may send a raw key instead of an id. */
function toKeyId(id: string | undefined): string | undefined {
  return id !== undefined && isKeyId(id) && isSafeToPrint(id) ? id : undefined;
}

/**
 * Returns the code of an error. A refusal's text stays out of the log, because it may repeat a part of the body. The
 * message of an error that isn't Latchkey's may contain anything, so only its name is logged.
 */
function faultFields(error: unknown): Pick<LogLine, 'code' | 'cause' | 'detail'> {
  if (error instanceof RequestProblem) return { code: error.code };
  if (error instanceof UnconfirmedChange) return { ...faultFields(error.cause), code: 'STORE_UNAVAILABLE' };
  if (!(error instanceof LatchkeyError)) return { code: 'INTERNAL_ERROR', cause: getStoreErrorName(error) };
  const { code, cause, message: detail } = error;
  if (!FAULTS.has(code)) return { code };
  return { code, detail, ...(cause === undefined ? {} : { cause: getStoreErrorName(cause) }) };
}

const FAULTS = new Set<string>([
  'CONFIG_INVALID',
  'EVENT_UNKNOWN',
  'INTERNAL_ERROR',
  'LIMITER_UNAVAILABLE',
  'RECORD_CORRUPT',
  'STORE_UNAVAILABLE',
]);
