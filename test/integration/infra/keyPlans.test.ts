import { App, CfnParameter, NestedStack, Stack, Stage as AppStage, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, Period, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Construct } from 'constructs';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { planNamespace } from '../../../infra/keyPlans.ts';
import { readConfig } from '../../../lambda/config.ts';
import { usageIdentifier } from '../../../lambda/plans.ts';
import { authorizerUnderTest, problemOf } from './authorizerUnderTest.ts';
import type { PlanMapping, PlanProps } from '../../../infra/planProps.ts';
import {
  PLANS,
  planned,
  plannedTemplate,
  QUOTA,
  resourcesOf,
  THROTTLE,
  USAGE_PLAN,
  variableOf,
} from './plansUnderTest.ts';

const STREAM = 'AWS::Lambda::EventSourceMapping';

describe('KeyPlans', () => {
  test('creates a usage plan for each plan and for keys without a plan', () => {
    const template = plannedTemplate();
    const [api] = Object.keys(template.findResources('AWS::ApiGateway::RestApi'));
    const [stage] = Object.keys(template.findResources('AWS::ApiGateway::Stage'));
    const ApiStages = [{ ApiId: { Ref: api }, Stage: { Ref: stage } }];
    template.resourceCountIs(USAGE_PLAN, 3);
    template.hasResourceProperties(USAGE_PLAN, {
      Description: 'Latchkey: the plan free, for each of its keys',
      Throttle: { RateLimit: 10, BurstLimit: 20 },
      Quota: { Limit: 1000, Period: 'MONTH' },
      ApiStages,
    });
    template.hasResourceProperties(USAGE_PLAN, {
      Description: 'Latchkey: the plan pro, for all its keys together',
      Throttle: { RateLimit: 100, BurstLimit: 200 },
      Quota: Match.absent(),
      ApiStages,
    });
    template.hasResourceProperties(USAGE_PLAN, {
      Description: 'Latchkey: keys of no plan, without limits',
      Throttle: Match.absent(),
      Quota: Match.absent(),
      ApiStages,
    });
  });

  test('adds the stages of several APIs to each usage plan', () => {
    const { stack, authorizer } = planned();
    const second = new RestApi(stack, 'Second', { cloudWatchRole: false });
    second.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi('SecondAuthorizer') });
    authorizer.applyPlans(second);
    for (const { properties } of resourcesOf(Template.fromStack(stack), USAGE_PLAN))
      expect(properties.ApiStages).toHaveLength(2);
  });

  test('adds each stage only once', () => {
    const once = plannedTemplate().toJSON();
    const twice = planned();
    twice.authorizer.applyPlans(twice.api);
    twice.authorizer.plans?.addStage(twice.api.deploymentStage);
    expect(Template.fromStack(twice.stack).toJSON()).toEqual(once);
  });

  test('returns a usage plan by the plan’s name', () => {
    const { authorizer } = planned();
    expect(authorizer.plans?.usagePlan('free')?.usagePlanId).toEqual(expect.any(String));
    expect(authorizer.plans?.usagePlan('gold')).toBeUndefined();
  });
});

test('KeyPlans creates API keys for the identifiers that the authorizer returns', () => {
  const { stack, authorizer } = planned();
  const template = Template.fromStack(stack);
  const { plans } = readConfig({
    LATCHKEY_TABLE: 'keys',
    LATCHKEY_PLANS: variableOf(template, /decides on API keys/, 'LATCHKEY_PLANS'),
  });
  const planOf = new Map(resourcesOf(template, USAGE_PLAN).map(({ id, properties }) => [id, properties.Description]));
  const counted = resourcesOf(template, 'AWS::ApiGateway::UsagePlanKey').map(({ properties }) => {
    const apiKey = template.toJSON()['Resources'][properties.KeyId.Ref];
    return [apiKey.Properties.Value, planOf.get(properties.UsagePlanId.Ref)] as const;
  });
  expect(new Map(counted)).toEqual(
    new Map([
      [plans?.identifierFor({ id: 'a' }), 'Latchkey: keys of no plan, without limits'],
      [plans?.identifierFor({ id: 'a', plan: 'pro' }), 'Latchkey: the plan pro, for all its keys together'],
    ]),
  );
  const namespace = planNamespace(authorizer);
  expect(plans?.identifierFor({ id: 'a', plan: 'free' })).toBe(usageIdentifier(namespace, { kind: 'key', id: 'a' }));
  expect(variableOf(template, /keeps an API key/, 'LATCHKEY_PLAN_NAMESPACE')).toBe(namespace);
});

