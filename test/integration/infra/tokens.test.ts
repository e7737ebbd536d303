import { App, CfnOutput, CfnParameter, Duration, Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyMonitoring } from '../../../infra/apiKeyMonitoring.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { authorizerUnderTest, refusalOf, type AuthorizerProps } from './authorizerUnderTest.ts';

const FUNCTION = 'AWS::Lambda::Function';

/** A stack with two parameters, and an authorizer of props that use them. */
function withParameters(propsOf: (number: CfnParameter, text: CfnParameter) => AuthorizerProps) {
  const stack = new Stack(new App(), 'Test');
  const number = new CfnParameter(stack, 'Number', { type: 'Number' });
  const text = new CfnParameter(stack, 'Text');
  const table = new ApiKeyTable(stack, 'Keys');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table, ...propsOf(number, text) });
  return { stack, authorizer, number };
}

const NUMBER = { Ref: 'Number' };

describe('a value that only the deployment knows is passed on', () => {
  test.each<[string, (number: CfnParameter, text: CfnParameter) => AuthorizerProps, object]>([
    ['memorySize', ({ valueAsNumber: memorySize }) => ({ memorySize }), { MemorySize: NUMBER }],
    [
      'reservedConcurrentExecutions',
      ({ valueAsNumber: reservedConcurrentExecutions }) => ({ reservedConcurrentExecutions }),
      { ReservedConcurrentExecutions: NUMBER },
    ],
    [
      'keyPrefix',
      (_, text) => ({ keyPrefix: text.valueAsString }),
      variables({ LATCHKEY_KEY_PREFIX: { Ref: 'Text' } }),
    ],
    [
      'debugSampleRate, with the lines of its level',
      ({ valueAsNumber: debugSampleRate }) => ({ debugSampleRate }),
      {
        ...variables({ LATCHKEY_DEBUG_SAMPLE_RATE: NUMBER }),
        LoggingConfig: Match.objectLike({ ApplicationLogLevel: 'DEBUG' }),
      },
    ],
    [
      'lastUsedInterval',
      (number) => ({ lastUsedInterval: Duration.seconds(number.valueAsNumber) }),
      variables({ LATCHKEY_LAST_USED_SECONDS: NUMBER }),
    ],
    [
      'staleIfError',
      (number) => ({ staleIfError: Duration.seconds(number.valueAsNumber) }),
      variables({ LATCHKEY_STALE_IF_ERROR_SECONDS: NUMBER }),
    ],
    [
      'scopes',
      (_, text) => ({ scopes: { read: [`GET /${text.valueAsString}`, 'GET /orders'] } }),
      variables({ LATCHKEY_SCOPES: { 'Fn::Join': ['', ['{"read":["GET /', { Ref: 'Text' }, '","GET /orders"]}']] } }),
    ],
  ])('%s', (_, propsOf, properties) => {
    Template.fromStack(withParameters(propsOf).stack).hasResourceProperties(FUNCTION, properties);
  });

  test('provisionedConcurrentExecutions, beside a reserved number', () => {
    const { stack } = withParameters(({ valueAsNumber }) => ({
      provisionedConcurrentExecutions: valueAsNumber,
      reservedConcurrentExecutions: 1,
    }));
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: NUMBER },
    });
  });

  test('leastDenials and the thresholds of alarms', () => {
    const { stack, authorizer, number } = withParameters(() => ({}));
    const { valueAsNumber } = number;
    new ApiKeyMonitoring(stack, 'Monitoring', {
      authorizer,
      leastDenials: valueAsNumber,
      faultThreshold: valueAsNumber,
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { Threshold: NUMBER });
    const metrics = Match.arrayWith([
      Match.objectLike({ Expression: { 'Fn::Join': ['', ['IF(denied >= ', NUMBER, Match.stringLikeRegexp('^, ')]] } }),
    ]);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { Metrics: metrics });
  });

  test('the output AcceptedKeys states a keyPrefix that only the deployment knows, in whole or in part', () => {
    const { stack, authorizer } = withParameters((_, text) => ({ keyPrefix: text.valueAsString }));
    new CfnOutput(stack, 'AcceptedKeys', { value: authorizer.acceptedKeys });
    Template.fromStack(stack).hasOutput('AcceptedKeys', { Value: { Ref: 'Text' } });

    const partly = withParameters((_, text) => ({ keyPrefix: `${text.valueAsString}_` }));
    const value = { 'Fn::Join': ['', [{ Ref: 'Text' }, '_']] };
    expect(partly.stack.resolve(partly.authorizer.acceptedKeys)).toEqual(value);
  });

  test('an authorizer that accepts foreign keys accepts any, whatever its keyPrefix turns out to be', () => {
    const { authorizer } = withParameters((_, text) => ({ keyPrefix: text.valueAsString, acceptForeignKeys: true }));
    expect(authorizer.acceptedKeys).toBe('any');
  });

  test('no token is printed as a number or as text in the template', () => {
    const { stack } = withParameters((number, text) => ({
      keyPrefix: text.valueAsString,
      memorySize: number.valueAsNumber,
      debugSampleRate: number.valueAsNumber,
      scopes: { read: [`GET /${text.valueAsString}`], write: Token.asList({ Ref: 'List' }) },
    }));
    new CfnParameter(stack, 'List', { type: 'CommaDelimitedList' });
    expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toMatch(/e\+289|\[Token|Token\[/);
  });
});

