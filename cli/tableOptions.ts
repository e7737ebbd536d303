import { InvalidArgumentError, Option, type Command } from 'commander';
import { isKeyPrefix, KEY_PREFIX_WANTED } from '../keys/secret.ts';
import { isText, TEXT_WANTED } from '../keys/text.ts';

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
  throw new InvalidArgumentError(`Wanted ${TEXT_WANTED}.`);
}

function parseKeyPrefix(text: string): string {
  if (isKeyPrefix(text)) return text;
  throw new InvalidArgumentError(`Wanted ${KEY_PREFIX_WANTED}.`);
}
