import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes the file with permissions for the current user only. Replaces an older file. */
export function writePrivateFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  // `mode` applies only to new files.
  rmSync(file, { force: true });
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    // Removes a partial file, because its reader can't use it.
    rmSync(file, { force: true });
    throw error;
  }
}
