import type { KeySecret } from '../keys/secret.ts';

/** What is known of a key's record, as far as answers depend on it. */
export interface KeyFacts {
  /** Whether the table holds it. */
  readonly exists: boolean;
  readonly isRevoked: boolean;
  readonly isDisabled: boolean;
  /** Whether its scopes cover the sample's route. */
  readonly isInScope: boolean;
  /** Epoch milliseconds; `Infinity` where it does not expire. */
  readonly expiresAtMs: number;
}

interface Version extends KeyFacts {
  /** When the change to it began: it may be read from here on. */
  readonly fromMs: number;
  /** When the change away from it was done: it may be read up to here. */
  untilMs: number;
}

/** What a request comes to. `DENIED` stands for any code where the API does not tell it. */
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

/** Clocks are read in whole milliseconds, on both sides. */
const ROUNDING_MS = 2;

/** One key as it should be by now, and as it was: written apart from the code that decides, to be held against it. */
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

  /** Epoch milliseconds since which the record is sure to be as it is now. */
  get sinceMs(): number {
    return this.#versions.at(-2)?.untilMs ?? -Infinity;
  }

  /** Epoch milliseconds since which it is sure to be revoked, whatever became of it later; `Infinity` where it is not. */
  get revokedSinceMs(): number {
    const at = this.#versions.findIndex(({ isRevoked }) => isRevoked);
    return at < 0 ? Infinity : (this.#versions[at - 1]?.untilMs ?? -Infinity);
  }

  /** Makes a change of the record, which both readings are possible of until it is done. */
  async change(facts: Partial<KeyFacts>, make: () => Promise<unknown>): Promise<void> {
    const before = this.#latest;
    this.#versions.push({ ...before, ...facts, fromMs: Date.now(), untilMs: Infinity });
    await make();
    before.untilMs = Date.now();
  }

  /**
   * What a request may come to that was sent and answered at these times, in epoch milliseconds, where a record may answer for so
   * long after it was read.
   */
  outcomes({ sentMs, answeredMs, recordMs }: RequestTimes & { readonly recordMs: number }): ReadonlySet<Outcome> {
    const firstMs = sentMs - recordMs - ROUNDING_MS;
    const lastMs = answeredMs + ROUNDING_MS;
    const possible = this.#versions.filter(({ fromMs, untilMs }) => fromMs <= lastMs && untilMs >= firstMs);
    return new Set(
      possible.flatMap((version) => [outcomeAt(version, sentMs - ROUNDING_MS), outcomeAt(version, lastMs)]),
    );
  }

  get #latest(): Version {
    const latest = this.#versions.at(-1);
    if (latest === undefined) throw new Error('a key has a version from the first');
    return latest;
  }
}

/** When a request was sent and its answer had come, in epoch milliseconds. */
export interface RequestTimes {
  readonly sentMs: number;
  readonly answeredMs: number;
}

function outcomeAt({ exists, isRevoked, isDisabled, isInScope, expiresAtMs }: KeyFacts, nowMs: number): Outcome {
  if (!exists) return 'INVALID_KEY';
  if (isRevoked) return 'KEY_REVOKED';
  if (nowMs >= expiresAtMs) return 'KEY_EXPIRED';
  if (isDisabled) return 'KEY_DISABLED';
  return isInScope ? 'ALLOWED' : 'INSUFFICIENT_SCOPE';
}
