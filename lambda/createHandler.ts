import { LatchkeyError } from '../keys/errors.ts';
import type { KeyReader } from '../keys/reader.ts';
import { authorize, type AuthorizeDeps } from './authorize.ts';
import type { Config } from './config.ts';
import { Log, RequestObserver, type RequestObserverDeps } from './log.ts';
import { Metrics } from './metrics.ts';
import { presentedKey } from './credentials.ts';
import { UNAUTHORIZED } from './policy.ts';
import { RecordCache } from './recordCache.ts';
import type { Route } from './routes.ts';
import { type Answer, type Answering, fieldsOf, eventSourceFor } from './eventSources.ts';
import { LastUsedThrottle } from './lastUsed.ts';

export interface HandlerDeps {
  readonly config: Config;
  /** As the metrics call the function. */
  readonly functionName: string;
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
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

/** Where no scopes are mapped nothing depends on the route, and it is not read. */
const NO_ROUTE = '' as Route;

/**
 * Wires the authorizer. What it keeps between invocations, the throttle, the cache and what is counted, lives as long as the handler:
 * at module scope, as long as the environment.
 */
export function createHandler({ config, functionName, lookup, now, random, writeLog }: HandlerDeps): Handler {
  const throttle = new LastUsedThrottle({ intervalMs: config.lastUsedSeconds * 1000 });
  const cache = new RecordCache({
    recordMs: config.recordCacheSeconds * 1000,
    staleIfErrorMs: config.staleIfErrorSeconds * 1000,
    now,
  });
  const log = new Log({ write: writeLog, now });
  const metrics = config.metrics ? new Metrics({ functionName, write: writeLog }) : undefined;
  const { scopes, plans, debugSampleRate } = config;
  const deciding: AuthorizeDeps = { lookup, cache, throttle, scopes, now };
  const answering: Answering = { config, now };
  const observing: RequestObserverDeps = { log, metrics, scopes, plans, debugSampleRate, random };

  return async (event, context) => {
    const nowMs = now();
    const observer = new RequestObserver(observing, context?.awsRequestId, nowMs);
    let response: Answer;
    try {
      const fields = fieldsOf(event);
      const source = eventSourceFor(fields);
      observer.onApiType(source.name);
      const presented = presentedKey(source.read(fields), config.keySources, config.keyFormat);
      const route = scopes.isEmpty ? NO_ROUTE : source.route(fields, config);
      const decided = authorize(presented, route, nowMs, deciding, observer);
      const decision = decided instanceof Promise ? await decided : decided;
      response = source.respond(decision, fields, answering);
      observer.onDecided(decision);
    } catch (error) {
      observer.onFault(error);
      throw withoutCause(error);
    }
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