describe('planNamespace', () => {
  const namespaceOf = (stackName: string, id = 'Authorizer') => {
    const stack = new Stack(new App(), 'Same', { stackName });
    return planNamespace(new ApiKeyAuthorizer(stack, id, { table: new ApiKeyTable(stack, 'Keys') }));
  };

  test('returns a unique value for each stack and construct', () => {
    expect(namespaceOf('one')).toMatch(/^[0-9a-f]{16}$/);
    expect(namespaceOf('one')).toBe(namespaceOf('one'));
    expect(new Set([namespaceOf('one'), namespaceOf('two'), namespaceOf('one', 'Other')]).size).toBe(3);
  });

  test('returns the same value after a stack with a fixed name moves in the app', () => {
    const inStage = new Stack(new AppStage(new App(), 'Production'), 'Elsewhere', { stackName: 'one' });
    const table = new ApiKeyTable(inStage, 'Keys');
    expect(planNamespace(new ApiKeyAuthorizer(inStage, 'Authorizer', { table }))).toBe(namespaceOf('one'));
  });

  test('returns the same value if you wrap the construct in one named Default', () => {
    const stack = new Stack(new App(), 'Same', { stackName: 'one' });
    const wrapper = new Construct(stack, 'Default');
    const table = new ApiKeyTable(stack, 'Keys');
    expect(planNamespace(new ApiKeyAuthorizer(wrapper, 'Authorizer', { table }))).toBe(namespaceOf('one'));
  });

  test('returns a value known at synthesis in a nested stack', () => {
    const nested = new NestedStack(new Stack(new App(), 'Outer'), 'Nested');
    expect(Token.isUnresolved(planNamespace(nested))).toBe(false);
    expect(planNamespace(nested)).not.toBe(planNamespace(new NestedStack(new Stack(new App(), 'Other'), 'Nested')));
  });
});

describe('UsagePlanSyncFunction', () => {
  const proIn = (template: Template) =>
    resourcesOf(template, USAGE_PLAN).find(({ properties }) => /the plan pro/.test(properties.Description))?.id;

  test('reads all writes to keys on a plan from the oldest to the newest', () => {
    const template = plannedTemplate();
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
    template.hasResourceProperties(STREAM, {
      EventSourceArn: { 'Fn::GetAtt': [table, 'StreamArn'] },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 25,
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      FilterCriteria: {
        Filters: ['NewImage', 'OldImage'].map((image) => ({
          Pattern: JSON.stringify({ dynamodb: { [image]: { plan: { S: [{ exists: true }] } } } }),
        })),
      },
      MaximumRecordAgeInSeconds: Match.absent(),
      MaximumRetryAttempts: Match.absent(),
    });
  });

  test('receives the ids of the usage plans as environment variables', () => {
    const template = plannedTemplate();
    const [free] = Object.keys(
      template.findResources(USAGE_PLAN, { Properties: Match.objectLike({ Quota: Match.anyValue() }) }),
    );
    expect(variableOf(template, /keeps an API key/, 'LATCHKEY_USAGE_PLANS')).toEqual({
      'Fn::Join': ['', ['{"free":"', { Ref: free }, '"}']],
    });
    expect(variableOf(template, /keeps an API key/, 'LATCHKEY_SHARED_USAGE_PLANS')).toEqual({
      'Fn::Join': ['', ['["', { Ref: proIn(template) }, '"]']],
    });
  });

  test('may only read the stream and manage API keys on its own plans', () => {
    const template = plannedTemplate();
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    const [free] = Object.keys(
      template.findResources(USAGE_PLAN, { Properties: Match.objectLike({ Quota: Match.anyValue() }) }),
    );
    const policy = resourcesOf(template, 'AWS::IAM::Policy').find(({ id }) => id.includes('UsagePlanSync'));
    const apiGateway = (...end: unknown[]) => {
      const [first, ...others] = end;
      return {
        'Fn::Join': [
          '',
          ['arn:', { Ref: 'AWS::Partition' }, ':apigateway:', { Ref: 'AWS::Region' }, `::${String(first)}`, ...others],
        ],
      };
    };
    const [logs, ...statements] = policy?.properties.PolicyDocument.Statement ?? [];
    expect(logs.Action).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    expect(statements).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
        Resource: { 'Fn::GetAtt': [table, 'StreamArn'] },
      },
      { Effect: 'Allow', Action: 'apigateway:GET', Resource: [apiGateway('/apikeys'), apiGateway('/usageplans')] },
      {
        Effect: 'Allow',
        Action: 'apigateway:POST',
        Resource: [apiGateway('/apikeys'), apiGateway('/usageplans/', { Ref: free }, '/keys')],
      },
      {
        Effect: 'Allow',
        Action: 'apigateway:DELETE',
        Resource: [
          apiGateway('/apikeys/*'),
          apiGateway('/usageplans/', { Ref: free }, '/keys/*'),
          apiGateway('/usageplans/', { Ref: proIn(template) }, '/keys/*'),
        ],
      },
    ]);
  });

  test('may decrypt with the table’s key only through DynamoDB', () => {
    const stack = new Stack(new App(), 'Test', { env: { region: 'eu-west-1' } });
    const encryption = TableEncryptionV2.customerManagedKey(new Key(stack, 'Key'));
    const table = new ApiKeyTable(stack, 'Keys', { encryption });
    new ApiKeyAuthorizer(stack, 'Authorizer', { table, plans: PLANS });
    const policy = resourcesOf(Template.fromStack(stack), 'AWS::IAM::Policy').find(({ id }) =>
      id.includes('UsagePlanSync'),
    );
    const statements: { Action: unknown }[] = policy?.properties.PolicyDocument.Statement ?? [];
    expect(statements.filter(({ Action }) => JSON.stringify(Action).includes('kms:'))).toEqual([
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: expect.anything(),
        Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } },
      },
    ]);
  });

  test('requires the stream ARN of an imported table', () => {
    const withTable = (tableStreamArn?: string) => {
      const stack = new Stack(new App(), 'Test');
      const tableArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/keys';
      const imported = TableV2.fromTableAttributes(stack, 'Imported', {
        tableArn,
        ...(tableStreamArn && { tableStreamArn }),
      });
      new ApiKeyAuthorizer(stack, 'Authorizer', {
        table: ApiKeyTable.fromTable(stack, 'Keys', imported),
        plans: PLANS,
      });
      return Template.fromStack(stack);
    };
    const streamArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/keys/stream/2030-06-15T12:00:00.000';
    withTable(streamArn).hasResourceProperties(STREAM, { EventSourceArn: streamArn });
    expect(problemOf(() => withTable())).toMatch(
      /^table: expected a tableStreamArn .+, got a table from elsewhere without one/,
    );
  });
});

