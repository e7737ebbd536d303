import { StateBadge } from '../../components/Time.tsx';
import { isRefused, REFUSED } from '../../keys/acceptedKeys.ts';
import { keyState } from '../../keys/state.ts';
import type { ConsoleKey } from './consoleKey.ts';

interface StateProps {
  readonly record: ConsoleKey;
  readonly nowMs: number;
  readonly acceptedKeys: string | null;
  /** Shows only the word `refused`, with the reason in the tooltip. */
  readonly isShort?: boolean;
}

/** Shows a key's state. Shows a warning if the key is active but the deployment refuses its prefix. */
export function State({ record, nowMs, acceptedKeys, isShort = false }: StateProps) {
  const state = keyState(record, nowMs);
  const isWarned = state === 'active' && isRefused(record, acceptedKeys ?? undefined);
  return (
    <span class={isWarned ? 'warning' : ''} title={isWarned ? REFUSED : undefined}>
      <StateBadge state={state} />
      {isWarned ? ` ⚠ ${isShort ? 'refused' : REFUSED}` : null}
    </span>
  );
}
