import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the note lies, under the project's root. */
export const NOTE_PATH = join('.latchkey', 'local.json');

/** What a running local gateway tells other programs of this project, such as `latchkey --local`. */
export interface LocalNote {
  readonly url: string;
  /** DynamoDB's. */
  readonly endpoint: string;
  readonly tableName: string;
  readonly region: string;
  readonly pid: number;
  /** How long the gateway may still accept a key that is revoked; absent where it does not tell. */
  readonly revocationDelaySeconds?: number | undefined;
  /** `any`, or the prefix of the keys that the gateway accepts; absent if it does not say. */
  readonly acceptedKeys?: string | undefined;
}

/** The note as its gateway wrote it, or `undefined` where there is none that can be read. */
export function readLocalNote(file: string): LocalNote | undefined {
  try {
    return parseLocalNote(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Whether the process that left the note is there. A note outlives a gateway that was killed. */
export function isNoteOfRunningGateway({ pid }: LocalNote): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process may not be signalled, but is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parseLocalNote(note: Record<string, unknown>): LocalNote | undefined {
  const { url, endpoint, tableName, region, pid, revocationDelaySeconds, acceptedKeys } = note;
  if (typeof url !== 'string' || typeof endpoint !== 'string' || !URL.canParse(endpoint)) return undefined;
  if (typeof tableName !== 'string' || typeof region !== 'string') return undefined;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined;
  return {
    url,
    endpoint,
    tableName,
    region,
    pid,
    ...(isDelay(revocationDelaySeconds) ? { revocationDelaySeconds } : {}),
    ...(typeof acceptedKeys === 'string' ? { acceptedKeys } : {}),
  };
}

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
