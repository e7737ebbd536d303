import type { Command } from 'commander';
import { type KeyRecord, publicRecord } from '../../keys/record.ts';
import type { KeySecret } from '../../keys/secret.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { setting } from '../../operator/findTable.ts';
import { fileProblem } from '../fileProblem.ts';
import { keyName } from '../output.ts';
import { colorState } from '../stateColor.ts';
import { type Leak, type ScanCount, scanPaths } from '../scan.ts';
import { printable } from '../../keys/printable.ts';
import { addTableOptions, parsePrefix } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ScanOptions extends RegistryOptions {
  readonly json?: boolean;
}

/** The records of the found keys, or `undefined` without a lookup in a table. */
type Known = ReadonlyMap<KeySecret, KeyRecord> | undefined;

const DETAILS = `
scan exits with 1 if it finds a key. It finds keys by their format and checksum: a lower-case prefix with an underscore,
43 letters and digits, and 6 more for the checksum. It shows only the part of a key that list also shows. If you pass a
table, it also prints the states, ids and labels of the keys.

scan reads all files in a directory except .git and node_modules, even files that git ignores. It skips binary files. It
scans only the added lines of a diff on standard input. Pass --text to git diff, because git otherwise omits files that
it considers binary.`;

/** Fills `latchkey scan`, which finds leaked keys in files and diffs. */
export function addScanCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'latchkey scan .',
      'git diff --cached --text | latchkey scan -',
      'git ls-files -z | xargs -0 latchkey scan --table keys --',
    ],
    details: DETAILS,
  })
    .argument('<path...>', 'files or directories to scan; - reads standard input, for example a diff')
    .option('--prefix <prefix>', 'find only keys with this prefix (default: any prefix)', parsePrefix)
    .option(
      '--json',
      'print one JSON document, {"finds":[{"file", "line", "column", "keyPrefix", "record"}], "scanned", "binary"}',
    );
  addTableOptions(command).action((paths: readonly string[], options: ScanOptions) => scan(paths, options, deps));
}

async function scan(paths: readonly string[], options: ScanOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  const unread: string[] = [];
  const onError = (path: string, error: NodeJS.ErrnoException) => {
    unread.push(path);
    output.note(`warning: ${fileProblem(path, error, 'read')}`);
  };
  const count: ScanCount = { scanned: 0, binary: 0 };
  const leaks: Leak[] = [];
  for await (const leak of scanPaths(paths, options.prefix, count, { stdin: deps.stdin, onError })) leaks.push(leak);
  const known = leaks.length > 0 && namesTable(options, deps) ? await lookUp(leaks, options, deps) : undefined;
  const lines = () => leaks.map((leak) => `${output.fill(leakLine(leak, known, deps))}\n`).join('');
  await output.printIfRead(options.json ? scanJson(leaks, known, count) : lines(), {
    isColored: options.json !== true,
  });
  if (leaks.length > 0)
    throw new CliError('KEYS_FOUND', `${countLeaks(leaks)}: revoke or rotate the keys that are in use`);
  if (unread.length > 0)
    throw new CliError('FILE_UNUSABLE', `cannot read ${unread.length} of the paths; the warnings name them`);
  const binary = count.binary === 0 ? '' : `, binary files skipped: ${count.binary}`;
  output.note(`no key found; texts scanned: ${count.scanned}${binary}`);
}

function namesTable(options: RegistryOptions, { env }: CommandDeps): boolean {
  const { table, local, stack } = options;
  return [table, local, stack, setting(env, 'LATCHKEY_TABLE')].some((name) => name !== undefined);
}

/**
 * Looks up the keys. Warns and returns the records so far if the table fails, because the command reports the leaks in
 * any case.
 */
async function lookUp(leaks: readonly Leak[], options: ScanOptions, deps: CommandDeps): Promise<Known> {
  const known = new Map<KeySecret, KeyRecord>();
  try {
    await withRegistry(options, deps, async (registry) => {
      for (const secret of new Set(leaks.map((leak) => leak.secret))) {
        const record = await registry.find(secret);
        if (record !== undefined) known.set(secret, record);
      }
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    deps.output.note(`warning: cannot look up every key: ${why}`);
    return known.size > 0 ? known : undefined;
  }
  return known;
}

function leakLine({ file, line, column, keyPrefix, secret }: Leak, known: Known, { now, output }: CommandDeps): string {
  const record = known?.get(secret);
  const place = `${printable(file)}:${line}:${column}: ${keyPrefix}…`;
  if (record !== undefined) return `${place}  ${colorState(record, now(), output.colors)} key ${keyName(record)}`;
  return known === undefined ? place : `${place}  not in the table`;
}

function scanJson(leaks: readonly Leak[], known: Known, { scanned, binary }: ScanCount): string {
  const finds = leaks.map(({ file, line, column, keyPrefix, secret }) => {
    const record = known?.get(secret);
    return { file, line, column, keyPrefix, ...(record === undefined ? {} : { record: publicRecord(record) }) };
  });
  return `${JSON.stringify({ finds, scanned, binary })}\n`;
}

function countLeaks(leaks: readonly Leak[]): string {
  const keys = new Set(leaks.map(({ secret }) => secret)).size;
  return `${keys} ${keys === 1 ? 'key' : 'keys'} found in ${leaks.length} ${leaks.length === 1 ? 'place' : 'places'}`;
}
