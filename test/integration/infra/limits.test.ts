import { App, CfnParameter, Duration, Fn, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, Period, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyLimits } from '../../../infra/apiKeyLimits.ts';
import { ApiKeyMonitoring } from '../../../infra/apiKeyMonitoring.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { LimitPeriod, type PlanMapping, type PlanProps } from '../../../infra/planProps.ts';
import { readConfig } from '../../../lambda/config.ts';
import { alarmIn } from './alarmsUnderTest.ts';
import { authorizerTemplate, authorizerUnderTest, type AuthorizerProps, problemOf } from './authorizerUnderTest.ts';
import { resourcesOf, USAGE_PLAN, variableOf } from './plansUnderTest.ts';

const TABLE = 'AWS::DynamoDB::GlobalTable';
const METERED = {
  enforce: 'authorizer',
  throttle: { rateLimit: 5, burstLimit: 10 },
  quota: { limit: 60, period: LimitPeriod.MINUTE },
} as const satisfies PlanProps;
const LIMITED: AuthorizerProps = { plans: { metered: METERED } };

const variablesOf = (template: Template) => {
  const variable = (name: string) => variableOf(template, /decides on API keys/, name);
  return { plans: variable('LATCHKEY_PLANS'), table: variable('LATCHKEY_LIMITS_TABLE') };
};
const actionsOf = (template: Template): string[] =>
  resourcesOf(template, 'AWS::IAM::Policy')
    .flatMap(({ properties }) => properties.PolicyDocument.Statement)
    .flatMap(({ Action }) => Action);

describe('an authorizer with a plan that it enforces', () => {
  const { stack, authorizer } = authorizerUnderTest(LIMITED);
  const template = Template.fromStack(stack);

  test('has a table of limits, whose name its function gets', () => {
    template.resourceCountIs(TABLE, 2);
    expect(variablesOf(template).table).toEqual(stack.resolve(authorizer.limits?.tableName));
  });

  test('has only one permission more than without the plan: to update the counts', () => {
    expect(actionsOf(template)).toEqual([...actionsOf(authorizerTemplate()), 'dynamodb:UpdateItem']);
  });

  test('passes the limits to its function', () => {
    const { plans } = readConfig({
      LATCHKEY_TABLE: 'keys',
      LATCHKEY_LIMITS_TABLE: 'limits',
      LATCHKEY_PLANS: variablesOf(template).plans,
    });
    expect(plans?.limits).toEqual({
      metered: {
        throttle: { rateLimit: 5, burstLimit: 10 },
        quota: { limit: 60, period: 'minute' },
        per: 'key',
      },
    });
  });

  test('creates nothing in API Gateway', () => {
    for (const type of [USAGE_PLAN, 'AWS::ApiGateway::ApiKey', 'AWS::Lambda::EventSourceMapping'])
      template.resourceCountIs(type, 0);
    expect(authorizer.plans).toBeUndefined();
  });

  test('rejects applyPlans, which only usage plans need', () => {
    const api = new RestApi(stack, 'Api');
    expect(problemOf(() => authorizer.applyPlans(api))).toBe(
      "applyPlans: expected the prop plans to have plans that API Gateway enforces, got only plans of enforce: 'authorizer', which apply to every API " +
        'without this call',
    );
  });
});

test('an authorizer without such a plan has no table of limits, no setting and no metric of it', () => {
  const { stack, authorizer } = authorizerUnderTest({ plans: { free: { shared: true } } });
  const template = Template.fromStack(stack);
  template.resourceCountIs(TABLE, 1);
  expect(variablesOf(template).table).toBeUndefined();
  expect(authorizer.limits).toBeUndefined();
  expect(authorizerUnderTest().authorizer.planLimits).toBe('{}');
  expect(problemOf(() => authorizer.metricLimited())).toBe(
    "plans: expected a plan with enforce: 'authorizer' for the metric Limited, got none",
  );
});

