import { App, Aspects, NestedStack, Stack, Stage as AppStage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import {
  ApiKeySourceType,
  CfnMethod,
  CfnStage,
  Deployment,
  MockIntegration,
  RestApi,
  Stage,
  type IRestApi,
  TokenAuthorizer,
  type RestApiProps,
} from 'aws-cdk-lib/aws-apigateway';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { authorizerUnderTest, problemOf, type AuthorizerProps } from './authorizerUnderTest.ts';
import { PLANS, planned, plannedTemplate, resourcesOf, USAGE_PLAN, variableOf } from './plansUnderTest.ts';

const METHOD = 'AWS::ApiGateway::Method';

describe('applyPlans', () => {
  const requiredOf = (stack: Stack) =>
    Object.fromEntries(
      resourcesOf(Template.fromStack(stack), METHOD).map(({ properties }) => [
        properties.HttpMethod,
        properties.ApiKeyRequired,
      ]),
    );

  test('requires an API key on methods that you add later', () => {
    const { stack, api, restAuthorizer } = planned();
    api.root.addMethod('POST', new MockIntegration(), { authorizer: restAuthorizer });
    Template.fromStack(stack).hasResourceProperties('AWS::ApiGateway::RestApi', { ApiKeySourceType: 'AUTHORIZER' });
    expect(requiredOf(stack)).toEqual({ GET: true, POST: true });
  });

  test('requires an API key on methods inside a Stage of the CDK', () => {
    const stack = new Stack(new AppStage(new App(), 'Production'), 'Test');
    const table = new ApiKeyTable(stack, 'Keys');
    const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table, plans: PLANS });
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    authorizer.applyPlans(api);
    expect(requiredOf(stack)).toEqual({ GET: true });
  });

  test('fails the synthesis if an aspect removes the API key requirement of a method', () => {
    const { stack, api } = planned();
    const forget = (node: unknown) => {
      if (node instanceof CfnMethod) node.apiKeyRequired = undefined;
    };
    Aspects.of(api).add({ visit: forget }, { priority: 900 });
    expect(() => Template.fromStack(stack)).toThrow(
      /applyPlans: Test\/Api\/Default\/GET\/Resource: expected apiKeyRequired to be set, got /,
    );
  });

  test('skips methods that lack the authorizer or set apiKeyRequired', () => {
    const { stack, api, restAuthorizer } = planned(
      { plans: PLANS },
      { defaultCorsPreflightOptions: { allowOrigins: ['*'] } },
    );
    const handler = LambdaFunction.fromFunctionArn(stack, 'Theirs', 'arn:aws:lambda:us-east-1:123456789012:function:x');
    const theirs = new TokenAuthorizer(stack, 'TheirAuthorizer', { handler });
    api.root.addMethod('POST', new MockIntegration());
    api.root.addMethod('PUT', new MockIntegration(), { authorizer: restAuthorizer, apiKeyRequired: false });
    api.root.addMethod('DELETE', new MockIntegration(), { authorizer: theirs });
    expect(requiredOf(stack)).toEqual({ GET: true, PUT: false, OPTIONS: false });
  });

  test('skips methods of other APIs', () => {
    const { stack, authorizer } = planned();
    const other = new RestApi(stack, 'Other', { cloudWatchRole: false });
    other.root.addMethod('POST', new MockIntegration(), { authorizer: authorizer.forRestApi('OtherAuthorizer') });
    expect(requiredOf(stack)).toEqual({ GET: true });
  });

  test('requires an API key on methods that another stack adds', () => {
    const { stack, api, restAuthorizer } = planned();
    const { restApiId, root } = api;
    const nested = new NestedStack(stack, 'More');
    const imported = RestApi.fromRestApiAttributes(nested, 'Api', { restApiId, rootResourceId: root.resourceId });
    imported.root.addMethod('POST', new MockIntegration(), { authorizer: restAuthorizer });
    expect(requiredOf(nested)).toEqual({ POST: true });
  });

  test.each([{}, { apiKeySourceType: ApiKeySourceType.AUTHORIZER }])(
    'replaces the deployment of an API with %p',
    (apiProps) => {
      const { stack, authorizer } = authorizerUnderTest({ plans: PLANS });
      const api = new RestApi(stack, 'Api', { cloudWatchRole: false, ...apiProps });
      api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
      const deploymentOf = (of: Stack) =>
        Object.keys(Template.fromStack(of).findResources('AWS::ApiGateway::Deployment'));
      expect(deploymentOf(stack)).not.toEqual(deploymentOf(planned({ plans: PLANS }, apiProps).stack));
    },
  );

  test('makes addGatewayResponses define the JSON envelope for requests over a plan’s limits', () => {
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

describe('a live API', () => {
  /** Returns the template after these steps of the migration to plans. */
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

  test('stays the same if addStage prepares the plans', () => {
    const template = after('first');
    expect(apiOf(template)).toEqual(apiOf(after('none')));
    expect(variableOf(template, /decides on API keys/, 'LATCHKEY_PLANS')).toEqual(expect.any(String));
    for (const { properties } of resourcesOf(template, USAGE_PLAN)) expect(properties.ApiStages).toHaveLength(1);
  });

  test('requires an API key after applyPlans', () => {
    const template = after('both');
    template.hasResourceProperties(METHOD, { ApiKeyRequired: true });
    const othersOf = ({ Resources }: Record<string, unknown>) =>
      Object.entries(Object(Resources)).filter(([, resource]) => !API_TYPES.includes(Object(resource).Type));
    const [first, both] = [after('first'), template].map((one) => othersOf(one.toJSON()));
    expect(both).toEqual(first);
    expect(template.toJSON()).toEqual(plannedTemplate().toJSON());
  });
});

describe('an API that reads API keys from a header', () => {
  /** A caller could compute the value of an API key of Latchkey's plans, and send it in that header. */
  function prepared({ authorizer: isBehind, props = {} }: { authorizer: boolean; props?: RestApiProps }) {
    const { stack, authorizer } = authorizerUnderTest({ plans: PLANS });
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false, ...props });
    const behind = isBehind ? { authorizer: authorizer.forRestApi() } : {};
    api.root.addMethod('GET', new MockIntegration(), { apiKeyRequired: true, ...behind });
    authorizer.plans?.addStage(api.deploymentStage);
    return () => Template.fromStack(stack);
  }

  test.each([{}, { apiKeySourceType: ApiKeySourceType.HEADER }])(
    'can’t be prepared for plans while a method lacks the authorizer: %j',
    (props) => {
      expect(prepared({ authorizer: false, props })).toThrow(
        /addStage: Test\/Api\/Default\/GET\/Resource: expected an authorizer on each method with apiKeyRequired, got a method without one/,
      );
    },
  );

  test.each([
    ['its methods have the authorizer', { authorizer: true }],
    [
      'it reads them from the authorizer',
      { authorizer: false, props: { apiKeySourceType: ApiKeySourceType.AUTHORIZER } },
    ],
  ])('can be prepared for plans if %s', (_, options) => {
    expect(prepared(options)).not.toThrow();
  });
});

describe('an authorizer without plans', () => {
  test('doesn’t add resources for plans to its template', () => {
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

  test('rejects a call of applyPlans', () => {
    const { stack, authorizer } = authorizerUnderTest();
    expect(problemOf(() => authorizer.applyPlans(new RestApi(stack, 'Api')))).toMatch(
      /^applyPlans: expected the prop plans to have plans .+, got .+ without plans$/,
    );
  });
});

test('applyPlans rejects an HTTP API, which has no usage plans', () => {
  const { stack, authorizer } = authorizerUnderTest({ plans: PLANS });
  // The type of the parameter rejects it only in TypeScript.
  const api = new HttpApi(stack, 'Api') as unknown as RestApi;
  expect(problemOf(() => authorizer.applyPlans(api))).toBe(
    'applyPlans: expected a REST API or a WebSocket API, got another API, which has no usage plans',
  );
});

describe('applyPlans with stages', () => {
  function withStages(apiProps: RestApiProps = {}) {
    const { stack, authorizer } = authorizerUnderTest({ plans: PLANS });
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false, ...apiProps });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    const addStage = (stageName: string) =>
      new Stage(stack, `Stage-${stageName}`, {
        stageName,
        // The CDK's class declares `undefined` for optional properties of its interface.
        deployment: new Deployment(stack, `Deployment-${stageName}`, { api: api as IRestApi }),
      });
    return { stack, authorizer, api, addStage };
  }

  const stagesIn = (stack: Stack) =>
    resourcesOf(Template.fromStack(stack), USAGE_PLAN).map(({ properties }) => properties.ApiStages?.length);

  test('adds every stage to every plan, including stages that you create later', () => {
    const { stack, authorizer, api, addStage } = withStages();
    addStage('before');
    authorizer.applyPlans(api);
    addStage('after');
    expect(stagesIn(stack)).toEqual([3, 3, 3]);
  });

  test('adds the stages of an API with deploy: false if they exist before the call', () => {
    const { stack, authorizer, api, addStage } = withStages({ deploy: false });
    addStage('own');
    authorizer.applyPlans(api);
    expect(stagesIn(stack)).toEqual([1, 1, 1]);
  });

  test('fails the synthesis if the option stages omits a stage of the API', () => {
    const { stack, authorizer, api, addStage } = withStages();
    addStage('forgotten');
    authorizer.applyPlans(api, { stages: [api.deploymentStage] });
    expect(() => Template.fromStack(stack)).toThrow(
      /applyPlans: Test\/Stage-forgotten\/Resource: expected .+, got a stage in no plan/,
    );
  });

  test('adds the stages of several calls', () => {
    const { stack, authorizer, api, addStage } = withStages();
    const second = addStage('second');
    authorizer.applyPlans(api, { stages: [api.deploymentStage] });
    authorizer.applyPlans(api, { stages: [second] });
    expect(stagesIn(stack)).toEqual([2, 2, 2]);
  });

  test('adds every stage if a call omits the option stages', () => {
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

  test('fails the synthesis for a CfnStage', () => {
    const { stack, authorizer, api } = withStages();
    authorizer.applyPlans(api);
    new CfnStage(stack, 'Raw', { restApiId: api.restApiId, stageName: 'raw' });
    expect(() => Template.fromStack(stack)).toThrow(/applyPlans: Test\/Raw: expected .+, got a stage in no plan/);
  });

  test('rejects stages of another API', () => {
    const { stack, authorizer, api } = withStages();
    const other = new RestApi(stack, 'Other', { cloudWatchRole: false });
    expect(problemOf(() => authorizer.applyPlans(api, { stages: [other.deploymentStage] }))).toMatch(
      /^applyPlans: stages: expected .+, got Test\/Other\/DeploymentStage\.prod, a stage of another one$/,
    );
  });

  test.each<[string, RestApiProps]>([
    ['without a stage', { deploy: false }],
    ['that reads API keys from a header', { apiKeySourceType: ApiKeySourceType.HEADER }],
  ])('rejects an API %s, and leaves it unchanged', (_, apiProps) => {
    const untouched = withStages(apiProps);
    const { stack, authorizer, api } = withStages(apiProps);
    expect(problemOf(() => authorizer.applyPlans(api))).toMatch(/^applyPlans: expected /);
    expect(Template.fromStack(stack).toJSON()).toEqual(Template.fromStack(untouched.stack).toJSON());
  });
});

describe('an API with methods without an authorizer', () => {
  const withOpenMethod = (apiKeyRequired?: boolean) => {
    const { stack, api } = planned();
    api.root.addMethod('POST', new MockIntegration(), apiKeyRequired === undefined ? {} : { apiKeyRequired });
    return stack;
  };

  test('fails the synthesis if one of them requires an API key, because nothing could identify its caller', () => {
    expect(() => Template.fromStack(withOpenMethod(true))).toThrow(
      /applyPlans: Test\/Api\/Default\/POST\/Resource: expected an authorizer from forRestApi, or .+, got a method that requires/,
    );
  });

  test.each([undefined, false])('leaves them open if their apiKeyRequired is %p', (apiKeyRequired) => {
    expect(resourcesOf(Template.fromStack(withOpenMethod(apiKeyRequired)), METHOD)).toHaveLength(2);
  });
});

describe('applyPlans with presented-key', () => {
  const PASS_THROUGH: AuthorizerProps = {
    externalKeys: true,
    keySources: ['header:x-api-key'],
    usageIdentifier: 'presented-key',
  };

  test('leaves the usage plans to the app if the authorizer doesn’t have plans', () => {
    const { stack, authorizer, api } = planned(PASS_THROUGH);
    authorizer.addGatewayResponses(api);
    const template = Template.fromStack(stack);
    template.resourceCountIs(USAGE_PLAN, 0);
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { ApiKeySourceType: 'AUTHORIZER' });
    template.hasResourceProperties(METHOD, { ApiKeyRequired: true });
    template.hasResourceProperties('AWS::ApiGateway::GatewayResponse', { ResponseType: 'INVALID_API_KEY' });
    expect(variableOf(template, /decides on API keys/, 'LATCHKEY_USAGE_IDENTIFIER')).toBe('presented-key');
  });

  test('does not require a stage if the authorizer doesn’t have plans', () => {
    expect(() => Template.fromStack(planned(PASS_THROUGH, { deploy: false }).stack)).not.toThrow();
  });

  test('adds the stages to the plans of the authorizer', () => {
    const template = Template.fromStack(planned({ ...PASS_THROUGH, plans: PLANS }).stack);
    for (const { properties } of resourcesOf(template, USAGE_PLAN)) expect(properties.ApiStages).toHaveLength(1);
  });

  test('causes an error if the authorizer doesn’t accept keys of other systems', () => {
    expect(problemOf(() => authorizerUnderTest({ usageIdentifier: 'presented-key' }))).toMatch(
      /^usageIdentifier: expected the prop externalKeys for "presented-key", got none/,
    );
  });
});

test('applyPlans rejects an API without a stage', () => {
  expect(problemOf(() => planned(undefined, { deploy: false }))).toMatch(
    /^applyPlans: expected a Stage .+, got a REST API without a stage/,
  );
});

test('applyPlans rejects an API that reads API keys from a header', () => {
  expect(problemOf(() => planned(undefined, { apiKeySourceType: ApiKeySourceType.HEADER }))).toMatch(
    /^applyPlans: expected .+ AUTHORIZER or none, got HEADER$/,
  );
});
