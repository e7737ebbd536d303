import { KeysProblem } from './keysClient.ts';

/** The dependencies of `OnceOnlyChange`. */
export interface OnceOnlyDeps {
  /** Returns a new random `Idempotency-Key`. */
  readonly newIdempotencyKey: () => string;
}

/** One try of a change. */
export interface Try<Body> {
  /** Identifies the form's content. */
  readonly form: string;
  readonly body: Body;
  readonly idempotencyKey: string;
}

/**
 * A change that the user may try again after a lost response. As long as the form stays the same, every try sends the
 * same body with the same `Idempotency-Key`, so the server makes the change once. The body doesn't change with the clock.
 */
export class OnceOnlyChange<Body> {
  readonly #newIdempotencyKey: () => string;
  /** The last try if its outcome is uncertain. */
  #open: Try<Body> | undefined;

  constructor({ newIdempotencyKey }: OnceOnlyDeps) {
    this.#newIdempotencyKey = newIdempotencyKey;
  }

  /** Sends the change. Rethrows the error of `send`. */
  async run<Answer>(
    form: unknown,
    toBody: () => Body,
    send: (body: Body, once: { readonly idempotencyKey: string }) => Promise<Answer>,
  ): Promise<Answer> {
    const content = JSON.stringify(form);
    const current =
      this.#open?.form === content
        ? this.#open
        : { form: content, body: toBody(), idempotencyKey: this.#newIdempotencyKey() };
    this.#open = current;
    try {
      const answer = await send(current.body, current);
      this.#open = undefined;
      return answer;
    } catch (error) {
      // The server has decided about any other error, so the next try is a new change.
      if (!(error instanceof KeysProblem && error.isUncertain)) this.#open = undefined;
      throw error;
    }
  }
}

/** Returns a random `Idempotency-Key` of 32 characters. `crypto.randomUUID` would need a page with HTTPS. */
export function randomIdempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