describe('a value that the synthesis needs is refused if only the deployment knows it, in words', () => {
  const later = Token.asNumber({ Ref: 'Number' });
  const laterText = Token.asString({ Ref: 'Text' });

  test.each<[string, AuthorizerProps]>([
    ['recordCacheTtl', { recordCacheTtl: Duration.seconds(later) }],
    ['recordCacheTtl', { recordCacheTtl: Duration.minutes(later) }],
    ['resultsCacheTtl', { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(later) }],
    ['keySources', { keySources: [`header:${laterText}`] }],
    ['lastUsedInterval', { lastUsedInterval: Duration.minutes(later) }],
    ['scopes', { scopes: { [laterText]: ['GET /orders'] } }],
    ['plans', { plans: { [laterText]: {} } }],
  ])('%s', (prop, props) => {
    const { path, problem } = refusalOf(() => authorizerUnderTest(props));
    expect(path).toBe('Test/Authorizer');
    expect(problem).toMatch(new RegExp(`^${prop}: got .+ only the deployment knows, wanted `));
    expect(problem).not.toMatch(/Token|e\+289/);
  });
});

describe('a number that Lambda would refuse is refused at synthesis', () => {
  test.each<[string, AuthorizerProps, string]>([
    ['memorySize', { memorySize: 64 }, '64, wanted a whole number from 128 to 10240'],
    ['memorySize', { memorySize: 10_241 }, '10241, wanted a whole number from 128 to 10240'],
    ['memorySize', { memorySize: 256.5 }, '256.5, wanted a whole number from 128 to 10240'],
    ['reservedConcurrentExecutions', { reservedConcurrentExecutions: -1 }, '-1, wanted a whole number of 0 or more'],
    ['reservedConcurrentExecutions', { reservedConcurrentExecutions: 1.5 }, '1.5, wanted a whole number of 0 or more'],
    [
      'reservedConcurrentExecutions',
      { reservedConcurrentExecutions: Number.NaN },
      'NaN, wanted a whole number of 0 or more',
    ],
    [
      'provisionedConcurrentExecutions',
      { provisionedConcurrentExecutions: -1 },
      '-1, wanted a whole number of 1 or more',
    ],
    [
      'provisionedConcurrentExecutions',
      { provisionedConcurrentExecutions: 0 },
      '0, wanted a whole number of 1 or more',
    ],
    [
      'provisionedConcurrentExecutions',
      { provisionedConcurrentExecutions: 5, reservedConcurrentExecutions: 4 },
      '5, wanted at most the reservedConcurrentExecutions, 4',
    ],
  ])('%s of %p', (prop, props, problem) => {
    expect(refusalOf(() => authorizerUnderTest(props))).toEqual({
      path: 'Test/Authorizer',
      problem: `${prop}: got ${problem}`,
    });
  });

  test('a function whose concurrency is reserved at 0, and one that has as much provisioned as reserved, are taken', () => {
    expect(() => authorizerUnderTest({ reservedConcurrentExecutions: 0 })).not.toThrow();
    const both = { provisionedConcurrentExecutions: 4, reservedConcurrentExecutions: 4 };
    expect(() => authorizerUnderTest(both)).not.toThrow();
  });
});

describe('an error carries the path of its construct', () => {
  test.each<[string, () => unknown]>([
    ['Test/Authorizer', () => authorizerUnderTest({ keyPrefix: 'SK_' })],
    ['Test/Authorizer', () => authorizerUnderTest().authorizer.forRestApi('Rest', { type: 'TOKEN' })],
    ['Test/Authorizer', () => authorizerUnderTest().authorizer.hideCredential()],
    ['Test/Authorizer', () => authorizerUnderTest({ metrics: false }).authorizer.metricAllowed()],
    [
      'Test/Monitoring',
      () => {
        const { stack, authorizer } = authorizerUnderTest();
        return new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, faultThreshold: 0 });
      },
    ],
    [
      'Test/Existing',
      () => {
        const { stack } = authorizerUnderTest();
        return ApiKeyTable.fromTable(stack, 'Existing', TableV2.fromTableName(stack, 'Table', 'keys')).streamArn();
      },
    ],
    ['Test/Authorizer/Plans', () => authorizerUnderTest({ plans: { free: {} } }).authorizer.plans?.addStage(undefined)],
    [
      'Test/Authorizer',
      () => {
        const { stack, authorizer } = authorizerUnderTest();
        const api = new HttpApi(stack, 'Api');
        const add = (path: string, payloadFormat: '1.0' | '2.0') =>
          api.addRoutes({
            path,
            methods: [HttpMethod.GET],
            integration: new HttpUrlIntegration('Integration', 'https://backend.example'),
            authorizer: authorizer.forHttpApi('Keys', { payloadFormat }),
          });
        add('/', '1.0');
        return add('/new', '2.0');
      },
    ],
    [
      'Test/Authorizer',
      () => {
        const { stack, authorizer } = authorizerUnderTest();
        const api = new RestApi(stack, 'Api');
        api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
        authorizer.applyPlans(api);
      },
    ],
  ])('%s: %s', (path, action) => {
    expect(refusalOf(action).path).toBe(path);
  });
});

function variables(expected: object) {
  return { Environment: { Variables: Match.objectLike(expected) } };
}
