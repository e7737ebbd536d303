import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

interface KeyboardDeps {
  readonly input: Readable;
  /** Called for Enter. */
  readonly onEnter: () => void;
  /** Called for `o` and Enter. */
  readonly onOpen: () => void;
}

/**
 * Reads commands from a terminal, one a line. The terminal stays in its normal mode, so Ctrl-C and Ctrl-Z work as in
 * every program. Returns a function that pauses or resumes the reading.
 */
export function listenToKeyboard({ input, onEnter, onOpen }: KeyboardDeps): (isListening: boolean) => void {
  const lines = createInterface({ input, terminal: false });
  // Reading fails after the terminal has closed. The gateway doesn't need it.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const command = line.trim().toLowerCase();
    if (command === '') onEnter();
    else if (command === 'o') onOpen();
  });
  return (isListening) => {
    if (isListening) lines.resume();
    else lines.pause();
  };
}

/**
 * Returns whether a process is in its terminal's foreground. The system stops a background process (`npm start &`) that
 * reads from the terminal. Returns `true` if the system can't tell.
 */
export function isForeground(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).includes('+');
  } catch {
    return true;
  }
}
