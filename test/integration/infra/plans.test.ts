import { App, Aspects, CfnParameter, NestedStack, Stack, Stage as AppStage, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import {
  ApiKeySourceType,
  CfnMethod,
  CfnStage,
  Deployment,
  MockIntegration,
  Period,
  RestApi,
  Stage,
  type IRestApi,
  TokenAuthorizer,
  type RestApiProps,
} from 'aws-cdk-lib/aws-apigateway';
import { TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Construct } from 'constructs';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { planNamespace } from '../../../infra/keyPlans.ts';
import { readConfig } from '../../../lambda/config.ts';
import { usageIdentifier } from '../../../lambda/plans.ts';
import { authorizerUnderTest, problemOf, type AuthorizerProps } from './authorizerUnderTest.ts';
import type { PlanMapping, PlanProps } from '../../../infra/planProps.ts';

const THROTTLE = { rateLimit: 10, burstLimit: 20 };
const QUOTA = { limit: 1000, period: Period.MONTH };
const PLANS: PlanMapping = {
  free: { throttle: THROTTLE, quota: QUOTA },
  pro: { throttle: { rateLimit: 100, burstLimit: 200 }, shared: true },
};
const USAGE_PLAN = 'AWS::ApiGateway::UsagePlan';
const METHOD = 'AWS::ApiGateway::Method';
const FOLLOWER = 'AWS::Lambda::EventSourceMapping';

/** An API of one guarded method under the plans. */
function planned(props: AuthorizerProps = { plans: PLANS }, apiProps: RestApiProps = {}) {
  const { stack, authorizer } = authorizerUnderTest(props);
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false, ...apiProps });
  const guard = authorizer.forRestApi();
  api.root.addMethod('GET', new MockIntegration(), { authorizer: guard });
  authorizer.applyPlans(api);
  return { stack, authorizer, api, guard };
}

const resourcesOf = (template: Template, type: string) =>
  Object.entries(template.findResources(type)).map(([id, { Properties }]) => ({ id, properties: Properties }));

/** The variable of the function that starts with these words, with its tokens as they stand in the template. */
function variableOf(template: Template, description: RegExp, name: string): string {
  const found = resourcesOf(template, 'AWS::Lambda::Function').find(({ properties }) =>
    description.test(properties.Description),
  );
  return found?.properties.Environment.Variables[name];
}

describe('each plan is a usage plan', () => {
  test('of its limits, with the stage of the API, and one without limits is for keys of no plan', () => {
    const { stack } = planned();
    const template = Template.fromStack(stack);
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

  test('of several APIs, each with its stage', () => {
    const { stack, authorizer } = planned();
    const second = new RestApi(stack, 'Second', { cloudWatchRole: false });
    second.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi('SecondAuthorizer') });
    authorizer.applyPlans(second);
    for (const { properties } of resourcesOf(Template.fromStack(stack), USAGE_PLAN))
      expect(properties.ApiStages).toHaveLength(2);
  });

  test('of each stage once, however often it is added', () => {
    const once = Template.fromStack(planned().stack).toJSON();
    const twice = planned();
    twice.authorizer.applyPlans(twice.api);
    twice.authorizer.plans?.addStage(twice.api.deploymentStage);
    expect(Template.fromStack(twice.stack).toJSON()).toEqual(once);
  });

  test('that can be looked up by the plan’s name', () => {
    const { authorizer } = planned();
    expect(authorizer.plans?.usagePlan('free')?.usagePlanId).toEqual(expect.any(String));
    expect(authorizer.plans?.usagePlan('gold')).toBeUndefined();
  });
});

