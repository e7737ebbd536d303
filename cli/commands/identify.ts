import type { Command } from 'commander';
import { keyState } from '../../keys/keyState.ts';
import { printable } from '../../keys/printable.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyRegistry } from '../../keys/registry.ts';
import { CliError } from '../cliError.ts';
import type { CommandDeps } from '../commandDeps.ts';
import { keyName } from '../keyName.ts';
import { keysIn } from '../keysIn.ts';
import { publicRecord, recordJson } from '../publicRecord.ts';
import { readSecret } from '../readSecret.ts';
import { recordFields } from '../recordFields.ts';
import { addTableOptions } from '../tableOptions.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface IdentifyOptions extends RegistryOptions {
  readonly json?: boolean;
}

const HELP = `
Type or paste the key at a prompt that does not show it, or give it on standard input. Quotes, NAME=, Authorization: Bearer, a
URL or JSON around it do no harm. For several keys, identify prints a line for each. The key is never an argument, because the
shell's history keeps arguments and ps shows them. Exits 1 if a key is unknown, or if there is no key in the input.

  latchkey identify --table keys
  pbpaste | latchkey identify --table keys --json`;

/** Adds `latchkey identify`, which looks up the record of a raw key. */
export function addIdentifyCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('identify')
    .description('Look up the record of a key, from a prompt without echo or from standard input.')
    // Taken only so that it can be refused with the reason, and not repeated.
    .argument('[arguments...]', 'none: the key is never an argument')
    .option('--json', 'print one JSON document, {"record"}; for several keys {"records"}, without unknown ones')
    .addHelpText('after', HELP);
  addTableOptions(command).action((args: readonly string[], options: IdentifyOptions) => identify(args, options, deps));
}

async function identify(args: readonly string[], options: IdentifyOptions, deps: CommandDeps): Promise<void> {
  if (args.length > 0) {
    throw new CliError(
      'USAGE_INVALID',
      'identify takes no argument: a key given as one stays in the history of the shell and is seen by every user of this machine; give it at the prompt, or on standard input. If it was a key, it is best rotated.',
    );
  }
  await withRegistry(options, deps, async (registry, { acceptedKeys }) => {
    const identified = await identifyAll(await readSecret('key (not shown): ', deps), registry);
    const known = identified.flatMap(({ record }) => record ?? []);
    if (known.length > 0)
      await deps.output.print(`${options.json ? jsonOf(identified, known) : textOf(identified, deps, acceptedKeys)}\n`);
    const unknown = identified.length - known.length;
    if (unknown === 0) return;
    const which = identified.length === 1 ? 'unknown key' : `${unknown} of ${identified.length} keys are unknown`;
    throw new CliError('KEY_UNKNOWN', `${which}: the table has no record of ${unknown === 1 ? 'it' : 'them'}`);
  });
}

/** A key that was found in the input; without a record if the table does not know it. */
interface IdentifiedKey {
  readonly keyPrefix: string | undefined;
  readonly record: KeyRecord | undefined;
}

/** Looks up each key in the text. Of texts that may be keys from elsewhere, only those that the table knows count as keys. */
async function identifyAll(text: string, registry: KeyRegistry): Promise<readonly IdentifiedKey[]> {
  const { issued, candidates, isLikely } = keysIn(text);
  const identified: IdentifiedKey[] = [];
  for (const { secret, keyPrefix } of issued) {
    identified.push({ keyPrefix, record: await registry.find(secret) });
  }
  for (const candidate of candidates) {
    const record = await registry.find(candidate);
    if (record !== undefined) identified.push({ keyPrefix: record.keyPrefix, record });
  }
  if (identified.length > 0) return identified;
  if (isLikely) return [{ keyPrefix: undefined, record: undefined }];
  throw new CliError('KEY_NOT_FOUND', 'no key found in the input');
}

function jsonOf(identified: readonly IdentifiedKey[], known: readonly KeyRecord[]): string {
  const [first] = known;
  const isOnly = identified.length === 1 && first !== undefined;
  return isOnly ? recordJson(first) : JSON.stringify({ records: known.map(publicRecord) });
}

function textOf(identified: readonly IdentifiedKey[], deps: CommandDeps, acceptedKeys: string | undefined): string {
  const [only] = identified.length === 1 ? identified : [];
  if (only?.record !== undefined) return recordFields(only.record, deps, acceptedKeys);
  return identified.map((key) => lineOf(key, deps.now())).join('\n');
}

function lineOf({ keyPrefix, record }: IdentifiedKey, nowMs: number): string {
  const shown = keyPrefix === undefined ? '(no prefix)' : `${printable(keyPrefix)}…`;
  return `${shown}  ${record === undefined ? 'unknown key' : `${keyState(record, nowMs)} key ${keyName(record)}`}`;
}
