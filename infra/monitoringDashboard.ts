import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  MathExpression,
  Stats,
  type Alarm,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE, type MetricName } from '../lambda/metrics.ts';
import type { ApiKeyAuthorizer } from './apiKeyAuthorizer.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import type { ApiKeyMonitoringProps } from './apiKeyMonitoringProps.ts';

const PERIOD = Duration.minutes(5);

/** A dashboard of what is decided, why not, how fast, and on what the function runs. */
export function monitoringDashboard(
  scope: Construct,
  { authorizer, table }: ApiKeyMonitoringProps,
  alarms: readonly Alarm[],
): Dashboard {
  const status =
    alarms.length === 0 ? [] : [[new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24 })]];
  return new Dashboard(scope, 'Dashboard', {
    widgets: [
      ...status,
      ...decisionRows(authorizer),
      ...functionRows(authorizer),
      ...(table === undefined ? [] : [tableRow(table)]),
    ],
  });
}

function decisionRows(authorizer: ApiKeyAuthorizer): IWidget[][] {
  const latency = (percentile: number) =>
    authorizer.metricLookupLatency({ statistic: Stats.p(percentile), label: `p${percentile}` });
  return [
    [
      graph('Decisions', [authorizer.metricAllowed(), authorizer.metricDenied(), authorizer.metricFaults()]),
      graph('Answered from the cache, % of all requests', [cacheHitPercent(authorizer)]),
      graph('Look-up latency, ms, of a sample', [latency(50), latency(99)]),
    ],
    [
      graph('Denials by reason', [byReason('Denied', authorizer)]),
      graph('Faults by reason', [byReason('Faults', authorizer)]),
      graph('Last-used writes', [
        authorizer.metricLastUsedWrites(),
        authorizer.metricLastUsedWritesSkipped(),
        authorizer.metricLastUsedWriteFailures(),
      ]),
    ],
  ];
}

function functionRows({ function: lambda }: ApiKeyAuthorizer): IWidget[][] {
  const duration = (percentile: number) =>
    lambda.metricDuration({ statistic: Stats.p(percentile), label: `p${percentile}` });
  return [
    [
      graph('Function: duration, ms', [duration(50), duration(99)]),
      graph('Function: errors (a request without a key is one) and throttles', [
        lambda.metricErrors(),
        lambda.metricThrottles(),
      ]),
      graph('Function: environments at work', [
        lambda.metric('ConcurrentExecutions', { statistic: Stats.MAXIMUM, label: 'ConcurrentExecutions' }),
      ]),
    ],
  ];
}

function tableRow({ table }: IApiKeyTable): IWidget[] {
  return [
    graph('Table: capacity used', [table.metricConsumedReadCapacityUnits(), table.metricConsumedWriteCapacityUnits()]),
    graph('Table: throttled', [
      table.metric('ReadThrottleEvents', { statistic: Stats.SUM }),
      table.metric('WriteThrottleEvents', { statistic: Stats.SUM }),
    ]),
  ];
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6, period: PERIOD, leftYAxis: { min: 0 } });
}

/** Requests without a well-formed key are among all: the share says how much of the traffic costs no read for being cached. */
function cacheHitPercent(authorizer: ApiKeyAuthorizer): IMetric {
  return new MathExpression({
    label: 'CacheHits',
    expression: '100 * FILL(hits, 0) / (FILL(allowed, 0) + FILL(denied, 0) + FILL(faults, 0))',
    usingMetrics: {
      hits: authorizer.metricCacheHits(),
      allowed: authorizer.metricAllowed(),
      denied: authorizer.metricDenied(),
      faults: authorizer.metricFaults(),
    },
    period: PERIOD,
  });
}

/** Which surfaces and reasons there are is known to CloudWatch alone, once they come. */
function byReason(metricName: MetricName, { function: lambda }: ApiKeyAuthorizer): IMetric {
  const search = `{${METRIC_NAMESPACE},FunctionName,ApiType,Reason} MetricName="${metricName}" FunctionName="${lambda.functionName}"`;
  return new MathExpression({
    label: "${PROP('Dim.ApiType')} ${PROP('Dim.Reason')}",
    expression: `SEARCH('${search}', 'Sum', ${PERIOD.toSeconds()})`,
    usingMetrics: {},
    period: PERIOD,
  });
}
