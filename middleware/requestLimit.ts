import type { LimitPolicy, LimitState } from '../lambda/limiter.ts';

/** What is left of a key's limits, as far as this process knows. Other processes may have used some of it. */
export interface RequestLimit {
  /** The limit that the other fields describe: the one that refused, otherwise the quota if the plan has one. */
  readonly policy: 'throttle' | 'quota';
  /** The number of requests left. */
  readonly remaining: number;
  /** The number of seconds until the limit begins again. */
  readonly resetSeconds: number;
  /**
   * The response's headers `RateLimit` and `RateLimit-Policy`. The middleware of a framework adds them. Add them
   * yourself if you call `authenticate`.
   */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Returns the limit of a request. The headers have the format of draft-ietf-httpapi-ratelimit-headers-10: lists of RFC
 * 9651. A refused request has `retryAfterSeconds`.
 */
export function toRequestLimit(state: LimitState, nowMs: number, retryAfterSeconds?: number): RequestLimit {
  const { policy, remaining, resetAtMs, policies } = state;
  // The draft: Retry-After should not name an earlier time than `t`.
  const resetSeconds = retryAfterSeconds ?? Math.max(0, Math.ceil((resetAtMs - nowMs) / 1000));
  const headers = Object.freeze({
    RateLimit: toItem(policy, { r: remaining, t: resetSeconds }),
    'RateLimit-Policy': policies
      .map(({ name, limit, windowSeconds }) => toItem(name, { q: limit, w: windowSeconds }))
      .join(', '),
  });
  return Object.freeze({ policy, remaining, resetSeconds, headers });
}

/** Formats an item of RFC 9651: a string with integers as parameters. The names don't need escapes. */
function toItem(name: LimitPolicy['name'], parameters: Readonly<Record<string, number>>): string {
  return [`"${name}"`, ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`)].join(';');
}

/** An item of an earlier check of the same request. */
const OWN_ITEM = /^"(throttle|quota)";/;

/**
 * Adds a value to a list field. Another middleware may report limits of its own, such as a limit for each IP address.
 * The value replaces the items of an earlier check.
 */
export function addToField(earlier: string, value: string): string {
  const others = earlier.split(', ').filter((item) => item !== '' && !OWN_ITEM.test(item));
  return [...others, value].join(', ');
}
