import { type Command, Option } from 'commander';
import { keySearch } from '../keys/keySearch.ts';
import type { KeyRecord } from '../keys/record.ts';
import { isExpiringWithin, isNeverUsed, isUnusedFor, keyState, type KeyState } from '../keys/state.ts';
import { addScope, type Duration, parseDuration, parseNonEmpty } from './options.ts';

/** The conditions that a listed key meets. */
export interface KeyFilterOptions {
  readonly search?: string;
  readonly scope?: readonly string[];
  readonly plan?: string;
  readonly state?: KeyState;
  readonly stale?: Duration;
  readonly expiring?: Duration;
}

const STATES: readonly KeyState[] = ['active', 'expired', 'disabled', 'revoked'];

/** Adds the options that filter a list. */
export function addFilterOptions(command: Command): Command {
  return command
    .option(
      '--search <text>',
      'list only keys whose fields contain every word of this text, such as a part of the label, owner, id or prefix',
      parseNonEmpty('a text'),
    )
    .option('--scope <scope>', 'list only keys that have this scope; may be repeated, and keys then have all', addScope)
    .option('--plan <name>', 'list only keys on this plan', parseNonEmpty('the name of a plan'))
    .addOption(new Option('--state <state>', 'list only keys in this state').choices(STATES))
    .option('--stale <duration>', 'list only keys that were not used within this duration, such as 90d', parseDuration)
    .option(
      '--expiring <duration>',
      'list only active keys that expire within this duration, such as 30d',
      parseDuration,
    );
}

/** Returns a function that returns whether a key meets all conditions at a time in epoch milliseconds. */
export function keyFilter(options: KeyFilterOptions, nowMs: number): (record: KeyRecord) => boolean {
  const { search = '', scope = [], plan, state, stale, expiring } = options;
  const isFound = keySearch(search);
  return (record) => {
    const stateNow = keyState(record, nowMs);
    return (
      (plan === undefined || record.plan === plan) &&
      (state === undefined || stateNow === state) &&
      (stale === undefined || isNeverUsed(record, nowMs) || isUnusedFor(record, stale.ms, nowMs)) &&
      (expiring === undefined || (stateNow === 'active' && isExpiringWithin(record, expiring.ms, nowMs))) &&
      scope.every((name) => record.scopes?.includes(name) === true) &&
      isFound(record)
    );
  };
}
