import { LatchkeyError } from '../keys/errors.ts';
import { LimitStore } from '../keys/limitStore.ts';
import type { LimitedFields } from '../keys/limits.ts';
import type { LimitRefusal } from './authorize.ts';
import { type ClientOptions, createClient, SINGLE_ATTEMPT } from './client.ts';
import type { Config } from './config.ts';
import { Limiter, limiterUnavailable, type LimitState } from './limiter.ts';
import { type DecisionOptions, readOptions } from './verifier.ts';

/** The options of a limiter: the table of limits, and the plans of the deployment. */
export interface LimiterSettings extends ClientOptions, Pick<DecisionOptions, 'onLimiterFailure'> {
  /** The name or ARN of the limits' table: the stack's output `LimitsTableName`. */
  readonly limitsTable: string;
  /**
   * All plans of the deployment by name, in the construct's format. Only plans with `enforce: 'authorizer'` have limits
   * here. If there is one, a key on a plan that isn't in the list is denied.
   */
  readonly plans: NonNullable<DecisionOptions['plans']>;
  /**
   * Returns the current time in epoch milliseconds.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** The key of a request or a message: the authorizer's context, as the integration receives it. */
export interface LimitedContext {
  /** The key's id. */
  readonly keyId?: unknown;
  /** The key's plan. */
  readonly plan?: unknown;
  /** The key's owner. */
  readonly owner?: unknown;
  /** The id of the first key of a rotation chain. */
  readonly rootId?: unknown;
}

/** The limiter's decision. `limit` is absent if the key's plan has no limits, or if DynamoDB didn't answer. */
export type LimitDecision =
  | { readonly effect: 'allow'; readonly limit?: LimitState }
  | { readonly effect: 'deny'; readonly code: LimitRefusal['code']; readonly limit: LimitRefusal }
  /** The key's plan isn't in `plans`, and one of them has `enforce: 'authorizer'`. */
  | { readonly effect: 'deny'; readonly code: 'PLAN_UNAVAILABLE' };

/** Counts requests that the authorizer doesn't see, such as the messages of a WebSocket connection. */
export interface MessageLimiter {
  /**
   * Takes one request from the limits of a key.
   *
   * @throws LatchkeyError `INPUT_INVALID` if the context has no `keyId`; `LIMITER_UNAVAILABLE` if DynamoDB didn't answer
   * and `onLimiterFailure` is `deny`
   */
  take(context: LimitedContext): Promise<LimitDecision>;
}

/**
 * The longest memory of a spent quota in milliseconds. The context of a connection doesn't show that a quota was reset,
 * so the limiter asks again.
 */
const QUOTA_REFUSAL_MS = 60_000;

/**
 * Creates a limiter on a deployed table of limits. Its leases live as long as the limiter, so create one and reuse it.
 * It shares the limits with the authorizer. It needs the permissions of `ApiKeyLimits.grantTake`.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, expected format, actual value
 */
export function createLimiter({
  region,
  endpoint,
  client,
  now = Date.now,
  ...options
}: LimiterSettings): MessageLimiter {
  const config = readOptions({ tableName: UNUSED_TABLE, ...options });
  const store = new LimitStore({
    client: createClient({ region, endpoint, client }, SINGLE_ATTEMPT),
    tableName: options.limitsTable,
  });
  const limits = config.plans?.limits ?? {};
  const limiter = new Limiter({ store, limits, now, quotaRefusalMs: QUOTA_REFUSAL_MS });
  return { take: async (context) => take(toFields(context), limiter, config, now) };
}

/** The limiter doesn't read keys. */
const UNUSED_TABLE = 'none';

function toFields({ keyId, plan, owner, rootId }: LimitedContext): LimitedFields {
  if (typeof keyId !== 'string') {
    const problem = `context: expected the authorizer's context with a keyId, got keyId ${typeof keyId}`;
    throw new LatchkeyError('INPUT_INVALID', problem);
  }
  return { id: keyId, plan: readText(plan), owner: readText(owner), rootId: readText(rootId) };
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

async function take(
  key: LimitedFields,
  limiter: Limiter,
  { onLimiterFailure, plans }: Config,
  now: () => number,
): Promise<LimitDecision> {
  if (plans?.hasLimits === true && plans.unknownPlanOf(key) !== undefined) {
    return { effect: 'deny', code: 'PLAN_UNAVAILABLE' };
  }
  const subject = limiter.subjectOf(key);
  if (subject === undefined) return { effect: 'allow' };
  const outcome = await limiter.take(subject, now());
  if (outcome.effect === 'allow') return { effect: 'allow', limit: outcome.state };
  if (outcome.effect === 'refuse') {
    const { code, retryAfterSeconds, state } = outcome;
    return { effect: 'deny', code, limit: { code, retryAfterSeconds, state } };
  }
  if (onLimiterFailure === 'allow') return { effect: 'allow' };
  throw limiterUnavailable(key.id, outcome.error);
}
