import { useMemo } from 'preact/hooks';
import type { ConsoleKey } from './consoleKey.ts';
import { toListHref } from './route.ts';
import { countByWeek, countExpiries, type Week, weekName, weeksAhead, weeksBack } from './weeks.ts';

/** The number of weeks from one label to the next. */
const LABEL_STEP = 4;

interface Series {
  readonly name: string;
  /** The class of the bars, which sets their colour. */
  readonly fill: string;
  readonly counts: readonly number[];
}

/** Shows how many active keys expire in each of the next weeks. */
export function ExpiryChart({ active, nowMs }: { active: readonly ConsoleKey[]; nowMs: number }) {
  const weeks = useWeeks(weeksAhead, nowMs);
  const { byWeek, later, never } = useMemo(() => countExpiries(active, weeks), [active, weeks]);
  return (
    <section class="card third" aria-label="Expiries by week">
      <h2>
        Expiries by week
        <a class="view-all" href={toListHref({ state: 'active' }, { field: 'expiresAt', isDescending: false })}>
          View all
        </a>
      </h2>
      <WeekChart weeks={weeks} series={[{ name: 'expiring', fill: 'fill-expiry', counts: byWeek }]} />
      <p class="quiet note">
        {later.toLocaleString('en')} expire later, {never.toLocaleString('en')} never.
      </p>
    </section>
  );
}

/** Shows how many keys were issued and revoked in each of the last weeks. */
export function IssueChart({ keys, nowMs }: { keys: readonly ConsoleKey[]; nowMs: number }) {
  const weeks = useWeeks(weeksBack, nowMs);
  const series = useMemo(
    () => [
      {
        name: 'issued',
        fill: 'fill-issued',
        counts: countByWeek(
          keys.map(({ createdAt }) => createdAt),
          weeks,
        ),
      },
      {
        name: 'revoked',
        fill: 'fill-revoked',
        counts: countByWeek(
          keys.map(({ revokedAt }) => revokedAt),
          weeks,
        ),
      },
    ],
    [keys, weeks],
  );
  return (
    <section class="card third" aria-label="Issued and revoked by week">
      <h2>Issued and revoked by week</h2>
      <WeekChart weeks={weeks} series={series} />
      <ul class="legend note">
        {series.map(({ name, fill, counts }) => (
          <li key={name}>
            <span class={`swatch ${fill}`} aria-hidden="true" />
            {counts.reduce((sum, count) => sum + count, 0).toLocaleString('en')} {name}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Returns the weeks of a chart. They change only once a week. */
function useWeeks(weeksOf: (nowMs: number) => readonly Week[], nowMs: number): readonly Week[] {
  const firstMs = weeksOf(nowMs)[0]?.fromMs;
  return useMemo(() => weeksOf(nowMs), [firstMs]);
}

/** Shows bars for each week, with labels in HTML, so that their size doesn't depend on the chart's. */
function WeekChart({ weeks, series }: { weeks: readonly Week[]; series: readonly Series[] }) {
  const most = Math.max(1, ...series.flatMap(({ counts }) => counts));
  const describe = (at: number) => series.map(({ name, counts }) => `${counts[at] ?? 0} ${name}`).join(', ');
  const description = weeks.map((week, at) => `week of ${weekName(week)}: ${describe(at)}`).join('; ');
  return (
    <div class="chart" role="img" aria-label={description}>
      <div class="scale">
        <span>{most.toLocaleString('en')}</span>
        <span>0</span>
      </div>
      <div class="weeks">
        {weeks.map((week, at) => (
          <div key={week.fromMs} class="week" title={`Week of ${weekName(week)}: ${describe(at)}`}>
            <div class="bars">
              {series.map(({ name, fill, counts }) => (
                <span key={name} class={`column ${fill}`} style={{ height: `${(100 * (counts[at] ?? 0)) / most}%` }} />
              ))}
            </div>
            {at % LABEL_STEP === 0 ? <span class="tick">{weekName(week)}</span> : null}
          </div>
        ))}
      </div>
    </div>
  );
}
