// test/integration/docs/reference.test.ts expects that the generator of the reference rejects these exports.

/** Has a docstring. */
export interface SaidOptions {
  /**
   * Has a docstring.
   *
   * @default - something
   */
  readonly said?: string;
  /** Has a docstring without @default. */
  readonly withoutDefault?: string;
  readonly silent: string;
}

export interface SilentProps {
  /** Has a docstring. It is required. */
  readonly said: string;
}

/** Has a docstring. Its optional fields do not require @default because it is not a setting. */
export interface Fact {
  /** Has a docstring. */
  readonly optional?: string;
}

export function silent(): void {}

/** Has a docstring. */
export class Said {
  readonly silent = 1;
  silentMethod(): void {}
  /** Has a docstring. */
  said(): void {}
}
