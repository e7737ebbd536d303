import { keyState } from '../../keys/state.ts';
import type { ConsoleKey } from './consoleKey.ts';

/** An action on a key. */
export type KeyAction = 'edit' | 'rotate' | 'disable' | 'enable' | 'revoke' | 'reset quota';

/** An action in its place in the panel. */
export interface OfferedAction {
  readonly action: KeyAction;
  readonly name: string;
  /** The reason why the action isn't possible. `undefined` if it is possible. */
  readonly whyNot: string | undefined;
}

/**
 * Returns a key's actions. Their places never change. Enable takes the place of Disable for a disabled key.
 *
 * @param blocked - the reason why no change is possible at all, such as a read-only console
 */
export function offerActions(record: ConsoleKey, nowMs: number, blocked: string | undefined): readonly OfferedAction[] {
  const whyNot = blocked ?? (record.revokedAt === undefined ? undefined : "A revoked key can't be changed.");
  const isDisabled = record.disabledAt !== undefined;
  return [
    { action: 'edit', name: 'Edit', whyNot },
    { action: 'rotate', name: 'Rotate', whyNot: whyNot ?? whyNotRotate(record, nowMs) },
    { action: isDisabled ? 'enable' : 'disable', name: isDisabled ? 'Enable' : 'Disable', whyNot },
    { action: 'revoke', name: 'Revoke', whyNot },
  ];
}

function whyNotRotate(record: ConsoleKey, nowMs: number): string | undefined {
  if (record.rotatedTo !== undefined) return 'This key was already rotated. Rotate its successor instead.';
  const state = keyState(record, nowMs);
  if (state === 'expired') return 'This key has expired. Set a later expiry before you rotate it.';
  if (state === 'disabled') return 'This key is disabled. Enable it before you rotate it.';
  return undefined;
}