describe('an authorizer with plans of both kinds', () => {
  const { stack, authorizer } = authorizerUnderTest({
    plans: {
      free: { throttle: { rateLimit: 1, burstLimit: 2 }, quota: { limit: 100, period: LimitPeriod.DAY } },
      pro: { shared: true },
      metered: METERED,
      team: { enforce: 'authorizer', per: 'owner', quota: { limit: 5, period: Period.WEEK } },
      trial: { enforce: 'authorizer', shared: true, quota: { limit: 5, period: LimitPeriod.HOUR } },
    },
  });
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
  api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
  authorizer.applyPlans(api);
  const template = Template.fromStack(stack);
  const { plans } = readConfig({
    LATCHKEY_TABLE: 'keys',
    LATCHKEY_LIMITS_TABLE: 'limits',
    LATCHKEY_PLANS: variablesOf(template).plans,
  });

  test('has usage plans only for those of API Gateway', () => {
    const descriptions = resourcesOf(template, USAGE_PLAN).map(({ properties }) => properties.Description);
    expect(descriptions.toSorted()).toEqual([
      'Latchkey: keys of no plan, without limits',
      'Latchkey: the plan free, for each of its keys',
      'Latchkey: the plan pro, for all its keys together',
    ]);
    expect(authorizer.plans?.usagePlan('metered')).toBeUndefined();
  });

  test('makes API Gateway count the keys of its own plans as keys without a plan', () => {
    const unplanned = plans?.identifierFor({ id: 'a' });
    expect(['metered', 'team', 'trial'].map((plan) => plans?.identifierFor({ id: 'a', plan }))).toEqual([
      unplanned,
      unplanned,
      unplanned,
    ]);
    const values = resourcesOf(template, 'AWS::ApiGateway::ApiKey').map(({ properties }) => properties.Value);
    expect(values).toContain(unplanned);
  });

  test('counts by key, by owner and by plan', () => {
    const { metered, team, trial } = plans?.limits ?? {};
    expect([metered?.per, team?.per, trial?.per]).toEqual(['key', 'owner', 'plan']);
  });

  test('has the limits of every plan in planLimits', () => {
    expect(JSON.parse(authorizer.planLimits)).toEqual({
      free: {
        throttle: { rateLimit: 1, burstLimit: 2 },
        quota: { limit: 100, period: 'day' },
        per: 'key',
        enforce: 'gateway',
      },
      pro: { per: 'plan', enforce: 'gateway' },
      metered: {
        throttle: { rateLimit: 5, burstLimit: 10 },
        quota: { limit: 60, period: 'minute' },
        per: 'key',
        enforce: 'authorizer',
      },
      team: { quota: { limit: 5, period: 'week' }, per: 'owner', enforce: 'authorizer' },
      trial: { quota: { limit: 5, period: 'hour' }, per: 'plan', enforce: 'authorizer' },
    });
  });
});

test('planLimits resolves numbers at the deployment, and omits a plan whose period is a token', () => {
  const stack = new Stack(new App(), 'Test');
  const number = new CfnParameter(stack, 'Number', { type: 'Number' }).valueAsNumber;
  const { planLimits } = new ApiKeyAuthorizer(stack, 'Authorizer', {
    table: new ApiKeyTable(stack, 'Keys'),
    plans: {
      free: { throttle: { rateLimit: number, burstLimit: 2 } },
      pro: { quota: { limit: number, period: Fn.importValue('Period') as Period } },
    },
  });
  expect(stack.resolve(planLimits)).toEqual({
    'Fn::Join': [
      '',
      ['{"free":{"throttle":{"rateLimit":', { Ref: 'Number' }, ',"burstLimit":2},"per":"key","enforce":"gateway"}}'],
    ],
  });
});

