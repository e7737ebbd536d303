import { type Command, InvalidArgumentError, Option } from 'commander';
import { isText, show, TEXT_EXPECTED } from '../keys/fields.ts';
import { findRangeProblem, MAX_ALLOWED_IPS } from '../keys/ipRanges.ts';
import { isJsonObject, type JsonObject } from '../keys/json.ts';
import { isScope, SCOPE_EXPECTED, splitScopes } from '../keys/scope.ts';
import { isKeyPrefix, KEY_PREFIX_EXPECTED } from '../keys/keyPrefix.ts';
import { readTime, type Timestamp, toTimestamp } from '../keys/timestamp.ts';

/** Adds the options that choose the table. */
export function addTableOptions(command: Command): Command {
  const parseName = parseNonEmpty('a name');
  return command
    .addOption(tableOption('--table <name>', "the table's name (default: LATCHKEY_TABLE)").argParser(parseName))
    .addOption(
      tableOption('--stack <name>', 'use the table of this deployed stack').conflicts('table').argParser(parseName),
    )
    .addOption(
      tableOption('--region <name>', "the AWS region (default: AWS_REGION or the profile's)").argParser(parseName),
    )
    .addOption(tableOption('--profile <name>', 'the AWS profile (default: AWS_PROFILE)').argParser(parseName));
}

/** Adds `--limits-table` to a command with `addTableOptions`. Use it for commands about what is left of plans. */
export function addLimitsTableOption(command: Command): Command {
  const help = "the table of limits (default: the stack's output, or LATCHKEY_LIMITS_TABLE)";
  return command.addOption(tableOption('--limits-table <name>', help).argParser(parseNonEmpty('a name')));
}

/** Adds `--usage-table` to a command with `addTableOptions`. Use it for commands about the requests of keys. */
export function addUsageTableOption(command: Command): Command {
  const help = "the table of usage (default: the stack's output, or LATCHKEY_USAGE_TABLE)";
  return command.addOption(tableOption('--usage-table <name>', help).argParser(parseNonEmpty('a name')));
}

/** Adds `--history-table` to a command with `addTableOptions`. Use it for commands about the events of keys. */
export function addHistoryTableOption(command: Command): Command {
  const help = "the table of events (default: the stack's output, or LATCHKEY_HISTORY_TABLE)";
  return command.addOption(tableOption('--history-table <name>', help).argParser(parseNonEmpty('a name')));
}

/** Adds `--local` to a command with `addTableOptions`. The published package lacks it. */
export function addLocalOption(command: Command): void {
  if (!command.options.some(({ long }) => long === '--table')) return;
  const others = ['table', 'stack', 'region', 'profile'];
  command.addOption(tableOption('--local', 'use the table that npm start serves on this machine').conflicts(others));
}

function tableOption(flags: string, description: string): Option {
  return new Option(flags, description).helpGroup('Table:');
}

/** Adds `--actor`. Use it for commands that change something. */
export function addActorOption(command: Command): Command {
  const description = 'the actor to record (default: your ARN, or your user name for a table on this machine)';
  return command.option('--actor <text>', description, parseText);
}

/** Adds `--yes`. Use it for commands with a confirmation prompt. */
export function addYesOption(command: Command): Command {
  return command.option('--yes', 'skip the prompt; required without a terminal');
}

/** Adds `--prefix`. Use it for commands that issue keys. */
export function addPrefixOption(command: Command): Command {
  const description =
    "the prefix of new keys, one of the deployment's keyPrefixes (default: the first of them with --stack, or in LATCHKEY_KEY_PREFIXES, or sk_)";
  return command.option('--prefix <prefix>', description, parsePrefix);
}

/**
 * Returns a parser for an option whose value must not be empty.
 *
 * @throws InvalidArgumentError from the parser
 */
