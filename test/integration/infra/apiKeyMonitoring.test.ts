import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from '@jest/globals';
import type { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyMonitoring, type ApiKeyMonitoringProps } from '../../../infra/apiKeyMonitoring.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { ApiKeyUsage } from '../../../infra/apiKeyUsage.ts';
import { METRIC_UNITS, type MetricName, Metrics } from '../../../lambda/metrics.ts';
import { StreamLog } from '../../../lambda/usagePlanSync/streamEvents.ts';
import { appSyncEvent, eventApiEvent } from '../../../testing/authorizerEvents.ts';
import { allowedRequest, refusedRequest, type CountedRequest } from '../../support/handledRequests.ts';
import { sumsOf } from '../../support/embeddedMetrics.ts';
import { bearing, API_TYPES } from '../../support/functionCases.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { ALARM, alarmIn, evaluate, metricsOf } from './alarmsUnderTest.ts';
import { authorizerUnderTest, problemOf, sharedTemplate, type AuthorizerProps } from './authorizerUnderTest.ts';

const DASHBOARD = 'AWS::CloudWatch::Dashboard';
const PAGE = readFileSync('docs/operations.md', 'utf8');
const ALL_OFF = {
  faultThreshold: false,
  throttleThreshold: false,
  errorPercentThreshold: false,
  denialPercentThreshold: false,
  usagePlanSyncAlarm: false,
  limiterFailureThreshold: false,
} as const;

const PER_KEY: AuthorizerProps = { plans: { free: {} } };
const LIMITED: AuthorizerProps = {
  plans: { free: {}, metered: { enforce: 'authorizer', throttle: { rateLimit: 1, burstLimit: 2 } } },
};

type Props = Omit<ApiKeyMonitoringProps, 'authorizer'>;

function build(props: Props = {}, authorizerProps: AuthorizerProps = {}) {
  const { stack, authorizer } = authorizerUnderTest(authorizerProps);
  const monitoring = new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, ...props });
  return { stack, authorizer, monitoring };
}

const templateOf = sharedTemplate((...given: Parameters<typeof build>) => build(...given).stack);

interface MetricFilter {
  readonly FilterPattern: string;
  readonly LogGroupName: object;
  readonly MetricTransformations: readonly { readonly MetricName: object; readonly MetricNamespace: string }[];
}

function filterOf(template: Template): MetricFilter {
  const [filter] = Object.values(template.findResources('AWS::Logs::MetricFilter'));
  return filter?.['Properties'];
}

describe('the metrics of an authorizer', () => {
  const METRICS: Readonly<Record<MetricName, (authorizer: ApiKeyAuthorizer) => Metric>> = {
    Allowed: (authorizer) => authorizer.metricAllowed(),
    Denied: (authorizer) => authorizer.metricDenied(),
    Faults: (authorizer) => authorizer.metricFaults(),
    CacheHits: (authorizer) => authorizer.metricCacheHits(),
    LookupLatency: (authorizer) => authorizer.metricLookupLatency(),
    LastUsedWrites: (authorizer) => authorizer.metricLastUsedWrites(),
    LastUsedWritesSkipped: (authorizer) => authorizer.metricLastUsedWritesSkipped(),
    LastUsedWriteFailures: (authorizer) => authorizer.metricLastUsedWriteFailures(),
    Limited: (authorizer) => authorizer.metricLimited(),
    LimitWrites: (authorizer) => authorizer.metricLimitWrites(),
    LimiterFailures: (authorizer) => authorizer.metricLimiterFailures(),
  };

  test.each(Object.entries(METRICS))(
    'include %s with the name and dimensions that the authorizer’s function emits',
    (metricName, metricOf) => {
      const { stack, authorizer } = authorizerUnderTest(LIMITED);
      expect(stack.resolve(metricOf(authorizer))).toMatchObject({
        namespace: 'Latchkey',
        metricName,
        dimensions: { FunctionName: stack.resolve(authorizer.function.functionName) },
        statistic: metricName === 'LookupLatency' ? 'p99' : 'Sum',
      });
    },
  );

  test('have the dimensions and the statistic that you pass', () => {
    const dimensionsMap = { ApiType: 'http-api', Reason: 'INVALID_KEY' };
    const metric = authorizerUnderTest().authorizer.metricDenied({ dimensionsMap, statistic: 'Maximum' });
    expect(metric.statistic).toBe('Maximum');
    expect(metric.dimensions).toEqual({ FunctionName: expect.any(String), ...dimensionsMap });
  });

  test('cause CONFIG_INVALID if metrics are off', () => {
    const { authorizer } = authorizerUnderTest({ metrics: false });
    expect(problemOf(() => authorizer.metricFaults())).toMatch(/^metrics: expected true for .*Faults, got false$/);
    expect(problemOf(() => build({}, { metrics: false }))).toMatch(/^metrics: expected true .+, got false/);
  });
});

