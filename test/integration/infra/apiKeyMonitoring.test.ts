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
import { ApiKeyMonitoring } from '../../../infra/apiKeyMonitoring.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { METRIC_UNITS, type MetricName, Metrics } from '../../../lambda/metrics.ts';
import { StreamLog } from '../../../lambda/usagePlanSync/streamEvents.ts';
import { appSyncEvent } from '../../../testing/authorizerEvents.ts';
import { allowedRequest, refusedRequest, type CountedRequest } from '../../support/handledRequests.ts';
import { sumsOf } from '../../support/embeddedMetrics.ts';
import { bearing, API_TYPES } from '../../support/functionCases.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { ALARM, alarmIn, evaluate, metricsOf } from './alarmsUnderTest.ts';
import { authorizerUnderTest, problemOf, type AuthorizerProps } from './authorizerUnderTest.ts';
import type { ApiKeyMonitoringProps } from '../../../infra/apiKeyMonitoringProps.ts';

const DASHBOARD = 'AWS::CloudWatch::Dashboard';
const PAGE = readFileSync('docs/operations.md', 'utf8');
const ALL_OFF = {
  faultThreshold: false,
  throttleThreshold: false,
  errorPercentThreshold: false,
  denialPercentThreshold: false,
  usagePlanSyncAlarm: false,
} as const;

const PER_KEY: AuthorizerProps = { plans: { free: {} } };

type Props = Omit<ApiKeyMonitoringProps, 'authorizer'>;

function build(props: Props = {}, authorizerProps: AuthorizerProps = {}) {
  const { stack, authorizer } = authorizerUnderTest(authorizerProps);
  const monitoring = new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, ...props });
  return { stack, authorizer, monitoring };
}

const templateOf = (...given: Parameters<typeof build>) => Template.fromStack(build(...given).stack);

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
  };

  test.each(Object.entries(METRICS))('%s is the one that the function counts', (metricName, metricOf) => {
    const { stack, authorizer } = authorizerUnderTest();
    expect(stack.resolve(metricOf(authorizer))).toMatchObject({
      namespace: 'Latchkey',
      metricName,
      dimensions: { FunctionName: stack.resolve(authorizer.function.functionName) },
      statistic: metricName === 'LookupLatency' ? 'p99' : 'Sum',
    });
  });

  test('can be of one surface and reason, with a statistic of the caller', () => {
    const dimensionsMap = { ApiType: 'http-api', Reason: 'INVALID_KEY' };
    const metric = authorizerUnderTest().authorizer.metricDenied({ dimensionsMap, statistic: 'Maximum' });
    expect(metric.statistic).toBe('Maximum');
    expect(metric.dimensions).toEqual({ FunctionName: expect.any(String), ...dimensionsMap });
  });

  test('that are turned off cannot be asked for: an alarm on them would stay silent', () => {
    const { authorizer } = authorizerUnderTest({ metrics: false });
    expect(problemOf(() => authorizer.metricFaults())).toMatch(/^metrics: got false, wanted true for .*Faults$/);
    expect(problemOf(() => build({}, { metrics: false }))).toMatch(/^metrics: got false, wanted true/);
  });
});

