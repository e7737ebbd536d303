import { LatchkeyError } from '../keys/errors.ts';
import type { LimitTaker } from '../keys/limits.ts';
import type { KeyReader } from '../keys/reader.ts';
import { authorize, NO_LOOKUP, NO_SCOPES, type Trace } from './authorize.ts';
import { createAuthorizeDeps } from './authorizeDeps.ts';
import type { Config } from './config.ts';
import { presentedKey, type PresentedKey } from './credentials.ts';
import { type Answer, type AnswerDeps, type EventSource, eventSourceFor, toFields } from './eventSources.ts';
import { createRecorder, Log } from './log.ts';
import { Metrics } from './metrics.ts';
import { UNAUTHORIZED } from './policy.ts';
import type { EventFields } from './requestValues.ts';
import type { Route } from './routes.ts';
import { UsageCounter } from './usageCounter.ts';

export interface HandlerDeps {
  readonly config: Config;
  /** The function's name in the metrics. */
  readonly functionName: string;
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** The store of limits. It is required if the authorizer enforces a plan. */
  readonly limitStore?: LimitTaker | undefined;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Returns a number from 0 to 1, excluding 1. It decides which requests are logged at the level `DEBUG`. */
  readonly random: () => number;
  /** Writes one line of the log or of the metrics. The line doesn't end with a line break. */
  readonly writeLog: (line: string) => void;
  /** Receives a function that writes the pending counts. The handler calls it only if usage is counted. */
  readonly onUsage?: (writePending: () => void) => void;
}

/** The part of Lambda's context that the handler uses. */
export interface InvocationContext {
  /** The invocation's id. It is logged. */
  readonly awsRequestId?: string;
}

/** The Lambda function. It accepts events of every API type. */
export type Handler = (event: unknown, context?: InvocationContext) => Promise<object>;

/**
 * The route if the scope mapping is empty. The handler then doesn't read the event's route, because decisions don't
 * depend on it.
 */
const NO_ROUTE = '' as Route;

/**
 * Creates the handler with its throttle, cache and metrics, which live as long as the handler. Call it at module scope
 * to keep them as long as the execution environment.
 */
export function createHandler(deps: HandlerDeps): Handler {
  const { config, functionName, lookup, limitStore, now, random, writeLog, onUsage } = deps;
  const { scopes, debugSampleRate, onLimit } = config;
  const authorizeDeps = createAuthorizeDeps({ config, lookup, limitStore, now, onLimit });
  const answerDeps: AnswerDeps = { config, now };
  const log = new Log({ write: writeLog, now });
  const metrics = config.metrics ? new Metrics({ functionName, write: writeLog }) : undefined;
  const usage = config.usage ? new UsageCounter({ write: writeLog }) : undefined;
  if (usage !== undefined) {
    onUsage?.(() => {
      usage.flush();
      metrics?.flush(now());
    });
  }
  const record = createRecorder({ log, metrics, debugSampleRate, random });
  // A function of its own, because the frame of the async function below is allocated for every request.
  const decide = (presented: PresentedKey, source: EventSource, fields: EventFields, nowMs: number) => {
    const route = scopes.isEmpty ? NO_ROUTE : source.route(fields, config);
    const origin = source.sharesAnswers?.(config) === true ? 'cached' : fields;
    return authorize(presented, route, nowMs, authorizeDeps, NO_SCOPES, origin);
  };

  return async (event, context) => {
    const arrivedAtMs = now();
    const requestId = context?.awsRequestId;
    let apiType: string | undefined;
    let trace: Trace = NO_LOOKUP;
    let answer: Answer;
    try {
      const fields = toFields(event);
      const source = eventSourceFor(fields);
      apiType = source.name;
      const presented = presentedKey(source.read(fields), config.keySources, config.keyFormat);
      const authorized = decide(presented, source, fields, arrivedAtMs);
      const { decision, trace: made } = authorized instanceof Promise ? await authorized : authorized;
      trace = made;
      if (decision.effect === 'fault') throw decision.error;
      answer = source.respond(decision, fields, answerDeps, presented);
      record({ decision, trace, apiType, requestId, arrivedAtMs });
      usage?.count(decision, fields, arrivedAtMs);
    } catch (error) {
      record({ decision: { effect: 'fault', error }, trace, apiType, requestId, arrivedAtMs });
      throw withoutCause(error);
    }
    // API Gateway responds with 401 to an error with exactly this message.
    if (answer === UNAUTHORIZED) throw new Error('Unauthorized');
    return answer;
  };
}

/**
 * Removes the error's cause, because Lambda logs every thrown error. An SDK error may contain the request. The message
 * of any other error may contain anything.
 */
function withoutCause(error: unknown): LatchkeyError {
  if (error instanceof LatchkeyError) return new LatchkeyError(error.code, error.message, { keyId: error.keyId });
  return new LatchkeyError('INTERNAL_ERROR', 'the key could not be checked');
}
