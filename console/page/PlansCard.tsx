import { useMemo } from 'preact/hooks';
import { printable } from '../../keys/printable.ts';
import { PlanCounter } from '../../operator/planCounts.ts';
import { planLimitsText } from '../../operator/planText.ts';
import type { ConsoleKey } from './consoleKey.ts';
import type { SessionInfo } from './api.ts';
import { countKeys } from './bulk.ts';

interface PlansCardProps {
  readonly keys: readonly ConsoleKey[];
  readonly plans: SessionInfo['table']['plans'];
  readonly nowMs: number;
}

/** Shows the plans with their limits and their numbers of active keys. Shows nothing if there aren't any plans. */
export function PlansCard({ keys, plans, nowMs }: PlansCardProps) {
  const counts = useMemo(() => {
    const counter = new PlanCounter();
    for (const key of keys) counter.add(key, nowMs);
    return counter.list(plans ?? undefined);
  }, [keys, plans]);
  const named = counts.filter(({ name }) => name !== null);
  if (named.length === 0) return null;
  const unplanned = counts.find(({ name }) => name === null)?.active ?? 0;
  return (
    <section class="card wide" aria-label="Plans">
      <h2>
        Plans <span class="quiet">{named.length.toLocaleString('en')}</span>
      </h2>
      <ul class="plans">
        {named.map(({ name, plan, active }) => (
          <li key={name}>
            <span class="name">{printable(name ?? '')}</span>
            <span class="quiet limits">
              {plan === undefined ? (
                <span class={plans === null ? '' : 'warning'}>
                  {plans === null ? null : '⚠ not a plan of this deployment'}
                </span>
              ) : (
                planLimitsText(plan)
              )}
            </span>
            <span class="active">{countKeys(active)}</span>
          </li>
        ))}
      </ul>
      <p class="quiet note">{countKeys(unplanned)} without a plan. The numbers are of active keys.</p>
    </section>
  );
}