describe('the alarms', () => {
  test('are four, which missing data does not raise', () => {
    const template = templateOf();
    template.resourceCountIs(ALARM, 4);
    template.allResourcesProperties(ALARM, {
      TreatMissingData: 'notBreaching',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test('on faults is raised by one in 5 minutes, of the whole function', () => {
    const { stack, authorizer } = build();
    expect(alarmIn(Template.fromStack(stack), 'could not be decided')).toMatchObject({
      Namespace: 'Latchkey',
      MetricName: 'Faults',
      Dimensions: [{ Name: 'FunctionName', Value: stack.resolve(authorizer.function.functionName) }],
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
    });
  });

  test('on throttles is raised by one in 5 minutes', () => {
    expect(alarmIn(templateOf(), 'Lambda turned')).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Throttles',
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
    });
  });

  test.each([
    ['thrown Unauthorized alone', { invocations: 1000, errors: 400, unauthorized: 400 }, 0],
    ['more of them in the log than Lambda counts yet', { invocations: 1000, errors: 390, unauthorized: 400 }, 0],
    ['crashes beside them', { invocations: 1000, errors: 420, unauthorized: 400 }, 2],
    ['crashes, where the log has no data', { invocations: 200, errors: 20 }, 10],
    ['nothing wrong', { invocations: 1000, errors: 0 }, 0],
  ])('on the error rate do not count a request without a key: %s', (_, values, percent) => {
    const alarm = alarmIn(templateOf(), 'The function fails');
    expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 3, DatapointsToAlarm: 2 });
    expect(evaluate(alarm, values)).toBeCloseTo(percent);
  });

  test.each([
    ['three bad requests at night', { denied: 3 }, 0],
    ['99 of 99', { denied: 99 }, 0],
    ['100 of 100, none allowed', { denied: 100 }, 100],
    ['as many as were allowed', { denied: 500, allowed: 500 }, 50],
    ['few of many', { denied: 100, allowed: 9900 }, 1],
  ])('on a surge of denials ask for a share and a least number: %s', (_, values, percent) => {
    const alarm = alarmIn(templateOf(), 'Many requests are refused');
    expect(alarm).toMatchObject({ Threshold: 50, EvaluationPeriods: 3, DatapointsToAlarm: 2 });
    expect(evaluate(alarm, values)).toBe(percent);
  });

  test('take the metrics of their expressions from the function, for 5 minutes', () => {
    const { stack, authorizer } = build();
    const template = Template.fromStack(stack);
    const FunctionName = { Name: 'FunctionName', Value: stack.resolve(authorizer.function.functionName) };
    const statsOf = (description: string) => metricsOf(alarmIn(template, description));
    const { MetricName, MetricNamespace } = filterOf(template).MetricTransformations[0] ?? {};
    expect(statsOf('The function fails')).toEqual([
      ['errors', [FunctionName], 'Errors', 'AWS/Lambda', 300, 'Sum'],
      ['invocations', [FunctionName], 'Invocations', 'AWS/Lambda', 300, 'Sum'],
      ['unauthorized', MetricName, MetricNamespace, 300, 'Sum'],
    ]);
    expect(statsOf('Many requests')).toEqual([
      ['denied', [FunctionName], 'Denied', 'Latchkey', 300, 'Sum'],
      ['allowed', [FunctionName], 'Allowed', 'Latchkey', 300, 'Sum'],
    ]);
  });

  test.each<[keyof Props, Props, string, object]>([
    ['faultThreshold', { faultThreshold: 20 }, 'could not be decided', { Threshold: 20 }],
    ['throttleThreshold', { throttleThreshold: 5 }, 'Lambda turned', { Threshold: 5 }],
    ['errorPercentThreshold', { errorPercentThreshold: 0.1 }, 'The function fails', { Threshold: 0.1 }],
    ['denialPercentThreshold', { denialPercentThreshold: 90 }, 'Many requests', { Threshold: 90 }],
  ])('%s sets a threshold, and turns its alarm off', (prop, props, description, expected) => {
    expect(alarmIn(templateOf(props), description)).toMatchObject(expected);
    const template = templateOf({ [prop]: false });
    expect(alarmIn(template, description)).toBeUndefined();
    template.resourceCountIs(ALARM, 3);
  });

  test('ask for as many denials as the prop says', () => {
    const alarm = alarmIn(templateOf({ leastDenials: 10 }), 'Many requests');
    expect([9, 10].map((denied) => evaluate(alarm, { denied }))).toEqual([0, 100]);
  });

  describe('on the API keys of plans', () => {
    const DESCRIPTION = 'Keys on a plan are refused';

    test.each([
      ['none refused and close behind', { refused: 0, behind: 299_999 }, 0],
      ['no data', {}, 0],
      ['one refused', { refused: 1 }, 1],
      ['5 minutes behind', { behind: 300_000 }, 1],
      ['a batch that failed', { errors: 1 }, 1],
      ['kept from running', { throttles: 1 }, 1],
      ['runs in good order', { refused: 0, errors: 0, throttles: 0, behind: 0 }, 0],
    ])('is raised by a key that is refused, or a stream that is not followed: %s', (_, values, expected) => {
      const alarm = alarmIn(templateOf({}, PER_KEY), DESCRIPTION);
      expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 1 });
      expect(evaluate(alarm, values)).toBe(expected);
    });

    test('reads the function that makes the API keys, and not the authorizer', () => {
      const { stack, authorizer } = build({}, PER_KEY);
      const functionName = stack.resolve(authorizer.plans?.usagePlanSync?.function.functionName);
      const dimensions = [{ Name: 'FunctionName', Value: functionName }];
      expect(metricsOf(alarmIn(Template.fromStack(stack), DESCRIPTION))).toEqual([
        ['refused', { 'Fn::Join': ['', ['UsagePlanSyncRefused-', functionName]] }, 'Latchkey', 300, 'Sum'],
        ['errors', dimensions, 'Errors', 'AWS/Lambda', 300, 'Sum'],
        ['throttles', dimensions, 'Throttles', 'AWS/Lambda', 300, 'Sum'],
        ['behind', dimensions, 'IteratorAge', 'AWS/Lambda', 300, 'Maximum'],
      ]);
    });

    test('counts what the function logs of a key that it passed over, and not of one that it tries again', () => {
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

    test('is there where a plan is per key and it is not turned off', () => {
      expect(alarmIn(templateOf(), DESCRIPTION)).toBeUndefined();
      expect(alarmIn(templateOf({}, { plans: { free: { shared: true } } }), DESCRIPTION)).toBeUndefined();
      expect(alarmIn(templateOf({ usagePlanSyncAlarm: false }, PER_KEY), DESCRIPTION)).toBeUndefined();
    });
  });

  test('that are off leave nothing behind', () => {
    const template = templateOf({ ...ALL_OFF, dashboard: false }, PER_KEY);
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
  ])('of a threshold that is always or never reached are refused: %s', (prop, props) => {
    expect(problemOf(() => build(props))).toMatch(new RegExp(`^${prop}: got .+, wanted a number above 0`));
  });

  test('tell every wrong threshold at once', () => {
    const problem = problemOf(() => build({ faultThreshold: 0, denialPercentThreshold: 200 }));
    expect(problem).toMatch(/^faultThreshold: got 0, .+; denialPercentThreshold: got 200, /);
  });

  test('each do what is given, and nothing unless it is', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const topic = new Topic(stack, 'Topic');
    new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, alarmActions: [new SnsAction(topic)] });
    const AlarmActions = [stack.resolve(topic.topicArn)];
    Template.fromStack(stack).allResourcesProperties(ALARM, { AlarmActions });
    templateOf().allResourcesProperties(ALARM, { AlarmActions: Match.absent() });
  });

  test('of two monitorings of one authorizer read one filter, which counts a request without a key once', () => {
    const { stack, authorizer } = build({}, PER_KEY);
    new ApiKeyMonitoring(stack, 'Second', { authorizer, dashboard: false });
    const template = Template.fromStack(stack);
    const names = Object.values(template.findResources('AWS::Logs::MetricFilter')).map(({ Properties }) =>
      JSON.stringify(Properties.MetricTransformations[0].MetricName),
    );
    expect(names).toHaveLength(2);
    expect(new Set(names).size).toBe(2);
    template.resourcePropertiesCountIs(ALARM, { AlarmDescription: Match.stringLikeRegexp('The function fails') }, 2);
  });

  test('each name a section of docs/operations.md that there is', () => {
    const headings = [...PAGE.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const { ALL_AT_ONCE: rollout } = LambdaDeploymentConfig;
    const alarms = Object.values(templateOf({}, { ...PER_KEY, rollout }).findResources(ALARM));
    const sections = alarms.map(
      ({ Properties }) => /docs\/operations\.md#(\S+)$/.exec(Properties.AlarmDescription)?.[1],
    );
    expect(new Set(sections).size).toBe(6);
    for (const section of sections) expect(headings).toContain(section);
  });
});

