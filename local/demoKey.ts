import { readFileSync } from 'node:fs';
import type { KeyRegistry } from '../keys/registry.ts';
import { parseSecret, type KeySecret } from '../keys/secret.ts';
import { keyState } from '../keys/state.ts';
import { toTimestamp } from '../keys/timestamp.ts';
import { GatewayError } from './gatewayError.ts';
import { writePrivateFile } from './privateFile.ts';

/** The name of the file with the demo key, in the directory of `--data`. */
export const DEMO_KEY_FILE = 'demo-key';

const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

interface DemoKeyDeps {
  readonly registry: KeyRegistry;
  /** The prefix of the key, one that the functions accept. */
  readonly prefix: string;
  /** The file that keeps the key for the next start. The key isn't kept if it is `undefined`. */
  readonly file: string | undefined;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Returns the key of the last start if it's still active, or a new key that expires after 30 days. The file contains
 * the secret itself, because the table stores only its hash. Throws GatewayError `DATA_UNUSABLE` if the file can't be
 * written.
 */
export async function provideDemoKey({ registry, prefix, file, now }: DemoKeyDeps): Promise<KeySecret> {
  const kept = file === undefined ? undefined : readKey(file, prefix);
  const record = kept === undefined ? undefined : await registry.find(kept);
  if (kept !== undefined && record !== undefined && keyState(record, now()) === 'active') return kept;
  const issued = registry.prepare({ label: 'demo', expiresAt: toTimestamp(now() + LIFETIME_MS) });
  // The file comes first, because an interrupted start must not leave a key in the table that nobody has.
  if (file !== undefined) writeKey(file, issued.secret);
  await registry.store(issued);
  return issued.secret;
}

function readKey(file: string, prefix: string): KeySecret | undefined {
  try {
    return parseSecret(readFileSync(file, 'utf8').trim(), { prefixes: [prefix] });
  } catch {
    return undefined;
  }
}

function writeKey(file: string, secret: KeySecret): void {
  try {
    writePrivateFile(file, `${secret}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('DATA_UNUSABLE', `--data: cannot write the demo key: ${reason}`, { cause });
  }
}
