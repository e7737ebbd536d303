import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { CliError } from '../operator/errors.ts';
import type { Environment } from '../operator/findTable.ts';
import { findExecutable } from './executable.ts';
import { type Destination, type Output, writeTo } from './output.ts';
import type { Interruption } from './signals.ts';

export interface PagerDeps {
  readonly env: Environment;
  readonly interruption: Interruption;
  readonly output: Output;
}

/**
 * Runs work whose printed text goes to the user's pager if it is longer than the terminal. The text appears on stdout
 * if it's shorter, if stdout isn't a terminal, or if there is no pager. Notes appear after the pager ends. A signal
 * before the pager starts ends the process as usual.
 *
 * @throws CliError `OUTPUT_CLOSED` if the user closes the pager before the end of the text; `INTERRUPTED`
 */
export async function withPager(deps: PagerDeps, work: () => Promise<void>): Promise<void> {
  const command = findPager(deps.env);
  if (!deps.output.isTerminal || command === undefined) return work();
  await deps.output.divert(new Pager(command, deps), work);
}

const DEFAULT_PAGER = 'less';
/** Matches a program without a shell's special characters. */
const PLAIN_NAME = /^[\w./+-]+$/;

/**
 * Returns the pager's command. LATCHKEY_PAGER takes precedence over PAGER. Returns `undefined` if the variable is empty
 * or `cat`, or if the program isn't installed.
 */
function findPager(env: Environment): string | undefined {
  const command = (env['LATCHKEY_PAGER'] ?? env['PAGER'] ?? DEFAULT_PAGER).trim();
  const [name = ''] = command.split(/\s/);
  if (name === '' || command === 'cat') return undefined;
  return PLAIN_NAME.test(name) && findExecutable(name, env) === undefined ? undefined : command;
}

/** A pager that starts once the text is longer than the terminal. */
class Pager implements Destination {
  readonly #command: string;
  readonly #deps: PagerDeps;
  /** The text before the pager starts. */
  #held = '';
  #running: { readonly stdin: Writable; readonly ended: Promise<unknown> } | undefined;

  constructor(command: string, deps: PagerDeps) {
    this.#command = command;
    this.#deps = deps;
  }

  /** @throws CliError `OUTPUT_CLOSED`; `INTERRUPTED` */
  async write(text: string): Promise<void> {
    if (this.#deps.interruption.exitCode !== undefined) throw new CliError('INTERRUPTED', 'interrupted');
    if (this.#running === undefined) {
      this.#held += text;
      if (this.#held.split('\n').length <= this.#deps.output.rows) return;
    }
    const rest = this.#running === undefined ? this.#held : text;
    this.#held = '';
    this.#running ??= this.#start();
    await writeTo(this.#running.stdin, rest);
  }

  /** Ends the text, and waits until the user closes the pager. Prints a text that is too short for the pager. */
  async end(): Promise<void> {
    // The text is already escaped.
    if (this.#running === undefined) return this.#deps.output.print(this.#held, { isColored: true });
    this.#running.stdin.end();
    await this.#running.ended;
  }

  #start(): { readonly stdin: Writable; readonly ended: Promise<unknown> } {
    const { env, interruption } = this.#deps;
    // FRX: end if the text fits on the screen, keep colours, and leave the text on the screen. Git has the same default.
    const child = spawn(this.#command, {
      shell: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { LESS: 'FRX', ...env },
    });
    child.stdin.on('error', () => {});
    // The terminal sends Ctrl-C to the pager, too. The shell's prompt must not appear before the pager ends.
    const ended = interruption.deferSignals(() => waitForEnd(child), '');
    interruption.signal.addEventListener('abort', () => child.stdin.end());
    return { stdin: child.stdin, ended };
  }
}

async function waitForEnd(child: ChildProcess): Promise<void> {
  await once(child, 'close').catch(() => {});
}
