import { Match, type Template } from 'aws-cdk-lib/assertions';

export const ALARM = 'AWS::CloudWatch::Alarm';

/** The alarm of that description. */
export function alarmIn(template: Template, description: string) {
  const properties = { Properties: { AlarmDescription: Match.stringLikeRegexp(description) } };
  const [alarm] = Object.values(template.findResources(ALARM, properties));
  return alarm?.['Properties'];
}

/** The functions of metric math that the alarms use, for one period. A metric without data is `undefined`. */
const MATH = {
  IF: (condition: boolean, then: number, otherwise: number) => (condition ? then : otherwise),
  FILL: (value: number | undefined, missing: number) => value ?? missing,
};

/** What the alarm's expression comes to with these values of its metrics. */
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

/** What the alarm's expression reads: id, dimensions, name, namespace, seconds and statistic of each metric. */
export function metricsOf(alarm: { Metrics: readonly Partial<MetricQuery>[] }) {
  return alarm.Metrics.flatMap(({ Id, MetricStat }) =>
    MetricStat === undefined ? [] : [[Id, ...Object.values(MetricStat.Metric), MetricStat.Period, MetricStat.Stat]],
  );
}

interface MetricQuery {
  readonly Id: string;
  readonly MetricStat: { readonly Metric: object; readonly Period: number; readonly Stat: string };
}
