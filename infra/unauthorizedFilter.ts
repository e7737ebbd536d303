import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, MetricFilter, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../lambda/metricNames.ts';

/**
 * The line of a request without a key. Its answer is an error of the function everywhere but in AppSync. The message tells it from
 * the line that the same request has if it is in the sample.
 */
const UNAUTHORIZED = FilterPattern.all(
  FilterPattern.stringValue('$.message', '=', 'denied'),
  FilterPattern.stringValue('$.code', '=', 'AUTH_REQUIRED'),
  FilterPattern.stringValue('$.surface', '!=', 'appsync'),
);

/**
 * Counts the requests without a key that are answered by an error. A function has one filter at most: what two write is one metric,
 * of the sum of both.
 */
export function unauthorizedFilter(scope: Construct, lambda: IFunction, logGroup: ILogGroup): MetricFilter {
  return new MetricFilter(scope, 'Unauthorized', {
    logGroup,
    filterPattern: UNAUTHORIZED,
    metricNamespace: METRIC_NAMESPACE,
    // A filter with a default value can have no dimensions: the name tells functions apart.
    metricName: `Unauthorized-${lambda.functionName}`,
    metricValue: '1',
    defaultValue: 0,
  });
}
