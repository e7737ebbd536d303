import { LatchkeyError } from '../keys/errors.ts';
import type { KeyLookup } from '../keys/lookup.ts';
import { authorize } from './authorize.ts';
import type { Config } from './config.ts';
import { Log } from './log.ts';
import { Metrics } from './metrics.ts';
import { presentedKey } from './presentedKey.ts';
import { RecordCache } from './recordCache.ts';
import { RequestObserver, type RequestObserverDeps } from './requestObserver.ts';
import { surfaceOf } from './surfaces/index.ts';
import { UNAUTHORIZED } from './surfaces/surface.ts';
import { UsageThrottle } from './usageThrottle.ts';

export interface HandlerDeps {
  readonly config: Config;
  /** As the metrics call the function. */
  readonly functionName: string;
  readonly lookup: Pick<KeyLookup, 'find' | 'recordUse'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** From 0 to 1, and never 1: which requests are told at the level `DEBUG`. */
  readonly random: () => number;
  /** Takes one line of the log or of the metrics without its end. */
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
 * Wires the authorizer. What it keeps between invocations, the throttle, the cache and what is counted, lives as long as the handler:
 * at module scope, as long as the environment.
 */
export function createHandler({ config, functionName, lookup, now, random, writeLog }: HandlerDeps): Handler {
  const throttle = new UsageThrottle({ intervalMs: config.usageWriteSeconds * 1000 });
  const cache = new RecordCache({
    recordMs: config.recordCacheSeconds * 1000,
    staleIfErrorMs: config.staleIfErrorSeconds * 1000,
    now,
  });
  const log = new Log({ write: writeLog, now });
  const metrics = config.metrics ? new Metrics({ functionName, write: writeLog, now }) : undefined;
  const { scopes, plans, debugSampleRate } = config;
  const observing: RequestObserverDeps = { log, metrics, scopes, plans, debugSampleRate, random };

  const answer = async (event: unknown, requestId: string | undefined) => {
    const observer = new RequestObserver(observing, requestId);
    try {
      const [surface, fields] = surfaceOf(event);
      observer.onSurface(surface.name);
      const presented = presentedKey(surface.read(fields), config.keySources, config.keyFormat);
      const route = surface.route(fields, config);
      const decision = await authorize(presented, route, { lookup, cache, throttle, scopes, now, observer });
      const response = surface.respond(decision, fields, { config, nowMs: now() });
      observer.onDecided(decision);
      return response;
    } catch (error) {
      observer.onFault(error);
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