describe('the API keys of shared plans', () => {
  /** Returns the dependencies of each `UsagePlanKey` by its logical id. */
  const dependenciesOf = (template: Template) =>
    new Map(
      Object.entries(template.findResources('AWS::ApiGateway::UsagePlanKey')).map(([id, { DependsOn = [] }]) => [
        id,
        DependsOn as readonly string[],
      ]),
    );

  test('join their usage plans one after another across the stack', () => {
    const { stack } = planned({ plans: { ...PLANS, team: { shared: true } } });
    const more = { table: new ApiKeyTable(stack, 'MoreKeys'), plans: PLANS };
    new ApiKeyAuthorizer(stack, 'Second', more);
    const dependencies = dependenciesOf(Template.fromStack(stack));
    expect(dependencies.size).toBe(5);
    const isOnPlan = (id: string) => dependencies.has(id);
    const chain = [...dependencies].map(([id, ids]) => [id, ids.filter(isOnPlan)] as const);
    const first = chain.filter(([, before]) => before.length === 0);
    expect(first).toHaveLength(1);
    expect(chain.every(([, before]) => before.length <= 1)).toBe(true);
    // Each key is a dependency of at most one other key.
    expect(new Set(chain.flatMap(([, before]) => before)).size).toBe(4);
  });

  test('join their usage plans before the sync function reads the stream', () => {
    const template = plannedTemplate();
    const [stream] = Object.values(template.findResources(STREAM));
    expect(stream?.['DependsOn']).toEqual(expect.arrayContaining([[...dependenciesOf(template).keys()].at(-1)]));
  });

  test('have distinct logical ids for all plan names', () => {
    const template = plannedTemplate({ plans: { pro: { shared: true }, proOnPlan: { shared: true } } });
    expect(dependenciesOf(template).size).toBe(3);
  });
});

test('KeyPlans omits the sync function and the stream if every plan is shared', () => {
  const { stack, authorizer } = planned({ plans: { pro: { throttle: THROTTLE, shared: true } } });
  const template = Template.fromStack(stack);
  template.resourceCountIs(STREAM, 0);
  template.resourceCountIs('AWS::Lambda::Function', 1);
  template.hasResourceProperties('AWS::DynamoDB::GlobalTable', { StreamSpecification: Match.absent() });
  expect(authorizer.plans?.usagePlanSync).toBeUndefined();
});