describe('the alarms', () => {
  test('are four by default', () => {
    const template = templateOf();
    template.resourceCountIs(ALARM, 4);
    template.allResourcesProperties(ALARM, {
      TreatMissingData: 'notBreaching',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test('include one that fires after one fault in 5 minutes', () => {
    const { stack, authorizer } = build();
    expect(alarmIn(Template.fromStack(stack), 'alarm-faults')).toMatchObject({
      Namespace: 'Latchkey',
      MetricName: 'Faults',
      Dimensions: [{ Name: 'FunctionName', Value: stack.resolve(authorizer.function.functionName) }],
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
    });
  });

  test('include one that fires after one throttled invocation in 5 minutes', () => {
    expect(alarmIn(templateOf(), 'alarm-throttles')).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Throttles',
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
    });
  });

  test.each([
    ['only thrown Unauthorized', { invocations: 1000, errors: 400, unauthorized: 400 }, 0],
    ['more Unauthorized in the log than errors in Lambda', { invocations: 1000, errors: 390, unauthorized: 400 }, 0],
    ['crashes and Unauthorized', { invocations: 1000, errors: 420, unauthorized: 400 }, 2],
    ['crashes without data from the log', { invocations: 200, errors: 20 }, 10],
    ['requests without errors', { invocations: 1000, errors: 0 }, 0],
  ])('include one on the error rate without requests that lack a key: %s', (_, values, percent) => {
    const alarm = alarmIn(templateOf(), 'alarm-error-rate');
    expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 3, DatapointsToAlarm: 2 });
    expect(evaluate(alarm, values)).toBeCloseTo(percent);
  });

  test.each([
    ['3 denials without allowed requests', { denied: 3 }, 0],
    ['99 denials without allowed requests', { denied: 99 }, 0],
    ['100 denials without allowed requests', { denied: 100 }, 100],
    ['as many denials as allowed requests', { denied: 500, allowed: 500 }, 50],
    ['1 % denials', { denied: 100, allowed: 9900 }, 1],
  ])('include one that requires a percentage and a minimum of denials: %s', (_, values, percent) => {
    const alarm = alarmIn(templateOf(), 'alarm-denial-surge');
    expect(alarm).toMatchObject({ Threshold: 50, EvaluationPeriods: 3, DatapointsToAlarm: 2 });
    expect(evaluate(alarm, values)).toBe(percent);
  });

  test('read metrics of the authorizer’s function in periods of 5 minutes', () => {
    const { stack, authorizer } = build();
    const template = Template.fromStack(stack);
    const FunctionName = { Name: 'FunctionName', Value: stack.resolve(authorizer.function.functionName) };
    const statsOf = (runbook: string) => metricsOf(alarmIn(template, runbook));
    const { MetricName, MetricNamespace } = filterOf(template).MetricTransformations[0] ?? {};
    expect(statsOf('alarm-error-rate')).toEqual([
      ['errors', [FunctionName], 'Errors', 'AWS/Lambda', 300, 'Sum'],
      ['invocations', [FunctionName], 'Invocations', 'AWS/Lambda', 300, 'Sum'],
      ['unauthorized', MetricName, MetricNamespace, 300, 'Sum'],
    ]);
    expect(statsOf('alarm-denial-surge')).toEqual([
      ['denied', [FunctionName], 'Denied', 'Latchkey', 300, 'Sum'],
      ['allowed', [FunctionName], 'Allowed', 'Latchkey', 300, 'Sum'],
    ]);
  });

  test.each<[keyof Props, Props, string, object]>([
    ['faultThreshold', { faultThreshold: 20 }, 'alarm-faults', { Threshold: 20 }],
    ['throttleThreshold', { throttleThreshold: 5 }, 'alarm-throttles', { Threshold: 5 }],
    ['errorPercentThreshold', { errorPercentThreshold: 0.1 }, 'alarm-error-rate', { Threshold: 0.1 }],
    ['denialPercentThreshold', { denialPercentThreshold: 90 }, 'alarm-denial-surge', { Threshold: 90 }],
  ])('have the threshold in %s', (prop, props, runbook, expected) => {
    expect(alarmIn(templateOf(props), runbook)).toMatchObject(expected);
    const template = templateOf({ [prop]: false });
    expect(alarmIn(template, runbook)).toBeUndefined();
    template.resourceCountIs(ALARM, 3);
  });

  test('ignore denials below the minimum in leastDenials', () => {
    const alarm = alarmIn(templateOf({ leastDenials: 10 }), 'alarm-denial-surge');
    expect([9, 10].map((denied) => evaluate(alarm, { denied }))).toEqual([0, 100]);
  });

  describe('usagePlanSyncAlarm', () => {
    const RUNBOOK = 'alarm-usage-plan-sync';

    test.each([
      ['a delay below 5 minutes', { refused: 0, behind: 299_999 }, 0],
      ['missing data', {}, 0],
      ['one refused key', { refused: 1 }, 1],
      ['a delay of 5 minutes', { behind: 300_000 }, 1],
      ['a failed batch', { errors: 1 }, 1],
      ['one throttled invocation', { throttles: 1 }, 1],
      ['metrics of 0', { refused: 0, errors: 0, throttles: 0, behind: 0 }, 0],
    ])('fires only for refused keys, failed batches, throttles or long delays: %s', (_, values, expected) => {
      const alarm = alarmIn(templateOf({}, PER_KEY), RUNBOOK);
      expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 1 });
      expect(evaluate(alarm, values)).toBe(expected);
    });

    test('reads metrics of the sync function', () => {
      const { stack, authorizer } = build({}, PER_KEY);
      const functionName = stack.resolve(authorizer.plans?.usagePlanSync?.function.functionName);
      const dimensions = [{ Name: 'FunctionName', Value: functionName }];
      expect(metricsOf(alarmIn(Template.fromStack(stack), RUNBOOK))).toEqual([
        ['refused', { 'Fn::Join': ['', ['UsagePlanSyncRefused-', functionName]] }, 'Latchkey', 300, 'Sum'],
        ['errors', dimensions, 'Errors', 'AWS/Lambda', 300, 'Sum'],
        ['throttles', dimensions, 'Throttles', 'AWS/Lambda', 300, 'Sum'],
        ['behind', dimensions, 'IteratorAge', 'AWS/Lambda', 300, 'Maximum'],
      ]);
    });

    test('counts keys that the sync function skips instead of keys that it retries', () => {
      const { stack, authorizer } = build({}, PER_KEY);
      const logGroup = authorizer.plans?.usagePlanSync?.logGroup.logGroupName;
      Template.fromStack(stack).hasResourceProperties('AWS::Logs::MetricFilter', {
        LogGroupName: stack.resolve(logGroup),
        FilterPattern: '{ $.level = "ERROR" }',
      });
      const lines: string[] = [];
      const log = new StreamLog({ write: (line) => lines.push(line), now: () => 0 });
      log.refused({ requestId: undefined }, new Error('x'));
      log.delayed({ requestId: undefined }, new Error('x'));
      expect(lines.map((line) => JSON.parse(line).level)).toEqual(['ERROR', 'WARN']);
    });

    test('exists only if the authorizer has an unshared plan', () => {
      expect(alarmIn(templateOf(), RUNBOOK)).toBeUndefined();
      expect(alarmIn(templateOf({}, { plans: { free: { shared: true } } }), RUNBOOK)).toBeUndefined();
      expect(alarmIn(templateOf({ usagePlanSyncAlarm: false }, PER_KEY), RUNBOOK)).toBeUndefined();
    });
  });

  describe('usageAlarm', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const usage = new ApiKeyUsage(stack, 'Usage', { authorizer });
    const monitoring = new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, usage, alarmActions: [] });
    const alarm = alarmIn(Template.fromStack(stack), 'alarm-usage');

    test.each([
      ['missing data', {}, 0],
      ['successful runs', { errors: 0, throttles: 0 }, 0],
      ['a failed run', { errors: 1, throttles: 0 }, 1],
      ['a throttled run', { throttles: 1 }, 1],
    ])('fires only for failed or throttled runs: %s', (_, values, expected) => {
      expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 1 });
      expect(evaluate(alarm, values)).toBe(expected);
    });

    test('reads metrics of the function that writes the usage', () => {
      const dimensions = [{ Name: 'FunctionName', Value: stack.resolve(usage.function.functionName) }];
      expect(metricsOf(alarm)).toEqual([
        ['errors', dimensions, 'Errors', 'AWS/Lambda', 300, 'Sum'],
        ['throttles', dimensions, 'Throttles', 'AWS/Lambda', 300, 'Sum'],
      ]);
      expect(monitoring.alarms).toContain(monitoring.usageAlarm);
    });

    test('exists only if the usage is passed', () => {
      expect(alarmIn(templateOf(), 'alarm-usage')).toBeUndefined();
    });
  });

  test('do not add resources to the stack if all are off', () => {
    const template = templateOf({ ...ALL_OFF, dashboard: false }, LIMITED);
    template.resourceCountIs(ALARM, 0);
    template.resourceCountIs('AWS::Logs::MetricFilter', 0);
    template.resourceCountIs(DASHBOARD, 0);
  });

  test.each<[keyof Props, Props]>([
    ['faultThreshold', { faultThreshold: 0 }],
    ['throttleThreshold', { throttleThreshold: -1 }],
    ['errorPercentThreshold', { errorPercentThreshold: 101 }],
    ['denialPercentThreshold', { denialPercentThreshold: Number.NaN }],
    ['leastDenials', { leastDenials: Infinity }],
  ])('cause an error if a threshold is invalid: %s', (prop, props) => {
    expect(problemOf(() => build(props))).toMatch(new RegExp(`^${prop}: expected a number above 0.*, got `));
  });

  test('cause one error that lists every invalid threshold', () => {
    const problem = problemOf(() => build({ faultThreshold: 0, denialPercentThreshold: 200 }));
    expect(problem).toMatch(/^faultThreshold: .+, got 0; denialPercentThreshold: .+, got 200$/);
  });

  test('receive the actions that you pass', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const topic = new Topic(stack, 'Topic');
    new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, alarmActions: [new SnsAction(topic)] });
    const AlarmActions = [stack.resolve(topic.topicArn)];
    Template.fromStack(stack).allResourcesProperties(ALARM, { AlarmActions });
    templateOf().allResourcesProperties(ALARM, { AlarmActions: Match.absent() });
  });

  test('receive okActions for their return to OK', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const topic = new Topic(stack, 'Topic');
    new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, okActions: [new SnsAction(topic)] });
    const OKActions = [stack.resolve(topic.topicArn)];
    Template.fromStack(stack).allResourcesProperties(ALARM, { OKActions, AlarmActions: Match.absent() });
    templateOf().allResourcesProperties(ALARM, { OKActions: Match.absent() });
  });

  test('share one metric filter if two constructs monitor one authorizer', () => {
    const { stack, authorizer } = build({}, PER_KEY);
    new ApiKeyMonitoring(stack, 'Second', { authorizer, dashboard: false });
    const template = Template.fromStack(stack);
    const names = Object.values(template.findResources('AWS::Logs::MetricFilter')).map(({ Properties }) =>
      JSON.stringify(Properties.MetricTransformations[0].MetricName),
    );
    expect(names).toHaveLength(2);
    expect(new Set(names).size).toBe(2);
    template.resourcePropertiesCountIs(ALARM, { AlarmDescription: Match.stringLikeRegexp('alarm-error-rate') }, 2);
  });

  test('link to existing sections of docs/operations.md', () => {
    const headings = [...PAGE.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const { ALL_AT_ONCE: rollout } = LambdaDeploymentConfig;
    const alarms = Object.values(templateOf({}, { ...LIMITED, rollout }).findResources(ALARM));
    const sections = alarms.map(
      ({ Properties }) => /docs\/operations\.md#(\S+)$/.exec(Properties.AlarmDescription)?.[1],
    );
    expect(new Set(sections).size).toBe(7);
    for (const section of sections) expect(headings).toContain(section);
  });
});

