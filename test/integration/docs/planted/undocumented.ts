// Exports that the reference's generator must reject, for test/integration/docs/reference.test.ts.

/** Said. */
export interface SaidOptions {
  /**
   * Said.
   *
   * @default - something
   */
  readonly said?: string;
  /** Said, without @default. */
  readonly withoutDefault?: string;
  readonly silent: string;
}

export interface SilentProps {
  /** Said, and required. */
  readonly said: string;
}

/** Said. Not a setting, so optional fields need no @default. */
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
