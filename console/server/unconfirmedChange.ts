import { mayBeDone } from '../../cli/mayBeDone.ts';

/** A change that failed, by its cause, and may have been made all the same. */
export class UnconfirmedChange extends Error {
  override readonly name = 'UnconfirmedChange';
  /** What to do now, for people. */
  readonly advice: string;

  constructor(advice: string, cause: unknown) {
    super(advice, { cause });
    this.advice = advice;
  }
}

/**
 * What the change gives.
 *
 * @throws UnconfirmedChange with the advice, where it failed and may have been made; whatever else it throws
 */
export async function confirmed<T>(change: Promise<T>, advice: string): Promise<T> {
  try {
    return await change;
  } catch (error) {
    throw mayBeDone(error) ? new UnconfirmedChange(advice, error) : error;
  }
}
