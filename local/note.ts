import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the note lies, under the project's root. */
export const NOTE_PATH = join('.latchkey', 'local.json');

/** What a running local gateway tells other programs of this project, such as `latchkey --local`. */
export interface Note {
  readonly url: string;
  /** DynamoDB's. */
  readonly endpoint: string;
  readonly tableName: string;
  readonly region: string;
  readonly pid: number;
}

/** Leaves the note for the user's own eyes, in place of any that was there. */
export function writeNote(file: string, note: Note): void {
  mkdirSync(dirname(file), { recursive: true });
  // The mode is for new files only.
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
}

/** Takes the note away, unless a gateway that was started later has left its own. */
export function removeNote(file: string, pid: number): void {
  if (notedPid(file) === pid) rmSync(file, { force: true });
}

function notedPid(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).pid;
  } catch {
    return undefined;
  }
}
