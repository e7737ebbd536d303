import { type Command, InvalidArgumentError, Option } from 'commander';
import { isText, TEXT_EXPECTED } from '../keys/fields.ts';
import { isJsonObject, type JsonObject } from '../keys/json.ts';
import { isScope, SCOPE_EXPECTED, splitScopes } from '../keys/scope.ts';
import { isKeyPrefix, KEY_PREFIX_EXPECTED } from '../keys/secret.ts';
import { readTime, type Timestamp, toTimestamp } from '../keys/timestamp.ts';

/** Adds the options that say which table a command works on. */
export function addTableOptions(command: Command): Command {
  return command
    .addOption(tableOption('--table <name>', 'the table; LATCHKEY_TABLE unless given').argParser(parseName))
    .addOption(
      tableOption('--stack <name>', 'the table of this deployed stack').conflicts('table').argParser(parseName),
    )
    .addOption(
      tableOption('--region <name>', "the AWS region; AWS_REGION or the profile's unless given").argParser(parseName),
    )
    .addOption(tableOption('--profile <name>', 'the AWS profile; AWS_PROFILE unless given').argParser(parseName));
}

/** Adds `--local` to each command that has the options of `addTableOptions`, for a package that has the local gateway. */
export function addLocalOption(program: Command): void {
  const others = ['table', 'stack', 'region', 'profile'];
  for (const command of program.commands.filter(takesTable)) {
    command.addOption(tableOption('--local', 'the table that npm start serves on this machine').conflicts(others));
  }
}

function takesTable({ options }: Command): boolean {
  return options.some(({ long }) => long === '--table');
}

/** Adds the option that says who changes something, for commands that do. */
export function addActorOption(command: Command): Command {
  const description =
    'who does this, for the record; your ARN, or for a table on this machine your user name, unless given';
  return command.option('--actor <text>', description, parseActor);
}

/** Adds the option that answers what a command would ask. */
export function addYesOption(command: Command): Command {
  return command.option('--yes', 'do not ask first; needed where there is no terminal to ask on');
}

/** Adds the option that says how new keys begin, for commands that issue some. */
export function addKeyPrefixOption(command: Command): Command {
  const description = "prefix of new keys, the deployment's own; LATCHKEY_KEY_PREFIX or sk_ unless given";
  return command.option('--key-prefix <prefix>', description, parseKeyPrefix);
}

function tableOption(flags: string, description: string): Option {
  return new Option(flags, description).helpGroup('Which table:');
}

function parseName(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Wanted a name.');
}

function parseActor(text: string): string {
  if (isText(text)) return text;
  throw new InvalidArgumentError(`Wanted ${TEXT_EXPECTED}.`);
}

function parseKeyPrefix(text: string): string {
  if (isKeyPrefix(text)) return text;
  throw new InvalidArgumentError(`Wanted ${KEY_PREFIX_EXPECTED}.`);
}

/** For `--help`. */
export const SCOPE_HELP = 'what it may do: one scope, or several with commas between; may be given again';

/**
 * Reads one more `--scope`, which may hold several.
 *
 * @throws InvalidArgumentError of Commander
 */
export function addScope(text: string, scopes: readonly string[] = []): readonly string[] {
  const added = splitScopes(text);
  if (added.length > 0 && added.every(isScope)) return [...scopes, ...added];
  throw new InvalidArgumentError(`Wanted such as orders:read or orders:read,orders:write, ${SCOPE_EXPECTED}.`);
}

/**
 * Reads `--metadata`.
 *
 * @throws InvalidArgumentError of Commander
 */
export function parseMetadata(text: string): JsonObject {
  const value = parseJson(text);
  if (isJsonObject(value)) return value;
  throw new InvalidArgumentError('Wanted a JSON object, such as {"seats":3}.');
}

/** For `--help`. */
export const EXPIRY_HELP =
  'when it expires: 30m, 12h, 90d, 2w or 1y from now (minutes, hours, days, weeks, years of 365 days); a date such as 2030-01-31, which is the end of that day in UTC; or a time in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z';

const EXPIRY_EXPECTED = 'Wanted such as 12h, 90d, 1y, 2030-01-31 (the end of that day in UTC) or 2030-01-31T12:00:00Z.';

/**
 * Reads `--expires`: a span from now, a date, whose end in UTC is meant, or a time with its zone. Whether the time is to come
 * is for the registry to check.
 *
 * @throws InvalidArgumentError of Commander
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

/** A span of time as somebody gave it, and in milliseconds. */
export interface Duration {
  readonly text: string;
  readonly ms: number;
}

/** Milliseconds of each unit that a span of time may be given in. */
const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};
const MAX_MS = 1000 * 365 * 86_400_000;

/**
 * Reads a span such as `90d`: a count of minutes, hours, days, weeks or years of 365 days.
 *
 * @throws InvalidArgumentError of Commander
 */
export function parseDuration(text: string): Duration {
  const ms = durationMs(text);
  if (ms !== undefined && ms <= MAX_MS) return { text, ms };
  throw new InvalidArgumentError('Wanted such as 12h, 90d, 4w or 1y.');
}

/** Returns the milliseconds of a span such as `90d`, or `undefined` if the text is not one. */
export function durationMs(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,6})([mhdwy])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The text as JSON, or `undefined`. V8's own complaint is dropped: it quotes the text, which may hold a secret. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
