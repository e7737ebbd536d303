import type { UsageReport } from '../../keys/usageReport.ts';
import { countsText, describeRows, OUTCOMES, rowName, type UsageSpan } from './usageText.ts';

/** The number of rows from one label to the next. */
const LABEL_STEP: Readonly<Record<UsageSpan, number>> = { hour: 6, day: 7 };

/** Shows a stacked bar for each hour or day, and the totals of allowed, limited and refused requests. */
export function UsageChart({ usage, span }: { usage: Pick<UsageReport, 'rows' | 'total'>; span: UsageSpan }) {
  const { rows, total } = usage;
  const most = Math.max(1, ...rows.map((row) => row.total));
  // The labels count back from the current hour or day, which is the last one.
  const hasLabel = (at: number) => (rows.length - 1 - at) % LABEL_STEP[span] === 0;
  return (
    <>
      <div class="chart" role="img" aria-label={describeRows(rows, span)}>
        <div class="scale">
          <span>{most.toLocaleString('en')}</span>
          <span>0</span>
        </div>
        <div class="periods">
          {rows.map((row, at) => (
            <div key={row.start} class="period" title={`${rowName(row, span)} UTC: ${countsText(row)}`}>
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
              {hasLabel(at) ? <span class="tick">{rowName(row, span)}</span> : null}
            </div>
          ))}
        </div>
      </div>
      <ul class="legend note">
        {OUTCOMES.map((outcome) => (
          <li key={outcome}>
            <span class={`swatch fill-${outcome}`} aria-hidden="true" />
            {total[outcome].toLocaleString('en')} {outcome}
          </li>
        ))}
      </ul>
    </>
  );
}
