import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readGatewayState, type GatewayState } from '../operator/findTable.ts';

/** Leaves the note for the user's own eyes, in place of any that was there. */
export function writeNote(file: string, note: GatewayState): void {
  mkdirSync(dirname(file), { recursive: true });
  // The mode is for new files only.
  rmSync(file, { force: true });
  try {
    writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  } catch (error) {
    // Half a note names no process that could take it away later.
    rmSync(file, { force: true });
    throw error;
  }
}

/** Takes the note away, unless a gateway that was started later has left its own. */
export function removeNote(file: string, pid: number): void {
  if (readGatewayState(file)?.pid === pid) rmSync(file, { force: true });
}