describe('the prop limits', () => {
  const HERE = { account: '111111111111', region: 'eu-west-1' };
  const build = (makeLimits: (stack: Stack) => AuthorizerProps['limits']) => {
    const stack = new Stack(new App(), 'Test', { env: HERE });
    const limits = makeLimits(stack);
    const table = new ApiKeyTable(stack, 'Keys');
    const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { ...LIMITED, table, ...(limits && { limits }) });
    return { authorizer, limits, template: Template.fromStack(stack) };
  };

  test('replaces the table that the construct creates', () => {
    const { authorizer, limits, template } = build(
      (stack) => new ApiKeyLimits(stack, 'Limits', { tableName: 'limits' }),
    );
    expect(authorizer.limits).toBe(limits);
    template.resourceCountIs(TABLE, 2);
  });

  test('accepts a table of another account, which the function uses by its ARN', () => {
    const arn = 'arn:aws:dynamodb:eu-west-1:222222222222:table/limits';
    const { template } = build((stack) => ApiKeyLimits.fromTableArn(stack, 'Limits', arn));
    template.resourceCountIs(TABLE, 1);
    expect(variablesOf(template).table).toBe(arn);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: 'dynamodb:UpdateItem', Resource: arn })]),
      },
    });
  });

  test('rejects a table of another Region', () => {
    const arn = 'arn:aws:dynamodb:us-east-1:111111111111:table/limits';
    expect(problemOf(() => build((stack) => ApiKeyLimits.fromTableArn(stack, 'Limits', arn)))).toMatch(
      /^limits: expected a table in eu-west-1, .+, got Test\/Limits\/Table in us-east-1: quotas are per Region/,
    );
  });
});

describe('the synthesis', () => {
  const quota = { limit: 5, period: LimitPeriod.HOUR };
  const token = new CfnParameter(new Stack(), 'Token', { type: 'Number' }).valueAsNumber;

  test.each<[string, unknown, string]>([
    [
      'neither a throttle nor a quota',
      { enforce: 'authorizer' },
      "expected a throttle or a quota for enforce: 'authorizer', got neither",
    ],
    ['an unknown enforcer', { enforce: 'lambda' }, 'enforce: expected gateway, authorizer or none, got "lambda"'],
    ['an unknown subject', { ...METERED, per: 'ip' }, 'per: expected key, owner or none, got "ip"'],
    [
      'per for a usage plan',
      { per: 'owner' },
      "per: expected enforce: 'authorizer' beside it, got a plan that API Gateway enforces",
    ],
    [
      'shared and per',
      { ...METERED, shared: true, per: 'owner' },
      'expected shared or per, got both: a shared plan has one limit for all its keys',
    ],
    [
      'an offset',
      { enforce: 'authorizer', quota: { ...quota, offset: 1 } },
      'quota: offset: expected none, because the windows of the authorizer are fixed, got 1',
    ],
    [
      'a token as a quota',
      { enforce: 'authorizer', quota: { limit: token, period: LimitPeriod.DAY } },
      'quota: limit: expected a whole number from 1 to 9007199254740991, known at synthesis, got a value that only the deployment knows',
    ],
    [
      'a quota that is not an exact integer',
      { enforce: 'authorizer', quota: { limit: 1e300, period: LimitPeriod.DAY } },
      'quota: limit: expected a whole number from 1 to 9007199254740991, known at synthesis, got 1e+300',
    ],
    [
      'a token as a rate',
      { enforce: 'authorizer', throttle: { rateLimit: token, burstLimit: 1 } },
      'throttle: rateLimit: expected a number above 0, known at synthesis, got a value that only the deployment knows',
    ],
    [
      'an unknown period',
      { enforce: 'authorizer', quota: { limit: 5, period: 'YEAR' } },
      'quota: period: expected MINUTE, HOUR, DAY, WEEK, MONTH, got "YEAR"',
    ],
    [
      'a minute of a usage plan',
      { quota: { limit: 5, period: 'MINUTE' } },
      'quota: period: expected DAY, WEEK, MONTH, or with enforce: \'authorizer\' also MINUTE, HOUR, got "MINUTE"',
    ],
  ])('rejects a plan with %s', (_, plan, problem) => {
    const plans = { free: plan } as PlanMapping;
    expect(problemOf(() => authorizerUnderTest({ plans }))).toBe(`plans: free: ${problem}`);
  });

  test.each<[string, AuthorizerProps]>([
    ['limits', { limits: ApiKeyLimits.fromTableName(new Stack(), 'Limits', 'limits') }],
    ['onLimit', { onLimit: 'tell', plans: { free: { quota: { limit: 5, period: Period.DAY } } } }],
    ['onLimiterFailure', { onLimiterFailure: 'deny' }],
  ])('rejects %s without a plan that the authorizer enforces', (prop, props) => {
    const expected = `${prop}: expected a plan with enforce: 'authorizer' in plans, got none`;
    expect(problemOf(() => authorizerUnderTest(props))).toBe(expected);
  });

  test.each([
    ['a number', Duration.seconds(60)],
    ['a token', Duration.seconds(token)],
  ])(
    'rejects limits together with a resultsCacheTtl that is %s, because cached responses are not counted',
    (_, ttl) => {
      const props = { ...LIMITED, keySources: ['bearer'] as const, resultsCacheTtl: ttl };
      expect(problemOf(() => authorizerUnderTest(props))).toMatch(
        /^resultsCacheTtl: expected 0, .+ would not be counted$/,
      );
    },
  );

  test.each([
    ['onLimit', 'warn', 'deny or tell'],
    ['onLimiterFailure', 'ignore', 'allow or deny'],
  ])('rejects the value %s: %s', (prop, value, expected) => {
    const props = { ...LIMITED, [prop]: value } as AuthorizerProps;
    expect(problemOf(() => authorizerUnderTest(props))).toBe(`${prop}: expected ${expected}, got "${value}"`);
  });

  test('rejects a log retention beside a log group if no plan needs a second function', () => {
    const { stack } = authorizerUnderTest();
    const props = { ...LIMITED, logGroup: new LogGroup(stack, 'Own'), logRetention: RetentionDays.ONE_DAY };
    const table = ApiKeyTable.fromTableName(stack, 'Imported', 'keys');
    expect(problemOf(() => new ApiKeyAuthorizer(stack, 'Second', { ...props, table }))).toMatch(/^logRetention: /);
  });
});