describe('planProblems', () => {
  test.each<[string, PlanMapping]>([
    ['a throttle without a burst', { free: { throttle: { rateLimit: 10 } } }],
    ['a throttle without a rate', { free: { throttle: { burstLimit: 10 } } }],
    ['a rate of 0', { free: { throttle: { rateLimit: 0, burstLimit: 1 } } }],
    ['a burst of half a request', { free: { throttle: { rateLimit: 1, burstLimit: 0.5 } } }],
    ['a rate that is not a number', { free: { throttle: { rateLimit: Number.NaN, burstLimit: 1 } } }],
    ['a quota without a limit', { free: { quota: { period: Period.DAY } } }],
    ['a quota without a period', { free: { quota: { limit: 1 } } }],
    ['a negative quota', { free: { quota: { limit: -1, period: Period.DAY } } }],
    ['a negative offset', { free: { quota: { ...QUOTA, offset: -1 } } }],
    ['an offset of half a request', { free: { quota: { ...QUOTA, offset: 0.5 } } }],
  ])('rejects %s', (_, plans) => {
    expect(problemOf(() => authorizerUnderTest({ plans }))).toMatch(/^plans: .*expected .+, got /);
  });

  test('rejects an invalid plan name', () => {
    expect(problemOf(() => authorizerUnderTest({ plans: { 'two words': {} } }))).toMatch(/^plans: expected .+, got /);
  });

  // JavaScript code or a type assertion can pass these values.
  test.each<[string, unknown, RegExp]>([
    [
      'a misspelt field of a plan',
      { quoata: QUOTA },
      /^plans: free: expected throttle, quota, shared, enforce, per, got the field "quoata"$/,
    ],
    [
      'a misspelt field of a throttle',
      { throttle: { ...THROTTLE, rate: 1 } },
      /^plans: free: throttle: expected .+, got the field "rate"/,
    ],
    [
      'a misspelt field of a quota',
      { quota: { ...QUOTA, offest: 1 } },
      /^plans: free: quota: expected .+, got the field "offest"/,
    ],
    [
      'a value of shared that is a string',
      { shared: 'true' },
      /^plans: free: shared: expected true, false or none, got "true"$/,
    ],
    ['a throttle that is a number', { throttle: 10 }, /^plans: free: throttle: expected an object, or none, got 10$/],
    ['a quota that is null', { quota: null }, /^plans: free: quota: expected an object, or none, got null$/],
    ['a plan that is null', null, /^plans: free: expected an object, got null$/],
    ['a plan that is a list', [THROTTLE], /^plans: free: expected an object, got \[.+\]$/],
    ['a plan that is undefined', undefined, /^plans: free: expected an object, got nothing$/],
  ])('rejects %s', (_, free, problem) => {
    const plans: PlanMapping = Object.fromEntries([['free', free as PlanProps]]);
    expect(problemOf(() => authorizerUnderTest({ plans }))).toMatch(problem);
  });

  test('accepts a token as a limit', () => {
    const stack = new Stack(new App(), 'Test');
    const rateLimit = new CfnParameter(stack, 'Rate', { type: 'Number' }).valueAsNumber;
    const plans = { free: { throttle: { rateLimit, burstLimit: 20 } } };
    new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys'), plans });
    Template.fromStack(stack).hasResourceProperties(USAGE_PLAN, { Throttle: { RateLimit: { Ref: 'Rate' } } });
  });

  test('rejects plans that exceed the size limit of environment variables', () => {
    const plans = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`plan-${at}-${'x'.repeat(50)}`, {}]));
    expect(problemOf(() => authorizerUnderTest({ plans }))).toMatch(
      /^plans: expected at most 4096 bytes of environment variables/,
    );
  });
});

test.each([{}, { env: { account: '123456789012', region: 'eu-central-1' } }])(
  'KeyPlans passes cdk-nag’s AwsSolutionsChecks in a stack with %p',
  (stackProps) => {
    const app = new App();
    const stack = new Stack(app, 'Test', stackProps);
    const table = new ApiKeyTable(stack, 'Keys');
    new ApiKeyAuthorizer(stack, 'Authorizer', { table, plans: { ...PLANS, trial: { quota: QUOTA } } });
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  },
);
