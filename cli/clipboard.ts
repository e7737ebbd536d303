import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CliError } from './cliError.ts';
import { setting, type Environment } from './findTable.ts';

interface ClipboardTool {
  readonly name: string;
  readonly args: readonly string[];
  /** A variable without which the tool finds no clipboard. */
  readonly needs?: string;
}

/** The first that is there is used. */
const TOOLS: readonly ClipboardTool[] = [
  { name: 'pbcopy', args: [] },
  { name: 'wl-copy', args: [], needs: 'WAYLAND_DISPLAY' },
  { name: 'xclip', args: ['-selection', 'clipboard'], needs: 'DISPLAY' },
  { name: 'xsel', args: ['--clipboard', '--input'], needs: 'DISPLAY' },
  { name: 'clip.exe', args: [] },
];
const TIMEOUT_MS = 5000;

/**
 * Finds the machine's clipboard, and returns what puts a text on it.
 *
 * @throws CliError `CLIPBOARD_UNUSABLE` where there is none, and from what it returns where the copying fails
 */
export function findClipboard(env: Environment): (text: string) => Promise<void> {
  const paths = (setting(env, 'PATH') ?? '').split(delimiter).filter((path) => path !== '');
  for (const { name, args, needs } of TOOLS) {
    if (needs !== undefined && setting(env, needs) === undefined) continue;
    const file = paths.map((path) => join(path, name)).find(isProgram);
    if (file !== undefined) return (text) => feed(text, { name, file, args, env });
  }
  const names = TOOLS.map(({ name }) => name).join(', ');
  throw unusable(`there is no clipboard here, by ${names}: give --out FILE in its place`);
}

/** The text goes by standard input: arguments are seen by every user of the machine. */
async function feed(
  text: string,
  { name, file, args, env }: ClipboardTool & { readonly file: string; readonly env: Environment },
): Promise<void> {
  // xclip and wl-copy leave a process behind that holds the text, and would hold pipes as well.
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'], env: { ...env }, timeout: TIMEOUT_MS });
  child.stdin.on('error', () => {}).end(text);
  const exitCode = await new Promise<number | string | null>((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('exit', resolve);
  });
  if (exitCode !== 0) throw unusable(`${name} failed (${exitCode ?? 'no end in time'})`);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function unusable(why: string): CliError {
  return new CliError('CLIPBOARD_UNUSABLE', `--copy: ${why}`);
}
