// For test/integration/docs/reference.test.ts: what the reference's generator must refuse.

/** Said. */
export interface SaidOptions {
  /**
   * Said.
   *
   * @default - something
   */
  readonly said?: string;
  /** Said, but not what holds without it. */
  readonly withoutDefault?: string;
  readonly silent: string;
}

export interface SilentProps {
  /** Said, and it cannot be left out. */
  readonly said: string;
}

/** Said: what is optional here is no setting. */
export interface Fact {
  /** Said. */
  readonly optional?: string;
}

export function silent(): void {}

/** Said. */
export class Said {
  readonly silent = 1;
  silentMethod(): void {}
  /** Said. */
  said(): void {}
}