test('the identifiers that the function will name are the values of API keys on the right plans', () => {
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

describe('the namespace of the identifiers', () => {
  const namespaceOf = (stackName: string, id = 'Authorizer') => {
    const stack = new Stack(new App(), 'Same', { stackName });
    return planNamespace(new ApiKeyAuthorizer(stack, id, { table: new ApiKeyTable(stack, 'Keys') }));
  };

  test('is known at synthesis, the same each time, and another for each stack and construct', () => {
    expect(namespaceOf('one')).toMatch(/^[0-9a-f]{16}$/);
    expect(namespaceOf('one')).toBe(namespaceOf('one'));
    expect(new Set([namespaceOf('one'), namespaceOf('two'), namespaceOf('one', 'Other')]).size).toBe(3);
  });

  test('stays when the stack that keeps its name is moved in the app, as logical ids do', () => {
    const inStage = new Stack(new AppStage(new App(), 'Production'), 'Elsewhere', { stackName: 'one' });
    const table = new ApiKeyTable(inStage, 'Keys');
    expect(planNamespace(new ApiKeyAuthorizer(inStage, 'Authorizer', { table }))).toBe(namespaceOf('one'));
  });

  test('stays when the construct is wrapped in one named Default, as logical ids do', () => {
    const stack = new Stack(new App(), 'Same', { stackName: 'one' });
    const wrapper = new Construct(stack, 'Default');
    const table = new ApiKeyTable(stack, 'Keys');
    expect(planNamespace(new ApiKeyAuthorizer(wrapper, 'Authorizer', { table }))).toBe(namespaceOf('one'));
  });

  test('is known in a nested stack, too, whose name is not', () => {
    const nested = new NestedStack(new Stack(new App(), 'Outer'), 'Nested');
    expect(Token.isUnresolved(planNamespace(nested))).toBe(false);
    expect(planNamespace(nested)).not.toBe(planNamespace(new NestedStack(new Stack(new App(), 'Other'), 'Nested')));
  });
});

describe('an API under plans', () => {
  const requiredOf = (stack: Stack) =>
    Object.fromEntries(
      resourcesOf(Template.fromStack(stack), METHOD).map(({ properties }) => [
        properties.HttpMethod,
        properties.ApiKeyRequired,
      ]),
    );

  test('takes what it counts by from the authorizer, and counts every guarded method, whenever it is added', () => {
    const { stack, api, guard } = planned();
    api.root.addMethod('POST', new MockIntegration(), { authorizer: guard });
    Template.fromStack(stack).hasResourceProperties('AWS::ApiGateway::RestApi', { ApiKeySourceType: 'AUTHORIZER' });
    expect(requiredOf(stack)).toEqual({ GET: true, POST: true });
  });

  test('counts every guarded method inside a Stage, which no aspect of the app reaches', () => {
    const stack = new Stack(new AppStage(new App(), 'Production'), 'Test');
    const table = new ApiKeyTable(stack, 'Keys');
    const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table, plans: PLANS });
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    authorizer.applyPlans(api);
    expect(requiredOf(stack)).toEqual({ GET: true });
  });

  test('fails the synthesis where a guarded method is left uncounted, and names it', () => {
    const { stack, api } = planned();
    const forget = (node: unknown) => {
      if (node instanceof CfnMethod) node.apiKeyRequired = undefined;
    };
    Aspects.of(api).add({ visit: forget }, { priority: 900 });
    expect(() => Template.fromStack(stack)).toThrow(/applyPlans: Test\/Api\/Default\/GET\/Resource: got /);
  });

  test('leaves a method that is open, that says so itself, or that another authorizer guards', () => {
    const { stack, api, guard } = planned({ plans: PLANS }, { defaultCorsPreflightOptions: { allowOrigins: ['*'] } });
    const handler = LambdaFunction.fromFunctionArn(stack, 'Theirs', 'arn:aws:lambda:us-east-1:123456789012:function:x');
    const theirs = new TokenAuthorizer(stack, 'TheirAuthorizer', { handler });
    api.root.addMethod('POST', new MockIntegration());
    api.root.addMethod('PUT', new MockIntegration(), { authorizer: guard, apiKeyRequired: false });
    api.root.addMethod('DELETE', new MockIntegration(), { authorizer: theirs });
    expect(requiredOf(stack)).toEqual({ GET: true, PUT: false, OPTIONS: false });
  });

  test('leaves the methods of an API that is not', () => {
    const { stack, authorizer } = planned();
    const other = new RestApi(stack, 'Other', { cloudWatchRole: false });
    other.root.addMethod('POST', new MockIntegration(), { authorizer: authorizer.forRestApi('OtherAuthorizer') });
    expect(requiredOf(stack)).toEqual({ GET: true });
  });

  test('counts the methods that another stack adds to it', () => {
    const { stack, api, guard } = planned();
    const { restApiId, root } = api;
    const nested = new NestedStack(stack, 'More');
    const imported = RestApi.fromRestApiAttributes(nested, 'Api', { restApiId, rootResourceId: root.resourceId });
    imported.root.addMethod('POST', new MockIntegration(), { authorizer: guard });
    expect(requiredOf(nested)).toEqual({ POST: true });
  });

  test.each([{}, { apiKeySourceType: ApiKeySourceType.AUTHORIZER }])(
    'of %p is deployed anew when it comes under plans: a stage serves what it was deployed with',
    (apiProps) => {
      const { stack, authorizer } = authorizerUnderTest({ plans: PLANS });
      const api = new RestApi(stack, 'Api', { cloudWatchRole: false, ...apiProps });
      api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
      const deploymentOf = (of: Stack) =>
        Object.keys(Template.fromStack(of).findResources('AWS::ApiGateway::Deployment'));
      expect(deploymentOf(stack)).not.toEqual(deploymentOf(planned({ plans: PLANS }, apiProps).stack));
    },
  );

  test('words what API Gateway refuses by its plans in the envelope', () => {
    const { stack, authorizer, api } = planned();
    authorizer.addGatewayResponses(api);
    const responses = resourcesOf(Template.fromStack(stack), 'AWS::ApiGateway::GatewayResponse');
    const codes = ['THROTTLED', 'QUOTA_EXCEEDED', 'INVALID_API_KEY'].map((type) => {
      const response = responses.find(({ properties }) => properties.ResponseType === type);
      const envelope = JSON.parse(response?.properties.ResponseTemplates['application/json']);
      expect(envelope).toMatchObject({ success: false, data: null, pagination: null });
      return envelope.error.code;
    });
    expect(codes).toEqual(['THROTTLED', 'QUOTA_EXCEEDED', 'PLAN_UNAVAILABLE']);
  });
});