describe('requests without a key', () => {
  /** Returns whether the filter pattern matches the line. Supports only patterns of these tests. */
  function isMatch(pattern: string, line: Readonly<Record<string, unknown>>): boolean {
    const terms = [...pattern.matchAll(/\(\$\.(\w+) (=|!=) "([^"]*)"\)/g)];
    expect(`{ ${terms.map(([term]) => term).join(' && ')} }`).toBe(pattern);
    return terms.every(([, name = '', operator, value]) => (line[name] === value) === (operator === '='));
  }

  test('have a metric from the authorizer’s log with a default of 0', () => {
    const { stack, authorizer } = build();
    expect(filterOf(Template.fromStack(stack))).toMatchObject({
      LogGroupName: stack.resolve(authorizer.logGroup.logGroupName),
      MetricTransformations: [
        {
          MetricNamespace: 'Latchkey',
          MetricName: { 'Fn::Join': ['', ['Unauthorized-', stack.resolve(authorizer.function.functionName)]] },
          MetricValue: '1',
          DefaultValue: 0,
        },
      ],
    });
  });

  test('match the metric filter once if the authorizer throws', async () => {
    const { FilterPattern } = filterOf(templateOf());
    for (const { makeEvent } of [...API_TYPES, { makeEvent: appSyncEvent }, { makeEvent: eventApiEvent }]) {
      const { invoke, logged } = handlerUnderTest([], { LATCHKEY_DEBUG_SAMPLE_RATE: '1' });
      const isThrown = await invoke(makeEvent({})).then(
        () => false,
        () => true,
      );
      expect(logged().filter((line) => isMatch(FilterPattern, line))).toHaveLength(isThrown ? 1 : 0);
    }
  });

  test('match the metric filter, unlike denials and faults', async () => {
    const { FilterPattern } = filterOf(templateOf());
    const { invoke, lookup, logged, metricLines } = handlerUnderTest([], { LATCHKEY_DEBUG_SAMPLE_RATE: '1' });
    await invoke(API_TYPES[0].makeEvent(bearing('sk_nonsense')));
    lookup.isDown = true;
    await invoke({}).catch(() => undefined);
    await invoke(API_TYPES[0].makeEvent({})).catch(() => undefined);
    const lines = [...logged(), ...metricLines.map((line) => JSON.parse(line))];
    expect(lines.length).toBeGreaterThan(6);
    expect(lines.filter((line) => isMatch(FilterPattern, line))).toHaveLength(1);
  });
});

describe('the dashboard', () => {
  const bodyOf = (template: Template) => {
    const [dashboard] = Object.values(template.findResources(DASHBOARD));
    const body = dashboard?.['Properties'].DashboardBody['Fn::Join'][1];
    // Tokens occur only in JSON strings. The JSON stays valid after the replacement.
    return JSON.parse(body.map((part: unknown) => (typeof part === 'string' ? part : 'known-at-deployment')).join(''));
  };
  const titlesOf = (template: Template): string[] =>
    bodyOf(template).widgets.map(({ properties }: { properties: { title: string } }) => properties.title);

  test('shows alarms, decisions, reasons, latencies and the authorizer’s function', () => {
    const titles = titlesOf(templateOf());
    const expected = [
      'Alarms',
      'Decisions',
      'Requests answered from the cache',
      'Lookup latency',
      'Denials by',
      'Faults by',
      'Last-used',
      'duration',
    ];
    for (const title of [...expected, 'errors', 'concurrent executions']) expect(titles.join('\n')).toContain(title);
    expect(titles.join('\n')).not.toContain('Table');
  });

  test('shows every metric that the authorizer’s function emits', () => {
    const body = JSON.stringify(bodyOf(templateOf({}, LIMITED)));
    for (const name of Object.keys(METRIC_UNITS)) expect(body).toContain(`"Latchkey","${name}","FunctionName"`);
  });

  test.each([
    ['Denials by reason', 'Denied'],
    ['Faults by reason', 'Faults'],
  ])('uses a search expression for all reasons in its graph %s', (title, metric) => {
    const widgets: readonly { properties: { title: string; metrics: { expression: string }[][] } }[] =
      bodyOf(templateOf()).widgets;
    const widget = widgets.find(({ properties }) => properties.title === title);
    const search = `{Latchkey,FunctionName,ApiType,Reason} MetricName="${metric}" FunctionName="known-at-deployment"`;
    expect(widget?.properties.metrics[0]?.[0]?.expression).toBe(`SEARCH('${search}', 'Sum', 300)`);
  });

  test('shows the metrics of the table in the prop table', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const table = new ApiKeyTable(stack, 'Other');
    new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, table });
    const body = JSON.stringify(bodyOf(Template.fromStack(stack)));
    for (const name of ['ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits', 'ReadThrottleEvents']) {
      expect(body).toContain(`"AWS/DynamoDB","${name}"`);
    }
  });

  test('omits the alarm widget if all alarms are off', () => {
    expect(titlesOf(templateOf(ALL_OFF))).not.toContain('Alarms');
  });

  test('does not exist if the prop dashboard is false', () => {
    templateOf({ dashboard: false }).resourceCountIs(DASHBOARD, 0);
  });
});

