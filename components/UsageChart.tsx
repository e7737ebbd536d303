import type { UsageReport } from '../keys/usageReport.ts';
import { useLanguage } from './useLanguage.ts';
import { countsText, countText, describeRows, OUTCOMES, rowName, type UsageSpan } from './usageText.ts';

/** The number of rows from one label to the next. */
const LABEL_STEP: Readonly<Record<UsageSpan, number>> = { hour: 6, day: 7 };

/** Shows a stacked bar for each hour or day, and the totals of allowed, limited and refused requests. */
export function UsageChart({ usage, span }: { usage: Pick<UsageReport, 'rows' | 'total'>; span: UsageSpan }) {
  const { rows, total } = usage;
  const language = useLanguage();
  const most = Math.max(1, ...rows.map((row) => row.total));
  // The labels count back from the current hour or day, which is the last one.
  const hasLabel = (at: number) => (rows.length - 1 - at) % LABEL_STEP[span] === 0;
  return (
    <>
      <div class="chart" role="img" aria-label={describeRows(rows, span, language)}>
        <div class="scale">
          <span>{most.toLocaleString(language.locale)}</span>
          <span>0</span>
        </div>
        <div class="periods">
          {rows.map((row, at) => (
            <div
              key={row.start}
              class="period"
              title={`${rowName(row, span, language)} UTC: ${countsText(row, language)}`}
            >
              <div class="stack">
                {OUTCOMES.map((outcome) =>
                  row[outcome] === 0 ? null : (
                    <span
                      key={outcome}
                      class={`fill-${outcome}`}
                      style={{ height: `${(100 * row[outcome]) / most}%` }}
                    />
                  ),
                )}
              </div>
              {hasLabel(at) ? <span class="tick">{rowName(row, span, language)}</span> : null}
            </div>
          ))}
        </div>
      </div>
      <ul class="legend note">
        {OUTCOMES.map((outcome) => (
          <li key={outcome}>
            <span class={`swatch fill-${outcome}`} aria-hidden="true" />
            {countText(outcome, total[outcome], language)}
          </li>
        ))}
      </ul>
    </>
  );
}
