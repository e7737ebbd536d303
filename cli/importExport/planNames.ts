import { InvalidArgumentError } from 'commander';
import { isPlanName, PLAN_EXPECTED } from '../../keys/fields.ts';
import { textLines, TextSource } from '../textSource.ts';
import { CliError } from '../../operator/errors.ts';

/** The plans of another system's keys. */
export interface SourcePlans {
  /** The other system's plan id → the plan's name in Latchkey, or `undefined` for no plan. */
  readonly names: ReadonlyMap<string, string | undefined>;
  /** A key's id → the ids of its plans, for an export that lacks them. */
  readonly ofKey: ReadonlyMap<string, readonly string[]>;
}
