import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';

/**
 * Returns the error that a construct throws about its props: `CONFIG_INVALID`, with the construct's path and every problem in the
 * message, as in `Orders/Authorizer: keyPrefix: got "SK_", wanted …`.
 */
export function propError(construct: IConstruct, ...problems: readonly string[]): LatchkeyError {
  return new LatchkeyError('CONFIG_INVALID', `${construct.node.path}: ${problems.join('; ')}`);
}

/** The range of a number, both ends included. */
export interface NumberRange {
  readonly least: number;
  readonly most?: number;
}

/** Returns the problem of a number that isn't whole or is out of range. `undefined` and a token have no problem. */
export function wholeNumberProblems(
  prop: string,
  value: number | undefined,
  { least, most = Infinity }: NumberRange,
): readonly string[] {
  if (!isKnown(value) || (Number.isInteger(value) && value >= least && value <= most)) return [];
  const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`;
  return [`${prop}: got ${value}, wanted a whole number ${range}`];
}

/** Whether a prop has a value that can be checked: one is given, and it isn't a token that CloudFormation resolves later. */
export function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value);
}

/** Whether a value is a token that CloudFormation resolves later, or an object or a list that holds one. */
export function holdsToken(value: unknown): boolean {
  if (Token.isUnresolved(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, member]) => Token.isUnresolved(name) || holdsToken(member));
}
