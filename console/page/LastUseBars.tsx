import type { ConsoleKey } from './consoleKey.ts';
import { USES } from './filterNames.ts';
import { lastUsedBand, type UseBand } from '../../components/urgency.ts';
import { percent } from './percent.ts';
import { toListHref } from './route.ts';

/** Shows the active keys by the time since their last use. Each line leads to its list. */
export function LastUseBars({ active, nowMs }: { active: readonly ConsoleKey[]; nowMs: number }) {
  const counts = new Map<UseBand, number>();
  for (const key of active) {
    const band = lastUsedBand(key, nowMs);
    counts.set(band, (counts.get(band) ?? 0) + 1);
  }
  const most = Math.max(1, ...counts.values());
  return (
    <section class="card third" aria-label="Active keys by last use">
      <h2>Last used</h2>
      <ul class="lines">
        {USES.map(([used, name]) => {
          const count = counts.get(used) ?? 0;
          return (
            <li key={used}>
              <a href={toListHref({ used })}>
                <span class="name">{name}</span>
                <span class="track" aria-hidden="true">
                  <span class={`part dot-${used}`} style={{ width: `${(100 * count) / most}%` }} />
                </span>
                <strong>{count.toLocaleString('en')}</strong>
                <span class="quiet">{percent(count, active.length)}</span>
              </a>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
