import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readLocalNote, type LocalNote } from '../cli/localNote.ts';

/** Leaves the note for the user's own eyes, in place of any that was there. */
export function writeNote(file: string, note: LocalNote): void {
  mkdirSync(dirname(file), { recursive: true });
  // The mode is for new files only.
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
}

/** Takes the note away, unless a gateway that was started later has left its own. */
export function removeNote(file: string, pid: number): void {
  if (readLocalNote(file)?.pid === pid) rmSync(file, { force: true });
}