describe('an API that is live comes under plans in two deployments', () => {
  /** The API under as many of the steps. */
  function after(steps: 'none' | 'first' | 'both') {
    const { stack, authorizer } = authorizerUnderTest(steps === 'none' ? {} : { plans: PLANS });
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    if (steps !== 'none') authorizer.plans?.addStage(api.deploymentStage);
    if (steps === 'both') authorizer.applyPlans(api);
    return Template.fromStack(stack);
  }

  const API_TYPES = ['RestApi', 'Method', 'Deployment', 'Stage'].map((type) => `AWS::ApiGateway::${type}`);
  const apiOf = (template: Template) => API_TYPES.map((type) => template.findResources(type));

  test('the first has answers name what to count by and every plan have the stage, and leaves the API as it is', () => {
    const template = after('first');
    expect(apiOf(template)).toEqual(apiOf(after('none')));
    expect(variableOf(template, /decides on API keys/, 'LATCHKEY_PLANS')).toEqual(expect.any(String));
    for (const { properties } of resourcesOf(template, USAGE_PLAN)) expect(properties.ApiStages).toHaveLength(1);
  });

  test('the second has the API require it, and changes nothing else', () => {
    const template = after('both');
    template.hasResourceProperties(METHOD, { ApiKeyRequired: true });
    const othersOf = ({ Resources }: Record<string, unknown>) =>
      Object.entries(Object(Resources)).filter(([, resource]) => !API_TYPES.includes(Object(resource).Type));
    const [first, both] = [after('first'), template].map((one) => othersOf(one.toJSON()));
    expect(both).toEqual(first);
    expect(template.toJSON()).toEqual(Template.fromStack(planned().stack).toJSON());
  });
});

describe('without plans', () => {
  test('nothing of them is in the template', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    authorizer.addGatewayResponses(api);
    const text = JSON.stringify(Template.fromStack(stack).toJSON());
    const words = [
      'UsagePlan',
      'ApiGateway::ApiKey',
      'ApiKeySource',
      'ApiKeyRequired',
      'LATCHKEY_PLANS',
      'StreamSpecification',
      'QUOTA',
    ];
    expect(words.filter((word) => text.includes(word))).toEqual([]);
    expect(authorizer.plans).toBeUndefined();
  });

  test('applyPlans is refused', () => {
    const { stack, authorizer } = authorizerUnderTest();
    expect(problemOf(() => authorizer.applyPlans(new RestApi(stack, 'Api')))).toMatch(
      /^applyPlans: got .+ without plans/,
    );
  });
});

