import type { KeySecret } from '../keys/secret.ts';

/** The attributes of a key's record that decide the outcome of a request. */
export interface KeyFacts {
  /** `true` if the table contains the record. */
  readonly exists: boolean;
  readonly isRevoked: boolean;
  readonly isDisabled: boolean;
  /** `true` if the key's scopes cover the sample's route. */
  readonly isInScope: boolean;
  /** Epoch milliseconds; `Infinity` if the key never expires. */
  readonly expiresAtMs: number;
}

interface Version extends KeyFacts {
  /** The start of the change to this version. Reads may return it from then on. */
  readonly fromMs: number;
  /** The end of the change to the next version. Reads may return this one until then. */
  untilMs: number;
}

/** The outcome of a request. `DENIED` means any denial code, if the API doesn't return it. */
export type Outcome =
  | 'ALLOWED'
  | 'DENIED'
  | 'AUTH_REQUIRED'
  | 'INVALID_KEY'
  | 'KEY_REVOKED'
  | 'KEY_EXPIRED'
  | 'KEY_DISABLED'
  | 'INSUFFICIENT_SCOPE'
  | 'FAULT';

/** The rounding error in milliseconds. Both sides round their clocks to whole milliseconds. */
const ROUNDING_MS = 2;

/**
 * The expected versions of one key over time. It's independent of the authorizer's code, so the soak can compare both.
 */
export class KeyModel {
  readonly secret: KeySecret;
  readonly id: string;
  readonly #versions: Version[];

  constructor({ secret, id }: { readonly secret: KeySecret; readonly id: string }, facts: KeyFacts) {
    this.secret = secret;
    this.id = id;
    this.#versions = [{ ...facts, fromMs: -Infinity, untilMs: Infinity }];
  }

  get facts(): KeyFacts {
    return this.#latest;
  }

  /** Epoch milliseconds from which on every read returns the current record. */
  get sinceMs(): number {
    return this.#versions.at(-2)?.untilMs ?? -Infinity;
  }

  /** Epoch milliseconds from which on every read returns a revoked or deleted record; `Infinity` if it isn't revoked. */
  get revokedSinceMs(): number {
    const at = this.#versions.findIndex(({ isRevoked }) => isRevoked);
    return at < 0 ? Infinity : (this.#versions[at - 1]?.untilMs ?? -Infinity);
  }

  /** Makes a change to the record. Reads may return the old or the new version until the change is done. */
  async change(facts: Partial<KeyFacts>, make: () => Promise<unknown>): Promise<void> {
    const before = this.#latest;
    this.#versions.push({ ...before, ...facts, fromMs: Date.now(), untilMs: Infinity });
    await make();
    before.untilMs = Date.now();
  }

  /** Returns the possible outcomes of a request, if records may be cached for `recordMs` milliseconds. */
  outcomes({ sentMs, answeredMs, recordMs }: RequestTimes & { readonly recordMs: number }): ReadonlySet<Outcome> {
    const firstMs = sentMs - recordMs - ROUNDING_MS;
    const lastMs = answeredMs + ROUNDING_MS;
    const possible = this.#versions.filter(({ fromMs, untilMs }) => fromMs <= lastMs && untilMs >= firstMs);
    return new Set(
      possible.flatMap((version) => [getOutcomeAt(version, sentMs - ROUNDING_MS), getOutcomeAt(version, lastMs)]),
    );
  }

  get #latest(): Version {
    const latest = this.#versions.at(-1);
    if (latest === undefined) throw new Error('a key has at least one version');
    return latest;
  }
}

/** Epoch milliseconds at which a request was sent and at which its response had arrived. */
export interface RequestTimes {
  readonly sentMs: number;
  readonly answeredMs: number;
}

function getOutcomeAt({ exists, isRevoked, isDisabled, isInScope, expiresAtMs }: KeyFacts, nowMs: number): Outcome {
  if (!exists) return 'INVALID_KEY';
  if (isRevoked) return 'KEY_REVOKED';
  if (nowMs >= expiresAtMs) return 'KEY_EXPIRED';
  if (isDisabled) return 'KEY_DISABLED';
  return isInScope ? 'ALLOWED' : 'INSUFFICIENT_SCOPE';
}