describe('the monitoring of an authorizer with limits', () => {
  const { stack, authorizer } = authorizerUnderTest(LIMITED);
  new ApiKeyMonitoring(stack, 'Monitoring', { authorizer });
  const template = Template.fromStack(stack);

  test('has an alarm that fires after 10 requests whose limits could not be checked', () => {
    expect(alarmIn(template, 'alarm-limiter-failures')).toMatchObject({
      Namespace: 'Latchkey',
      MetricName: 'LimiterFailures',
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 10,
    });
  });

  test('shows limits on the dashboard', () => {
    const [dashboard] = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
    const body = JSON.stringify(dashboard?.properties.DashboardBody);
    for (const metric of ['Limited', 'LimitWrites', 'LimiterFailures']) expect(body).toContain(metric);
  });

  test('has another threshold, or no alarm, if you ask for it', () => {
    const monitored = (limiterFailureThreshold: number | false, props = LIMITED) => {
      const under = authorizerUnderTest(props);
      const monitoring = { authorizer: under.authorizer, limiterFailureThreshold, dashboard: false };
      new ApiKeyMonitoring(under.stack, 'Monitoring', monitoring);
      return alarmIn(Template.fromStack(under.stack), 'alarm-limiter-failures');
    };
    expect(monitored(1)).toMatchObject({ Threshold: 1 });
    expect(monitored(false)).toBeUndefined();
    expect(monitored(1, {})).toBeUndefined();
    expect(problemOf(() => monitored(0))).toMatch(/^limiterFailureThreshold: expected a number above 0, got 0$/);
  });
});
