import { keyState, type KeyState } from '../../keys/state.ts';
import type { ConsoleKey } from './consoleKey.ts';
import { STATES } from './filterNames.ts';
import { percent } from './percent.ts';
import { toListHref } from './route.ts';

/** Shows the states of all keys as one bar. Each state leads to its list. */
export function StateBar({ keys, nowMs }: { keys: readonly ConsoleKey[]; nowMs: number }) {
  const counts = new Map<KeyState, number>();
  for (const key of keys) {
    const state = keyState(key, nowMs);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return (
    <section class="card wide" aria-label="Keys by state">
      <h2>
        All keys <span class="quiet">{keys.length.toLocaleString('en')}</span>
      </h2>
      <div class="bar" aria-hidden="true">
        {STATES.map(([state]) =>
          counts.has(state) ? (
            <span key={state} class={`part fill-${state}`} style={{ flexGrow: counts.get(state) }} />
          ) : null,
        )}
      </div>
      <ul class="legend">
        {STATES.map(([state, name]) => (
          <li key={state}>
            <a href={toListHref({ state })}>
              <span class={`swatch fill-${state}`} aria-hidden="true" />
              {name} <strong>{(counts.get(state) ?? 0).toLocaleString('en')}</strong>{' '}
              <span class="quiet">{percent(counts.get(state) ?? 0, keys.length)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
