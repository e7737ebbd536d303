import { spawn } from 'node:child_process';
import { type Command, Option } from 'commander';
import type { IssuedKey } from '../keys/registry.ts';
import { isOutcomeUnknown } from '../operator/aws.ts';
import { CliError } from '../operator/errors.ts';
import { type Environment, setting } from '../operator/findTable.ts';
import { findExecutable } from './executable.ts';
import { issuedKeyJson, type Output, type PrintableKey } from './output.ts';
import { PrivateFile } from './privateFile.ts';
import type { Interruption } from './signals.ts';

export interface SecretSinkOptions {
  readonly copy?: boolean;
  readonly out?: string;
}

/** A destination for the secret of a new key. The secret then isn't shown. */
interface SecretSink {
  /** The name of the destination in messages, such as `on the clipboard`. */
  readonly name: string;
  /** Stores the secret. The secret is safe once the promise resolves. */
  readonly keep: (issued: IssuedKey) => Promise<void>;
}

/** Adds `--copy` and `--out`, which keep a new key off the screen. */
export function addSecretSinkOptions(command: Command): Command {
  return command
    .option('--copy', 'copy the key to the clipboard instead of showing it')
    .addOption(
      new Option(
        '--out <file>',
        'write {"key","record"} to this new file with mode 0600 instead of showing the key',
      ).conflicts('copy'),
    );
}

export interface IssueOptions extends SecretSinkOptions {
  readonly json?: boolean;
}

export interface IssueDeps {
  readonly env: Environment;
  readonly interruption: Interruption;
  readonly output: Output;
}

/** The steps that differ between `create` and `rotate`. */
export interface Issue<Prepared extends IssuedKey, Issued extends PrintableKey> {
  readonly prepare: () => Promise<Prepared>;
  readonly store: (prepared: Prepared) => Promise<Issued>;
  /** Returns the output for people. `sinkName` is the destination of a secret that isn't shown. */
  readonly notice: (issued: Issued, sinkName: string | undefined) => string;
  /** Returns the advice for a key that may be in the table, but wasn't shown. */
  readonly lostNotice: (prepared: Prepared) => string;
  /** Returns the message about a key that is in the table, but couldn't be shown. */
  readonly notShown: (issued: Issued) => string;
}

/**
 * Issues a key without the risk that its secret is lost. It opens the destination first, so a key is never issued
 * without one. It stores the secret there before the table stores the key. It defers signals until the secret is shown.
 *
 * @throws CliError `CLIPBOARD_UNUSABLE`, `FILE_UNUSABLE`, or `KEY_NOT_SHOWN`; any error of the steps
 */
export async function issueSafely<Prepared extends IssuedKey, Issued extends PrintableKey>(
  options: IssueOptions,
  { env, interruption, output }: IssueDeps,
  { prepare, store, notice, lostNotice, notShown }: Issue<Prepared, Issued>,
): Promise<void> {
  await interruption.deferSignals(() =>
    withSecretSink(options, env, async (sink) => {
      const prepared = await prepare();
      await sink?.keep(prepared);
      const issued = await store(prepared).catch((error: unknown) => {
        if (sink !== undefined) output.note(unconfirmedNotice(prepared, sink));
        else if (isOutcomeUnknown(error)) output.note(lostNotice(prepared));
        throw error;
      });
      const isColored = options.json !== true;
      const text = isColored ? notice(issued, sink?.name) : issuedKeyJson(issued, sink?.name);
      await output.print(`${text}\n`, { isColored }).catch((cause: unknown) => {
        if (sink !== undefined) throw cause;
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new CliError('KEY_NOT_SHOWN', `${notShown(issued)}: ${why}`, { cause });
      });
    }),
  );
}

/** Runs the work with the destination from the options, or with `undefined` to show the key. */
async function withSecretSink<T>(
  { copy, out }: SecretSinkOptions,
  env: Environment,
  work: (sink: SecretSink | undefined) => Promise<T>,
): Promise<T> {
  if (copy === true) {
    const copyText = findClipboard(env);
    return work({ name: 'on the clipboard', keep: ({ secret }) => copyText(secret) });
  }
  if (out === undefined) return work(undefined);
  const file = await PrivateFile.openForKeys(out, { resume: false });
  try {
    return await work({
      name: `in ${file.path}`,
      keep: ({ secret, record }) => file.append(issuedKeyJson({ secret, record })),
    });
  } finally {
    await file.close();
  }
}

function unconfirmedNotice({ record }: IssuedKey, { name }: SecretSink): string {
  return `the key ${name} is valid only if the list has the id ${record.id}`;
}

interface ClipboardTool {
  readonly name: string;
  readonly args: readonly string[];
  /** The environment variable that the tool requires. */
  readonly needs?: string;
}

/** In order of precedence. The first installed tool is used. */
const TOOLS: readonly ClipboardTool[] = [
  { name: 'pbcopy', args: [] },
  { name: 'wl-copy', args: [], needs: 'WAYLAND_DISPLAY' },
  { name: 'xclip', args: ['-selection', 'clipboard'], needs: 'DISPLAY' },
  { name: 'xsel', args: ['--clipboard', '--input'], needs: 'DISPLAY' },
  { name: 'clip.exe', args: [] },
];
const TIMEOUT_MS = 5000;

/**
 * Finds the machine's clipboard, and returns a function that copies a string to it.
 *
 * @throws CliError `CLIPBOARD_UNUSABLE` if the machine lacks a clipboard. The returned function throws it if the copy
 * fails
 */
function findClipboard(env: Environment): (text: string) => Promise<void> {
  for (const { name, args, needs } of TOOLS) {
    if (needs !== undefined && setting(env, needs) === undefined) continue;
    const file = findExecutable(name, env);
    if (file !== undefined) return (text) => copy(text, { name, file, args, env });
  }
  const names = TOOLS.map(({ name }) => name).join(', ');
  throw clipboardUnusable(`found no clipboard tool (${names}): pass --out FILE instead`);
}

/** Passes the string on standard input, because every user of the machine can read arguments. */
async function copy(
  text: string,
  { name, file, args, env }: ClipboardTool & { readonly file: string; readonly env: Environment },
): Promise<void> {
  // xclip and wl-copy leave a process behind, which would keep pipes open.
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'], env: { ...env }, timeout: TIMEOUT_MS });
  child.stdin.on('error', () => {}).end(text);
  const exitCode = await new Promise<number | string | null>((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('exit', resolve);
  });
  if (exitCode !== 0) throw clipboardUnusable(`${name} failed (${exitCode ?? 'timeout'})`);
}

function clipboardUnusable(why: string): CliError {
  return new CliError('CLIPBOARD_UNUSABLE', `--copy: ${why}`);
}
