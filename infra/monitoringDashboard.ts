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
import type { IApiKeyLimits } from './apiKeyLimits.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';

const PERIOD = Duration.minutes(5);

/** Creates the dashboard: decisions, reasons, latencies, limits, and the capacity of the function and the tables. */
export function monitoringDashboard(
  scope: Construct,
  authorizer: ApiKeyAuthorizer,
  table: IApiKeyTable | undefined,
  alarms: readonly Alarm[],
): Dashboard {
  const status =
    alarms.length === 0 ? [] : [[new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24 })]];
  return new Dashboard(scope, 'Dashboard', {
    widgets: [
      ...status,
      ...decisionRows(authorizer),
      ...functionRows(authorizer),
      ...(authorizer.limits === undefined ? [] : [limitRow(authorizer, authorizer.limits)]),
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
      graph('Requests answered from the cache, %', [cacheHitPercent(authorizer)]),
      graph('Lookup latency of a sample, ms', [latency(50), latency(99)]),
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
      graph('Function: errors (including requests without a key) and throttles', [
        lambda.metricErrors(),
        lambda.metricThrottles(),
      ]),
      graph('Function: concurrent executions', [
        lambda.metric('ConcurrentExecutions', { statistic: Stats.MAXIMUM, label: 'ConcurrentExecutions' }),
      ]),
    ],
  ];
}

function limitRow(authorizer: ApiKeyAuthorizer, { resource: table }: IApiKeyLimits): IWidget[] {
  return [
    graph('Requests over a limit of the authorizer', [authorizer.metricLimited()]),
    graph('Limits: writes, and requests whose limits could not be checked', [
      authorizer.metricLimitWrites(),
      authorizer.metricLimiterFailures(),
    ]),
    graph('Limits table: throttled', [table.metric('WriteThrottleEvents', { statistic: Stats.SUM })]),
  ];
}

function tableRow({ resource: table }: IApiKeyTable): IWidget[] {
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

/**
 * Returns the share of requests with a well-formed key that didn't make a read of their own. The total also includes
 * requests without a well-formed key.
 */
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

/** Uses a search expression for the API types and reasons, because CloudWatch has them only after the first request. */
function byReason(metricName: MetricName, { function: lambda }: ApiKeyAuthorizer): IMetric {
  const search = `{${METRIC_NAMESPACE},FunctionName,ApiType,Reason} MetricName="${metricName}" FunctionName="${lambda.functionName}"`;
  return new MathExpression({
    label: "${PROP('Dim.ApiType')} ${PROP('Dim.Reason')}",
    expression: `SEARCH('${search}', 'Sum', ${PERIOD.toSeconds()})`,
    usingMetrics: {},
    period: PERIOD,
  });
}
