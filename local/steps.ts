import type { Colors } from '../operator/colors.ts';

/** A step of the start that takes seconds. */
export interface Step {
  /** The present participle, such as `building`. */
  readonly doing: string;
  /** The past participle, such as `built`. */
  readonly done: string;
}

/** Runs the work of a step and returns its result. */
export type RunStep = <Result>(step: Step, work: () => Promise<Result>) => Promise<Result>;

interface StepDeps {
  readonly write: (text: string) => void;
  readonly colors: Colors;
  /** `true` if the output is a terminal. It then shows the current step. */
  readonly isTerminal: boolean;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** Returns a function that runs a step and prints its duration: `✓ built in 2.1 s`. A failed step prints nothing. */
export function createStepRunner({ write, colors, isTerminal, now }: StepDeps): RunStep {
  return async ({ doing, done }, work) => {
    const startedMs = now();
    if (isTerminal) write(colors.dim(`${doing}…`));
    try {
      const result = await work();
      if (isTerminal) write(ERASE_LINE);
      write(`${colors.green('✓')} ${done} ${colors.dim(`in ${formatSeconds(now() - startedMs)}`)}\n`);
      return result;
    } catch (error) {
      if (isTerminal) write(ERASE_LINE);
      throw error;
    }
  };
}

/** Moves to the start of the line and erases it (ECMA-48, CR and EL). */
const ERASE_LINE = '\r\u001B[2K';

/** Formats a duration: `0.4 s`. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
