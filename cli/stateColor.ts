import type { KeyRecord } from '../keys/record.ts';
import { isExpiringWithin, keyState } from '../keys/state.ts';
import type { Colors } from '../operator/colors.ts';

/** An active key that expires within this time is yellow. It's the default of `stats --expiring`. */
const SOON_MS = 30 * 86_400_000;

/** Returns a key's state, or a text about it, in the colour of the state. A key that expires soon is yellow. */
export function colorState(
  record: KeyRecord,
  nowMs: number,
  { green, yellow, red }: Colors,
  text: string = keyState(record, nowMs),
): string {
  const state = keyState(record, nowMs);
  if (state === 'revoked' || state === 'expired') return red(text);
  return state === 'disabled' || isExpiringWithin(record, SOON_MS, nowMs) ? yellow(text) : green(text);
}
