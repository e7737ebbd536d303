import type { Command } from 'commander';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { addActorOption, addPrefixOption, addTableOptions } from '../options.ts';
import { seedKeys, type SeedOptions } from '../seedKeys.ts';

const DETAILS = `
FILE is a JSON array or JSON Lines of objects:

  {"label":"ci","owner":"acme","scopes":["orders:read"]}
  {"label":"b","plan":"free","expiresAt":"2030-01-31"}

Only the label is required, and each label may appear only once. scopes may also be a string, separated by spaces or
commas. expiresAt is an ISO 8601 time with a zone, or a date. A date means the end of that day in UTC. seed checks all
entries before it issues the first key.

seed prints or writes each key before storing it, so you have the secret of every key in the table even if a run ends
early. Ctrl-C stops after the key in progress.

Without --skip-existing, seed issues a key for every entry. It prints a warning with the labels that are in the table
already, because each of them gets another key. With --skip-existing, seed issues no key for a label that is in the
table, in any state. Use it to resume an interrupted run, or to run the same file again. seed then appends to the file
of --out, and sets its mode to 0600. Otherwise, that file must not exist.

latchkey create --from FILE does the same as latchkey seed FILE.`;

/** Fills `latchkey seed`, which issues a key for each entry of a file. */
export function addSeedCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'latchkey seed keys.json --out made.jsonl --stack Orders',
      'latchkey seed keys.json --skip-existing --stack Orders',
    ],
    details: DETAILS,
  })
    .argument('<file>', 'the file of entries, in JSON or JSON Lines; - reads standard input')
    .option('--skip-existing', 'skip labels that are already in the table, for example to resume an interrupted run')
    .option('--out <file>', 'write the keys to this file: JSON Lines of {"key","record"} with mode 0600')
    .option(
      '--json',
      'print one JSON document, {"keys":[{"key", "record"}], "skipped"}; without "key" if you pass --out',
    );
  addTableOptions(addActorOption(addPrefixOption(command))).action((file: string, options: SeedOptions) =>
    seedKeys(file, options, deps),
  );
}
