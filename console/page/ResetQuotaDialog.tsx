import { printable } from '../../keys/printable.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { api, type SessionInfo } from './api.ts';
import { ChangeForm } from '../../components/ChangeForm.tsx';
import { effectSentence } from './effect.ts';
import { PlanFacts } from './PlanUse.tsx';
import { usePlan } from './usePlan.ts';

interface ResetQuotaDialogProps {
  readonly record: ConsoleKey;
  readonly table: SessionInfo['table'];
  readonly nowMs: number;
  readonly onClose: () => void;
  /** Receives the key with the time of the reset. */
  readonly onChanged: (record: ConsoleKey) => void;
}

/** Resets the quota of a key's plan after a confirmation. Shows what is left of it, and who shares it. */
export function ResetQuotaDialog({ record, table, nowMs, onClose, onChanged }: ResetQuotaDialogProps) {
  const { plan, readMs } = usePlan(record, table);
  const reset = async () => {
    onChanged(await api.resetQuota(record.id));
    onClose();
  };
  return (
    <ChangeForm
      title={`Reset the quota of ${printable(record.label)}?`}
      action="Reset quota"
      isDangerous
      onSubmit={reset}
      onClose={onClose}
    >
      <p>The requests of the current window no longer count. You can't undo this.</p>
      <dl class="facts">
        <div>
          <dt>Plan</dt>
          <dd class="plan">
            {printable(record.plan ?? '')}
            {plan === undefined ? null : <PlanFacts plan={plan} readMs={readMs} />}
          </dd>
        </div>
        <div>
          <dt>Effect</dt>
          <dd>{effectSentence('In effect', table.revocationDelaySeconds, nowMs)}</dd>
        </div>
      </dl>
    </ChangeForm>
  );
}
