import { LatchkeyError } from '../keys/errors.ts';
import type { KeyLookup } from '../keys/lookup.ts';
import { authorize, type Decision } from './authorize.ts';
import type { Config } from './config.ts';
import { Log, type LogOrigin } from './log.ts';
import { presentedKey } from './presentedKey.ts';
import { RecordCache } from './recordCache.ts';
import { surfaceOf } from './surfaces/index.ts';
import { UNAUTHORIZED, type EventFields, type Surface } from './surfaces/surface.ts';
import { UsageThrottle } from './usageThrottle.ts';

export interface HandlerDeps {
  readonly config: Config;
  readonly lookup: Pick<KeyLookup, 'find' | 'recordUse'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Takes one log line without its end. */
  readonly writeLog: (line: string) => void;
}

/** What of Lambda's context is used. */
export interface InvocationContext {
  /** For the log. */
  readonly awsRequestId?: string;
}

/** The function, of whatever kind the event is. */
export type Handler = (event: unknown, context?: InvocationContext) => Promise<object>;

/**
 * Wires the authorizer. What it keeps between invocations, the throttle and the cache, lives as long as the handler:
 * at module scope, as long as the environment.
 */
export function createHandler({ config, lookup, now, writeLog }: HandlerDeps): Handler {
  const throttle = new UsageThrottle({ intervalMs: config.usageWriteSeconds * 1000 });
  const cache = new RecordCache({
    recordMs: config.recordCacheSeconds * 1000,
    staleIfErrorMs: config.staleIfErrorSeconds * 1000,
    now,
  });
  const log = new Log({ write: writeLog, now });

  const logDecision = (decision: Decision, origin: LogOrigin): void => {
    if (decision.effect === 'unauthenticated') return log.denied(origin, 'AUTH_REQUIRED', undefined);
    if (decision.effect === 'deny') log.denied(origin, decision.code, decision.record);
    if (decision.record !== undefined)
      log.unknownScopes(origin, decision.record, config.scopes.unknownOf(decision.record));
  };

  const decide = async (surface: Surface, event: EventFields, origin: LogOrigin): Promise<Decision> => {
    const presented = presentedKey(surface.read(event), config.keySources, config.keyFormat);
    const decision = await authorize(presented, surface.route(event, config), {
      lookup,
      cache,
      throttle,
      scopes: config.scopes,
      now,
      onUsageWriteFailed: (record, error) => log.usageWriteFailed(origin, record, error),
    });
    logDecision(decision, origin);
    return decision;
  };

  const answer = async (event: unknown, requestId: string | undefined) => {
    let origin: LogOrigin = { requestId, surface: undefined };
    try {
      const [surface, fields] = surfaceOf(event);
      origin = { requestId, surface: surface.name };
      const decision = await decide(surface, fields, origin);
      return surface.respond(decision, fields, { config, nowMs: now() });
    } catch (error) {
      log.fault(origin, error);
      throw withoutCause(error);
    }
  };

  return async (event, context) => {
    const response = await answer(event, context?.awsRequestId);
    // API Gateway answers 401 to an error with exactly this message.
    if (response === UNAUTHORIZED) throw new Error('Unauthorized');
    return response;
  };
}

/** The runtime logs what is thrown: an SDK error may hold the request, and another error's message anything. */
function withoutCause(error: unknown): LatchkeyError {
  if (error instanceof LatchkeyError) return new LatchkeyError(error.code, error.message, { keyId: error.keyId });
  return new LatchkeyError('INTERNAL_ERROR', 'the key could not be checked');
}
