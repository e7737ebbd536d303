import { InvalidArgumentError, Option, type Command } from 'commander';
import { isKeyPrefix, KEY_PREFIX_WANTED } from '../keys/secret.ts';

/** Adds the options that say which table a command works on. */
export function addTableOptions(command: Command): Command {
  return command
    .addOption(new Option('--table <name>', 'the table; LATCHKEY_TABLE unless given').argParser(parseTableName))
    .addOption(new Option('--local', 'the table that npm start serves on this machine').conflicts('table'));
}

/** Adds the option that says how new keys begin, for commands that issue some. */
export function addKeyPrefixOption(command: Command): Command {
  const description = "prefix of new keys, the deployment's own; LATCHKEY_KEY_PREFIX or sk_ unless given";
  return command.option('--key-prefix <prefix>', description, parseKeyPrefix);
}

function parseTableName(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Wanted the name of a table.');
}

function parseKeyPrefix(text: string): string {
  if (isKeyPrefix(text)) return text;
  throw new InvalidArgumentError(`Wanted ${KEY_PREFIX_WANTED}.`);
}