export function parseNonEmpty(expected: string): (text: string) => string {
  return (text) => {
    if (text !== '') return text;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}

/**
 * Parses a string for a record, such as `--actor` or `--reason`.
 *
 * @throws InvalidArgumentError
 */
export function parseText(text: string): string {
  if (isText(text)) return text;
  throw new InvalidArgumentError(`Expected ${TEXT_EXPECTED}.`);
}

/** Parses the prefix of issued keys. */
export function parsePrefix(text: string): string {
  if (isKeyPrefix(text)) return text;
  throw new InvalidArgumentError(`Expected ${KEY_PREFIX_EXPECTED}.`);
}

/** The description of `--scope` in `--help`. */
export const SCOPE_HELP = "the key's scopes, separated by commas; may be repeated";

/**
 * Parses another `--scope`, which may contain several scopes.
 *
 * @throws InvalidArgumentError
 */
export function addScope(text: string, scopes: readonly string[] = []): readonly string[] {
  const added = splitScopes(text);
  if (added.length > 0 && added.every(isScope)) return [...scopes, ...added];
  throw new InvalidArgumentError(`Expected scopes such as orders:read or orders:read,orders:write: ${SCOPE_EXPECTED}.`);
}

/** The description of `--allow-ip` in `--help`. */
export const ALLOW_IP_HELP =
  'an IP address or CIDR block from which the key works, such as 203.0.113.7 or 10.0.0.0/8; may be repeated, up to 20 times';

/**
 * Parses another `--allow-ip`, which may contain several addresses and blocks, separated by commas.
 *
 * @throws InvalidArgumentError
 */
export function addAllowedIp(text: string, ranges: readonly string[] = []): readonly string[] {
  const added = text.split(',').map((range) => range.trim());
  const wrong = added.find((range) => findRangeProblem(range) !== undefined);
  if (wrong !== undefined) {
    const reason = findRangeProblem(wrong);
    throw new InvalidArgumentError(`Expected an IP address or CIDR block, got ${show(wrong)}, ${reason}.`);
  }
  const all = [...ranges, ...added];
  if (all.length <= MAX_ALLOWED_IPS) return all;
  throw new InvalidArgumentError(
    `Expected at most ${MAX_ALLOWED_IPS} IP addresses and CIDR blocks, got ${all.length}.`,
  );
}

/**
 * Parses `--metadata`.
 *
 * @throws InvalidArgumentError
 */
export function parseMetadata(text: string): JsonObject {
  const value = parseJson(text);
  if (isJsonObject(value)) return value;
  throw new InvalidArgumentError('Expected a JSON object, such as {"seats":3}.');
}

/** Parses JSON. Returns `undefined` for invalid JSON. V8's error would quote the text, which may contain a secret. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Examples of `--expires` for its description in `--help`. */
export const EXPIRY_FORMS = '90d, 2030-01-31 or 2030-01-31T12:00:00Z';

/** The forms of `--expires` for the end of a command's help. */
export const EXPIRY_DETAILS =
  '--expires takes a duration from now, a date, or an ISO 8601 time with a zone. A duration is a number with m, h, d, w or y (365 days). A date means the end of that day in UTC.';

const EXPIRY_EXPECTED =
  'Expected a value such as 12h, 90d, 1y, 2030-01-31 (until the end of that day in UTC) or 2030-01-31T12:00:00Z.';

/**
 * Parses `--expires`: a duration from now, a date or a time with a zone. A date means the end of that day in UTC. The
 * registry checks whether the time is in the future.
 *
 * @throws InvalidArgumentError
 */
export function parseExpiry(text: string, nowMs: number): Timestamp {
  const ms = durationMs(text);
  if (ms !== undefined && nowMs + ms < Date.UTC(10_000, 0)) return toTimestamp(nowMs + ms);
  const time = readTime(text, { dateAs: 'end' });
  if (time !== undefined) return time;
  const lacksZone = readTime(text, { zone: 'UTC' }) !== undefined;
  throw new InvalidArgumentError(
    lacksZone ? 'It has no zone: append Z for UTC, or an offset such as +01:00.' : EXPIRY_EXPECTED,
  );
}

/** Examples of `--since` and `--until` for their descriptions in `--help`. */
export const PAST_FORMS = '30d (30 days ago), 2026-01-31 or 2026-01-31T12:00:00Z';

/**
 * Parses a time for a report: a duration before now, a date or a time with a zone. Returns a date without a time,
 * because a start and an end mean different times of that day.
 *
 * @throws InvalidArgumentError
 */
export function parsePast(text: string, nowMs: number): string {
  const ms = durationMs(text);
  if (ms !== undefined && ms <= MAX_MS) return toTimestamp(nowMs - ms);
  if (readTime(text) !== undefined) return text;
  throw new InvalidArgumentError(`Expected a value such as ${PAST_FORMS}.`);
}

/** A duration as a string and in milliseconds. */
export interface Duration {
  readonly text: string;
  readonly ms: number;
}

/** The milliseconds of each unit of a duration. */
const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};
const MAX_MS = 1000 * 365 * 86_400_000;

/**
 * Parses a duration such as `90d`. The units are minutes, hours, days, weeks and years of 365 days.
 *
 * @throws InvalidArgumentError
 */
export function parseDuration(text: string): Duration {
  const ms = durationMs(text);
  if (ms !== undefined && ms <= MAX_MS) return { text, ms };
  throw new InvalidArgumentError('Expected a duration such as 12h, 90d, 4w or 1y.');
}

/** Returns the milliseconds of a duration such as `90d`, or `undefined` if the string isn't a duration. */
function durationMs(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,6})([mhdwy])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  return Number.isNaN(ms) ? undefined : ms;
}