describe('requests without a key', () => {
  /** Whether CloudWatch Logs would find the line: the part of its patterns that is used here. */
  function isMatch(pattern: string, line: Readonly<Record<string, unknown>>): boolean {
    const terms = [...pattern.matchAll(/\(\$\.(\w+) (=|!=) "([^"]*)"\)/g)];
    expect(`{ ${terms.map(([term]) => term).join(' && ')} }`).toBe(pattern);
    return terms.every(([, name = '', operator, value]) => (line[name] === value) === (operator === '='));
  }

  test('are counted from the log of the function, under a name of this function alone, and as 0 where there are none', () => {
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

  test('have exactly one line each that is found, where the function throws, and none in AppSync', async () => {
    const { FilterPattern } = filterOf(templateOf());
    for (const { makeEvent } of [...API_TYPES, { makeEvent: appSyncEvent }]) {
      const { invoke, logged } = handlerUnderTest([], { LATCHKEY_DEBUG_SAMPLE_RATE: '1' });
      const isThrown = await invoke(makeEvent({})).then(
        () => false,
        () => true,
      );
      expect(logged().filter((line) => isMatch(FilterPattern, line))).toHaveLength(isThrown ? 1 : 0);
    }
  });

  test('are told from denials and faults, and from the metrics', async () => {
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
    // What only the deployment knows stands in no place that would spoil the JSON.
    return JSON.parse(body.map((part: unknown) => (typeof part === 'string' ? part : 'known-at-deployment')).join(''));
  };
  const titlesOf = (template: Template): string[] =>
    bodyOf(template).widgets.map(({ properties }: { properties: { title: string } }) => properties.title);

  test('shows the alarms, what is decided, why not, how fast, and how the function does', () => {
    const titles = titlesOf(templateOf());
    const expected = [
      'Alarms',
      'Decisions',
      'Answered from',
      'Look-up',
      'Denials by',
      'Faults by',
      'Last-used',
      'duration',
    ];
    for (const title of [...expected, 'errors', 'environments']) expect(titles.join('\n')).toContain(title);
    expect(titles.join('\n')).not.toContain('Table');
  });

  test('shows every metric that the function counts', () => {
    const body = JSON.stringify(bodyOf(templateOf()));
    for (const name of Object.keys(METRIC_UNITS)) expect(body).toContain(`"Latchkey","${name}","FunctionName"`);
  });

  test.each([
    ['Denials by reason', 'Denied'],
    ['Faults by reason', 'Faults'],
  ])('%s finds reasons as they come', (title, metric) => {
    const widgets: readonly { properties: { title: string; metrics: { expression: string }[][] } }[] =
      bodyOf(templateOf()).widgets;
    const widget = widgets.find(({ properties }) => properties.title === title);
    const search = `{Latchkey,FunctionName,ApiType,Reason} MetricName="${metric}" FunctionName="known-at-deployment"`;
    expect(widget?.properties.metrics[0]?.[0]?.expression).toBe(`SEARCH('${search}', 'Sum', 300)`);
  });

  test('shows the table where it is given', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const table = new ApiKeyTable(stack, 'Other');
    new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, table });
    const body = JSON.stringify(bodyOf(Template.fromStack(stack)));
    for (const name of ['ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits', 'ReadThrottleEvents']) {
      expect(body).toContain(`"AWS/DynamoDB","${name}"`);
    }
  });

  test('without alarms shows none', () => {
    expect(titlesOf(templateOf(ALL_OFF))).not.toContain('Alarms');
  });

  test('can be left out', () => {
    templateOf({ dashboard: false }).resourceCountIs(DASHBOARD, 0);
  });
});

test('the security checks find nothing in it', () => {
  const { stack } = build({}, PER_KEY);
  const { violations } = new AwsSolutionsChecks(stack.node.root).validateScope(Stack.of(stack));
  expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
});

describe('docs/operations.md', () => {
  const DENIALS = ['AUTH_REQUIRED', 'INVALID_KEY', 'KEY_EXPIRED', 'KEY_DISABLED', 'KEY_REVOKED', 'INSUFFICIENT_SCOPE'];
  const FAULTS = ['STORE_UNAVAILABLE', 'RECORD_CORRUPT', 'INTERNAL_ERROR'];

  test('says what every metric counts, and what each reason asks for', () => {
    for (const name of Object.keys(METRIC_UNITS)) expect(PAGE).toContain(`| \`${name}\` `);
    for (const reason of [...DENIALS, ...FAULTS, 'EVENT_UNKNOWN'])
      expect(PAGE).toMatch(new RegExp(`^- .*\`${reason}\`.*:`, 'm'));
  });

  test.each([1, 6])('prices as many metrics as %i kinds of API have at the most', (kinds) => {
    const lines: string[] = [];
    let nowMs = 0;
    const metrics = new Metrics({ functionName: 'f', write: (line) => lines.push(line) });
    const count = (one: CountedRequest) => metrics.count({ ...one, arrivedAtMs: (nowMs += 60_000) });
    for (const { apiType } of [...API_TYPES, { apiType: 'appsync' }].slice(0, kinds)) {
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

  test('prices as many metrics of alarms as there are', () => {
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
