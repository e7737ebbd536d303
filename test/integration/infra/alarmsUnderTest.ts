import { Match, type Template } from 'aws-cdk-lib/assertions';

export const ALARM = 'AWS::CloudWatch::Alarm';

/** Returns the properties of the alarm that links to this section of docs/operations.md. */
export function alarmIn(template: Template, runbook: string) {
  const properties = { Properties: { AlarmDescription: Match.stringLikeRegexp(`#${runbook}$`) } };
  const [alarm] = Object.values(template.findResources(ALARM, properties));
  return alarm?.['Properties'];
}

/** The metric math functions of the alarms, evaluated on one period. A metric without data is `undefined`. */
const MATH = {
  IF: (condition: boolean, then: number, otherwise: number) => (condition ? then : otherwise),
  FILL: (value: number | undefined, missing: number) => value ?? missing,
};

/** Returns the value of the alarm's expression for these values of its metrics. */
export function evaluate(
  alarm: { Metrics: readonly Record<string, unknown>[] },
  values: Readonly<Record<string, number>>,
) {
  const ids = alarm.Metrics.filter((metric) => 'MetricStat' in metric).map(({ Id }) => String(Id));
  const expression = alarm.Metrics.flatMap(({ Expression }) => (Expression === undefined ? [] : [String(Expression)]));
  // oxlint-disable-next-line no-new-func -- the expression is the construct's own
  const calculate = new Function('IF', 'FILL', ...ids, `return ${expression.join()};`);
  return calculate(MATH.IF, MATH.FILL, ...ids.map((id) => values[id]));
}

/** Returns the metrics in the alarm's expression. Each has an id, dimensions, name, namespace, period in seconds and statistic. */
export function metricsOf(alarm: { Metrics: readonly Partial<MetricQuery>[] }) {
  return alarm.Metrics.flatMap(({ Id, MetricStat }) =>
    MetricStat === undefined ? [] : [[Id, ...Object.values(MetricStat.Metric), MetricStat.Period, MetricStat.Stat]],
  );
}

interface MetricQuery {
  readonly Id: string;
  readonly MetricStat: { readonly Metric: object; readonly Period: number; readonly Stat: string };
}