describe('the stages of an API', () => {
  function withStages(apiProps: RestApiProps = {}) {
    const { stack, authorizer } = authorizerUnderTest({ plans: PLANS });
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false, ...apiProps });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    const addStage = (stageName: string) =>
      new Stage(stack, `Stage-${stageName}`, {
        stageName,
        // The CDK's class has `undefined` where its interface leaves out, which exact optional properties tell apart.
        deployment: new Deployment(stack, `Deployment-${stageName}`, { api: api as IRestApi }),
      });
    return { stack, authorizer, api, addStage };
  }

  const stagesIn = (stack: Stack) =>
    resourcesOf(Template.fromStack(stack), USAGE_PLAN).map(({ properties }) => properties.ApiStages?.length);

  test('are all in every plan, those too that are added after the call', () => {
    const { stack, authorizer, api, addStage } = withStages();
    addStage('before');
    authorizer.applyPlans(api);
    addStage('after');
    expect(stagesIn(stack)).toEqual([3, 3, 3]);
  });

  test('are in the plans of an API that deploys itself, if they are made before the call', () => {
    const { stack, authorizer, api, addStage } = withStages({ deploy: false });
    addStage('own');
    authorizer.applyPlans(api);
    expect(stagesIn(stack)).toEqual([1, 1, 1]);
  });

  test('are those that are named, and one that is left out fails the synthesis by name', () => {
    const { stack, authorizer, api, addStage } = withStages();
    addStage('forgotten');
    authorizer.applyPlans(api, { stages: [api.deploymentStage] });
    expect(() => Template.fromStack(stack)).toThrow(
      /applyPlans: Test\/Stage-forgotten\/Resource: got a stage in no plan, .+ wanted /,
    );
  });

  test('are in the plans over several calls', () => {
    const { stack, authorizer, api, addStage } = withStages();
    const second = addStage('second');
    authorizer.applyPlans(api, { stages: [api.deploymentStage] });
    authorizer.applyPlans(api, { stages: [second] });
    expect(stagesIn(stack)).toEqual([2, 2, 2]);
  });

  test('are all in the plans, those too that are added later, once a call names none', () => {
    const named = withStages();
    named.authorizer.applyPlans(named.api, { stages: [named.api.deploymentStage] });
    named.authorizer.applyPlans(named.api);
    named.addStage('after');
    expect(stagesIn(named.stack)).toEqual([2, 2, 2]);

    const all = withStages();
    all.authorizer.applyPlans(all.api);
    all.authorizer.applyPlans(all.api, { stages: [all.api.deploymentStage] });
    all.addStage('after');
    expect(stagesIn(all.stack)).toEqual([2, 2, 2]);
  });

  test('fail the synthesis if one is a CfnStage, which no plan can have', () => {
    const { stack, authorizer, api } = withStages();
    authorizer.applyPlans(api);
    new CfnStage(stack, 'Raw', { restApiId: api.restApiId, stageName: 'raw' });
    expect(() => Template.fromStack(stack)).toThrow(/applyPlans: Test\/Raw: got a stage in no plan/);
  });

  test('are rejected if they belong to another API', () => {
    const { stack, authorizer, api } = withStages();
    const other = new RestApi(stack, 'Other', { cloudWatchRole: false });
    expect(problemOf(() => authorizer.applyPlans(api, { stages: [other.deploymentStage] }))).toMatch(
      /^applyPlans: stages: got Test\/Other\/DeploymentStage\.prod, a stage of another REST API, wanted /,
    );
  });

  test.each<[string, RestApiProps]>([
    ['without a stage', { deploy: false }],
    ['with keys of API Gateway from a header', { apiKeySourceType: ApiKeySourceType.HEADER }],
  ])('decide before anything changes: an API %s stays as it is', (_, apiProps) => {
    const untouched = withStages(apiProps);
    const { stack, authorizer, api } = withStages(apiProps);
    expect(problemOf(() => authorizer.applyPlans(api))).toMatch(/^applyPlans: got a REST API /);
    expect(Template.fromStack(stack).toJSON()).toEqual(Template.fromStack(untouched.stack).toJSON());
  });
});