test('ApiKeyMonitoring passes cdk-nag’s AwsSolutionsChecks', () => {
  const { stack } = build({}, PER_KEY);
  const { violations } = new AwsSolutionsChecks(stack.node.root).validateScope(Stack.of(stack));
  expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
});

describe('docs/operations.md', () => {
  const DENIALS = ['AUTH_REQUIRED', 'INVALID_KEY', 'KEY_EXPIRED', 'KEY_DISABLED', 'KEY_REVOKED', 'INSUFFICIENT_SCOPE'];
  const FAULTS = ['STORE_UNAVAILABLE', 'RECORD_CORRUPT', 'INTERNAL_ERROR'];

  test('lists every metric and every reason', () => {
    for (const name of Object.keys(METRIC_UNITS)) expect(PAGE).toContain(`| \`${name}\` `);
    for (const reason of [...DENIALS, ...FAULTS, 'EVENT_UNKNOWN'])
      expect(PAGE).toMatch(new RegExp(`^- .*\`${reason}\`.*:`, 'm'));
  });

  test.each([1, 7])('contains the price of all metrics for %i types of API', (kinds) => {
    const lines: string[] = [];
    let nowMs = 0;
    const metrics = new Metrics({ functionName: 'f', write: (line) => lines.push(line) });
    const count = (one: CountedRequest) => metrics.count({ ...one, arrivedAtMs: (nowMs += 60_000) });
    for (const { apiType } of [...API_TYPES, { apiType: 'appsync' }, { apiType: 'appsync-events' }].slice(0, kinds)) {
      for (const lastUsedWrite of ['written', 'not due', 'failed'] as const)
        count(allowedRequest({ apiType, lastUsedWrite, lookupMs: 1 }));
      for (const code of DENIALS) count(refusedRequest('denied', code, apiType));
      for (const code of FAULTS) count(refusedRequest('fault', code, apiType));
    }
    count({ ...refusedRequest('fault', 'EVENT_UNKNOWN'), apiType: undefined });
    const ofTheFunction = Object.keys(sumsOf(lines.map((line) => JSON.parse(line)))).length;
    const all = ofTheFunction + Object.keys(templateOf().findResources('AWS::Logs::MetricFilter')).length;
    expect(PAGE).toContain(`${all} × $0.30 = $${(all * 0.3).toFixed(2)}`);
  });

  test('contains the price of all alarm metrics', () => {
    const countOf = (template: Template) =>
      Object.values(template.findResources(ALARM)).flatMap(({ Properties }) =>
        (Properties.Metrics ?? [{ MetricStat: {} }]).filter((metric: object) => 'MetricStat' in metric),
      ).length;
    const count = countOf(templateOf());
    expect(PAGE).toContain(`${count} × $0.10 = $${(count * 0.1).toFixed(2)}`);
    expect(PAGE).toContain(`${countOf(templateOf({}, PER_KEY)) - count} × $0.10 + $0.30 `);
    const { ALL_AT_ONCE: rollout } = LambdaDeploymentConfig;
    expect(PAGE).toContain(`${countOf(templateOf({}, { rollout })) - count} × $0.10 = `);
  });
});
