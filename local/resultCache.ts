/** What an authorizer answered, kept for a time by the values of its identity sources. Every authorizer has one of its own. */
export class ResultCache<Result> {
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #results = new Map<string, { readonly result: Result; readonly expiresMs: number }>();

  /** A TTL of 0 keeps nothing. `now` is in epoch milliseconds. */
  constructor({ ttlSeconds, now }: { readonly ttlSeconds: number; readonly now: () => number }) {
    this.#ttlMs = ttlSeconds * 1000;
    this.#now = now;
  }

  get(identities: readonly string[]): Result | undefined {
    const key = JSON.stringify(identities);
    const kept = this.#results.get(key);
    if (kept === undefined || this.#now() < kept.expiresMs) return kept?.result;
    this.#results.delete(key);
    return undefined;
  }

  set(identities: readonly string[], result: Result): void {
    if (this.#ttlMs <= 0) return;
    this.#results.set(JSON.stringify(identities), { result, expiresMs: this.#now() + this.#ttlMs });
  }
}