test('an API without a stage is refused: its plans would count nothing', () => {
  expect(problemOf(() => planned(undefined, { deploy: false }))).toMatch(
    /^applyPlans: got a REST API without a stage.+, wanted /,
  );
});

test('an API that takes API Gateway’s keys from a header is refused: whoever knows an identifier could send it', () => {
  expect(problemOf(() => planned(undefined, { apiKeySourceType: ApiKeySourceType.HEADER }))).toMatch(
    /^applyPlans: got .+ HEADER, wanted AUTHORIZER/,
  );
});

describe('where some plan is per key', () => {
  const proIn = (template: Template) =>
    resourcesOf(template, USAGE_PLAN).find(({ properties }) => /the plan pro/.test(properties.Description))?.id;

  test('a function follows all writes to keys on a plan, from the oldest, and lets no key block the others', () => {
    const { stack } = planned();
    const template = Template.fromStack(stack);
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
    template.hasResourceProperties(FOLLOWER, {
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

  test('the function knows the usage plans that are per key, and those that are shared', () => {
    const { stack } = planned();
    const template = Template.fromStack(stack);
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

  test('its role may follow the stream, and make and delete API keys on its own plans, and nothing else', () => {
    const { stack } = planned();
    const template = Template.fromStack(stack);
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

  test('its role may decrypt with the key of the table only through DynamoDB', () => {
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

  test('a table from elsewhere wants its stream told', () => {
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
    withTable(streamArn).hasResourceProperties(FOLLOWER, { EventSourceArn: streamArn });
    expect(problemOf(() => withTable())).toMatch(/^table: got .+ without the ARN of its stream, wanted /);
  });
});

describe('the API keys that stand for several keys', () => {
  /** By logical id, what each waits for. */
  const waitsOf = (stack: Stack) =>
    new Map(
      Object.entries(Template.fromStack(stack).findResources('AWS::ApiGateway::UsagePlanKey')).map(
        ([id, { DependsOn = [] }]) => [id, DependsOn as readonly string[]],
      ),
    );

  test('are put on their plans one after the other, over all authorizers of the stack: API Gateway refuses two at once', () => {
    const { stack } = planned({ plans: { ...PLANS, team: { shared: true } } });
    const more = { table: new ApiKeyTable(stack, 'MoreKeys'), plans: PLANS };
    new ApiKeyAuthorizer(stack, 'Second', more);
    const waits = waitsOf(stack);
    expect(waits.size).toBe(5);
    const isOnPlan = (id: string) => waits.has(id);
    const chain = [...waits].map(([id, ids]) => [id, ids.filter(isOnPlan)] as const);
    const first = chain.filter(([, before]) => before.length === 0);
    expect(first).toHaveLength(1);
    expect(chain.every(([, before]) => before.length <= 1)).toBe(true);
    // Nobody is waited for by two.
    expect(new Set(chain.flatMap(([, before]) => before)).size).toBe(4);
  });

  test('are on their plans before the function begins to put others there', () => {
    const { stack } = planned();
    const template = Template.fromStack(stack);
    const [follower] = Object.values(template.findResources(FOLLOWER));
    expect(follower?.['DependsOn']).toEqual(expect.arrayContaining([[...waitsOf(stack).keys()].at(-1)]));
  });

  test('have ids of their own, whatever the names of the plans', () => {
    const { stack } = planned({ plans: { pro: { shared: true }, proOnPlan: { shared: true } } });
    expect(waitsOf(stack).size).toBe(3);
  });
});

test('where every plan is shared no function follows the table, and the table has no stream', () => {
  const { stack, authorizer } = planned({ plans: { pro: { throttle: THROTTLE, shared: true } } });
  const template = Template.fromStack(stack);
  template.resourceCountIs(FOLLOWER, 0);
  template.resourceCountIs('AWS::Lambda::Function', 1);
  template.hasResourceProperties('AWS::DynamoDB::GlobalTable', { StreamSpecification: Match.absent() });
  expect(authorizer.plans?.usagePlanSync).toBeUndefined();
});

describe('a plan that no usage plan could be is refused at synthesis', () => {
  test.each<[string, PlanMapping]>([
    ['a name', { 'two words': {} }],
    ['a throttle without a burst', { free: { throttle: { rateLimit: 10 } } }],
    ['a throttle without a rate', { free: { throttle: { burstLimit: 10 } } }],
    ['a rate of nothing', { free: { throttle: { rateLimit: 0, burstLimit: 1 } } }],
    ['a burst of half a request', { free: { throttle: { rateLimit: 1, burstLimit: 0.5 } } }],
    ['a rate that is no number', { free: { throttle: { rateLimit: Number.NaN, burstLimit: 1 } } }],
    ['a quota without a limit', { free: { quota: { period: Period.DAY } } }],
    ['a quota without a period', { free: { quota: { limit: 1 } } }],
    ['a quota below nothing', { free: { quota: { limit: -1, period: Period.DAY } } }],
    ['an offset below nothing', { free: { quota: { ...QUOTA, offset: -1 } } }],
    ['an offset of half a request', { free: { quota: { ...QUOTA, offset: 0.5 } } }],
  ])('%s', (_, plans) => {
    expect(problemOf(() => authorizerUnderTest({ plans }))).toMatch(/^plans: .*(got .+, wanted |expected .+, got )/);
  });

  // As JavaScript or a cast has it.
  test.each<[string, unknown, RegExp]>([
    [
      'a misspelt field of a plan',
      { quoata: QUOTA },
      /^plans: free: got the field "quoata", wanted throttle, quota, shared$/,
    ],
    [
      'a misspelt field of a throttle',
      { throttle: { ...THROTTLE, rate: 1 } },
      /^plans: free: throttle: got the field "rate"/,
    ],
    ['a misspelt field of a quota', { quota: { ...QUOTA, offest: 1 } }, /^plans: free: quota: got the field "offest"/],
    ['a shared that is a text', { shared: 'true' }, /^plans: free: shared: got "true", wanted true, false or none$/],
    ['a throttle that is a number', { throttle: 10 }, /^plans: free: throttle: got 10, wanted an object/],
    ['a quota that is null', { quota: null }, /^plans: free: quota: got null, wanted an object/],
    ['a plan that is null', null, /^plans: free: got null, wanted an object$/],
    ['a plan that is a list', [THROTTLE], /^plans: free: got \[.+\], wanted an object$/],
    ['a plan that is nothing', undefined, /^plans: free: got nothing, wanted an object$/],
  ])('%s', (_, free, problem) => {
    const plans: PlanMapping = Object.fromEntries([['free', free as PlanProps]]);
    expect(problemOf(() => authorizerUnderTest({ plans }))).toMatch(problem);
  });

  test('a limit that only the deployment knows is taken', () => {
    const stack = new Stack(new App(), 'Test');
    const rateLimit = new CfnParameter(stack, 'Rate', { type: 'Number' }).valueAsNumber;
    const plans = { free: { throttle: { rateLimit, burstLimit: 20 } } };
    new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys'), plans });
    Template.fromStack(stack).hasResourceProperties(USAGE_PLAN, { Throttle: { RateLimit: { Ref: 'Rate' } } });
  });

  test('more plans than the function’s variables have room for', () => {
    const plans = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`plan-${at}-${'x'.repeat(50)}`, {}]));
    expect(problemOf(() => authorizerUnderTest({ plans }))).toMatch(/^plans: got \d+ bytes of environment variables/);
  });
});

test.each([{}, { env: { account: '123456789012', region: 'eu-central-1' } }])(
  'the security checks find nothing in what plans add, in a stack of %p',
  (stackProps) => {
    const app = new App();
    const stack = new Stack(app, 'Test', stackProps);
    const table = new ApiKeyTable(stack, 'Keys');
    new ApiKeyAuthorizer(stack, 'Authorizer', { table, plans: { ...PLANS, trial: { quota: QUOTA } } });
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  },
);
