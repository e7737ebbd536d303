import { printable } from '../../keys/printable.ts';
import type { PlanState, QuotaState } from '../../operator/planState.ts';
import { leftText, planText, resetText, sharedText, throttleText } from '../../operator/planText.ts';
import type { ConsoleKey } from './consoleKey.ts';
import type { SessionInfo } from './api.ts';
import { usePlan } from './usePlan.ts';

interface PlanUseProps {
  readonly record: ConsoleKey;
  readonly table: SessionInfo['table'];
  /** The reason why the page can't change keys at all. `undefined` if it can. */
  readonly blocked: string | undefined;
  readonly onReset: () => void;
}

/** Shows a key's plan with a bar of what is left of it, and the time when it resets. Offers to reset its quota. */
export function PlanUse({ record, table, blocked, onReset }: PlanUseProps) {
  const { plan, readMs, failure } = usePlan(record, table);
  const canReset = blocked === undefined && table.hasLimits && plan?.quotas.some(({ used }) => used !== undefined);
  return (
    <div class="plan">
      {printable(record.plan ?? '')}
      {plan === undefined ? null : <PlanFacts plan={plan} readMs={readMs} />}
      {failure === undefined ? null : <p class="refusal">Couldn't read what is left: {failure}</p>}
      {canReset === true ? (
        <button type="button" onClick={onReset}>
          Reset quota
        </button>
      ) : null}
    </div>
  );
}

/** Shows what is left of a plan. */
export function PlanFacts({ plan, readMs }: { readonly plan: PlanState; readonly readMs: number }) {
  const { quotas, throttle, enforce, isDeployed } = plan;
  if (isDeployed === false) return <p class="warning">⚠ {capitalized(planText(plan, readMs) ?? '')}</p>;
  const others = [
    ...(throttle === undefined ? [] : [capitalized(throttleText(throttle))]),
    ...(enforce === 'gateway' ? ['Counted by API Gateway'] : []),
  ];
  return (
    <>
      {quotas.map((quota) => (
        <QuotaLeft key={`${quota.per} ${quota.period}`} quota={quota} readMs={readMs} />
      ))}
      {others.map((text) => (
        <p key={text} class="quiet">
          {text}
        </p>
      ))}
      {quotas.length + others.length === 0 ? <p class="quiet">{capitalized(planText(plan, readMs) ?? '')}</p> : null}
    </>
  );
}

/** The share of a quota below which its bar is amber. */
const FEW = 0.1;

function QuotaLeft({ quota, readMs }: { readonly quota: QuotaState; readonly readMs: number }) {
  const { limit, remaining } = quota;
  const share = remaining === undefined ? undefined : remaining / Math.max(1, limit);
  const level = share === 0 ? 'urgent' : share !== undefined && share <= FEW ? 'warning' : '';
  const notes = [resetText(quota, readMs), sharedText(quota)].filter((note) => note !== undefined);
  return (
    <div class="quota">
      <strong class={level}>{leftText(quota)}</strong>
      {share === undefined ? null : (
        <span class="track" aria-hidden="true">
          <span class={`part ${level}`} style={{ width: `${100 * share}%` }} />
        </span>
      )}
      <span class="quiet">{capitalized(notes.join(', '))}</span>
    </div>
  );
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
