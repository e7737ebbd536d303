import { InvalidArgumentError, type Command } from 'commander';
import { keyState } from '../../keys/state.ts';
import { type KeyRecord, publicRecord } from '../../keys/record.ts';
import { isKeyPrefix, KEY_PREFIX_EXPECTED, type KeySecret } from '../../keys/secret.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { setting } from '../../operator/findTable.ts';
import { keyName } from '../output.ts';
import { type Leak, type ScanCount, scanPaths } from '../scan.ts';
import { printable } from '../../keys/printable.ts';
import { addTableOptions } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ScanOptions extends RegistryOptions {
  readonly json?: boolean;
}

/** The records of the keys that a table knows; `undefined` where none was asked. */
type Known = ReadonlyMap<KeySecret, KeyRecord> | undefined;

const HELP = `
A key is found by its form and its checksum, so that nothing else is taken for one: a lower-case prefix with an underscore,
43 letters and digits, and 6 that must be the CRC-32 of all before them. Of a key only what list shows too is shown.
Directories are looked through but for .git and node_modules, also where git ignores a file; binary files are left out.
In a diff on standard input the lines that it adds are looked at; git writes those of files it takes for binary with --text.
With a table, which need not be given, it tells which keys they are. Exits 1 where a key is found.

  latchkey scan .
  git diff --cached --text | latchkey scan -
  git ls-files -z | xargs -0 latchkey scan --table keys --`;

/** Adds `latchkey scan`, which finds keys that lie about. */
export function addScanCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('scan')
    .description('Find keys in files, directories and diffs. Exits 1 where there is one.')
    .argument('<path...>', 'what to look through; - reads standard input, such as a diff')
    .option('--key-prefix <prefix>', 'look for keys of this prefix alone; for any unless given', parsePrefix)
    .option(
      '--json',
      'print one JSON document, {"finds":[{"file","line","column","keyPrefix","record"}],"scanned","binary"}',
    )
    .addHelpText('after', HELP);
  addTableOptions(command).action((paths: readonly string[], options: ScanOptions) => scan(paths, options, deps));
}

async function scan(paths: readonly string[], options: ScanOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  const unread: string[] = [];
  const onError = (path: string, { code, name }: NodeJS.ErrnoException) => {
    unread.push(path);
    output.note(`warning: cannot read ${path}: ${code ?? name}`);
  };
  const count: ScanCount = { scanned: 0, binary: 0 };
  const leaks: Leak[] = [];
  for await (const leak of scanPaths(paths, options.keyPrefix, count, { stdin: deps.stdin, onError })) leaks.push(leak);
  const known = leaks.length > 0 && namesTable(options, deps) ? await ask(leaks, options, deps) : undefined;
  const lines = () => leaks.map((leak) => `${leakLine(leak, known, deps.now())}\n`).join('');
  await output.printIfRead(options.json ? scanJson(leaks, known, count) : lines());
  if (leaks.length > 0) throw new CliError('KEYS_FOUND', `${found(leaks)}: revoke or rotate what is in use`);
  if (unread.length > 0) throw new CliError('FILE_UNUSABLE', `${unread.length} of the paths cannot be read`);
  const binary = count.binary === 0 ? '' : `, ${count.binary} more are binary`;
  output.note(`no key found; texts looked at: ${count.scanned}${binary}`);
}

function namesTable(options: RegistryOptions, { env }: CommandDeps): boolean {
  const { table, local, stack } = options;
  return [table, local, stack, setting(env, 'LATCHKEY_TABLE')].some((way) => way !== undefined);
}

/** What was found is told also where the table cannot be asked. */
async function ask(leaks: readonly Leak[], options: ScanOptions, deps: CommandDeps): Promise<Known> {
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
    deps.output.note(`warning: the table was not asked to the end: ${why}`);
    return known.size > 0 ? known : undefined;
  }
  return known;
}

function leakLine({ file, line, column, keyPrefix, secret }: Leak, known: Known, nowMs: number): string {
  const record = known?.get(secret);
  const place = `${printable(file)}:${line}:${column}: ${keyPrefix}…`;
  if (record !== undefined) return `${place}  ${keyState(record, nowMs)} key ${keyName(record)}`;
  return known === undefined ? place : `${place}  not in the table`;
}

function scanJson(leaks: readonly Leak[], known: Known, { scanned, binary }: ScanCount): string {
  const finds = leaks.map(({ file, line, column, keyPrefix, secret }) => {
    const record = known?.get(secret);
    return { file, line, column, keyPrefix, ...(record === undefined ? {} : { record: publicRecord(record) }) };
  });
  return `${JSON.stringify({ finds, scanned, binary })}\n`;
}

function found(leaks: readonly Leak[]): string {
  const keys = new Set(leaks.map(({ secret }) => secret)).size;
  return `${keys} ${keys === 1 ? 'key' : 'keys'} found in ${leaks.length} ${leaks.length === 1 ? 'place' : 'places'}`;
}

function parsePrefix(text: string): string {
  if (isKeyPrefix(text)) return text;
  throw new InvalidArgumentError(`Wanted ${KEY_PREFIX_EXPECTED}.`);
}
