import { isKeyId } from '../keys/keyId.ts';
import { type Fault, type KeyDecision, limitRefusalOf } from './authorize.ts';
import type { EventFields } from './requestValues.ts';

/** Outcome of a request → number of requests. An outcome is `allowed` or the code of the refusal. */
type Outcomes = Map<string, number>;
/** API id → outcomes. */
type Apis = Map<string, Outcomes>;

export interface UsageCounterOptions {
  /** Writes one line. The line doesn't end with a line break. */
  readonly write: (line: string) => void;
}

const HOUR_MS = 3_600_000;
const BATCH_MS = 60_000;
/** Maximum number of pairs of a key and an API in a line, because CloudWatch splits lines above 256 KB. */
const MAX_PAIRS = 500;
/** The API id of an event that doesn't contain one. */
const UNKNOWN_API = 'unknown';

/**
 * Counts the requests of each known key by API and outcome, and writes the counts as one JSON line. A request writes
 * them if the last line is a minute old, or if its hour differs from theirs. The counter doesn't use a timer, because
 * Lambda freezes the execution environment between requests. Pending counts are lost if the execution environment ends
 * without `flush`: at most the requests since the last line.
 */
export class UsageCounter {
  readonly #write: UsageCounterOptions['write'];
  readonly #keys = new Map<string, Apis>();
  /** The requests of the keys above the maximum, and of records whose id isn't valid. */
  readonly #other: Apis = new Map();
  #pairs = 0;
  /** The first millisecond of the hour of the pending counts. */
  #hourMs = 0;
  #writtenAtMs: number | undefined;

  constructor({ write }: UsageCounterOptions) {
    this.#write = write;
  }

  /** Counts a request, unless its key is unknown or the decision failed. `event` is the authorizer's event. */
  count(decision: KeyDecision | Fault, event: EventFields, arrivedAtMs: number): void {
    if (decision.effect === 'fault' || decision.effect === 'unauthenticated' || decision.key === undefined) return;
    const hourMs = arrivedAtMs - (arrivedAtMs % HOUR_MS);
    if (hourMs !== this.#hourMs) this.flush();
    this.#hourMs = hourMs;
    const limited = limitRefusalOf(decision)?.code;
    const outcome = limited ?? (decision.effect === 'allow' ? 'allowed' : decision.code);
    const outcomes = this.#outcomesFor(decision.key.record.id, apiIdOf(event));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    this.#writeIfDue(arrivedAtMs);
  }

  /** Writes the pending counts. It doesn't write a line if there aren't any. */
  flush(): void {
    if (this.#keys.size === 0 && this.#other.size === 0) return;
    const hour = new Date(this.#hourMs).toISOString().slice(0, 13);
    const other = this.#other.size === 0 ? {} : { other: toObject(this.#other) };
    const keys = Object.fromEntries([...this.#keys].map(([keyId, apis]) => [keyId, toObject(apis)]));
    this.#write(JSON.stringify({ level: 'INFO', message: 'usage', hour, keys, ...other }));
    this.#keys.clear();
    this.#other.clear();
    this.#pairs = 0;
  }

  #outcomesFor(keyId: string, apiId: string): Outcomes {
    let apis = this.#keys.get(keyId);
    const known = apis?.get(apiId);
    if (known !== undefined) return known;
    // The roll-up ignores a line with an invalid id, and then every key of the line would lose its counts.
    if (this.#pairs === MAX_PAIRS || !isKeyId(keyId)) apis = this.#other;
    else if (apis === undefined) this.#keys.set(keyId, (apis = new Map()));
    const outcomes = apis.get(apiId) ?? new Map<string, number>();
    if (apis !== this.#other) this.#pairs++;
    apis.set(apiId, outcomes);
    return outcomes;
  }

  /** Treats a last line in the future like `Metrics`: the clock has been set back since. */
  #writeIfDue(nowMs: number): void {
    const sinceMs = nowMs - (this.#writtenAtMs ?? -Infinity);
    if (sinceMs > -BATCH_MS && sinceMs < BATCH_MS) return;
    this.#writtenAtMs = nowMs;
    this.flush();
  }
}

function toObject(apis: Apis): Record<string, Record<string, number>> {
  return Object.fromEntries([...apis].map(([apiId, outcomes]) => [apiId, Object.fromEntries(outcomes)]));
}

/** Returns the id of the API that invoked the authorizer. Only the event of a `TOKEN` authorizer lacks the context. */
function apiIdOf({ requestContext, methodArn }: EventFields): string {
  const own: unknown = Object(requestContext).apiId;
  const apiId = own ?? (typeof methodArn === 'string' ? methodArn.split(':')[5]?.split('/')[0] : undefined);
  return typeof apiId === 'string' && /^[\w-]{1,64}$/.test(apiId) ? apiId : UNKNOWN_API;
}
