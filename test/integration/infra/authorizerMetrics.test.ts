import { Template } from 'aws-cdk-lib/assertions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { expect, test } from '@jest/globals';
import { ALARM, alarmIn, evaluate, metricsOf } from './alarmsUnderTest.ts';
import { authorizerTemplate, authorizerUnderTest } from './authorizerUnderTest.ts';

const ROLLOUT = { rollout: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES };
const GROUP = 'AWS::CodeDeploy::DeploymentGroup';

const alarmOf = (template: Template) => alarmIn(template, 'alarm-rollout');

test('CodeDeploy rolls a version back by default if the rollout alarm fires', () => {
  const { stack, authorizer } = authorizerUnderTest(ROLLOUT);
  Template.fromStack(stack).hasResourceProperties(GROUP, {
    AlarmConfiguration: { Enabled: true, Alarms: [{ Name: stack.resolve(authorizer.rolloutAlarm?.alarmName) }] },
    AutoRollbackConfiguration: { Enabled: true, Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'] },
  });
});

test('the rollout alarm reads metrics of the new version in periods of one minute', () => {
  const { stack, authorizer } = authorizerUnderTest(ROLLOUT);
  const template = Template.fromStack(stack);
  const [alias] = Object.values(template.findResources('AWS::Lambda::Alias'));
  const { Name, FunctionVersion } = alias?.['Properties'] ?? {};
  const functionName = stack.resolve(authorizer.function.functionName);
  const ofFunction = [{ Name: 'FunctionName', Value: functionName }];
  const ofVersion = expect.arrayContaining([
    ...ofFunction,
    { Name: 'Resource', Value: { 'Fn::Join': ['', [functionName, `:${Name}`]] } },
    { Name: 'ExecutedVersion', Value: FunctionVersion },
  ]);
  expect(metricsOf(alarmOf(template))).toEqual([
    ['failed', ofVersion, 'Errors', 'AWS/Lambda', 60, 'Sum'],
    ['invocations', ofVersion, 'Invocations', 'AWS/Lambda', 60, 'Sum'],
    ['all', ofFunction, 'Errors', 'AWS/Lambda', 60, 'Sum'],
    ['unauthorized', { 'Fn::Join': ['', ['Unauthorized-', functionName]] }, 'Latchkey', 60, 'Sum'],
  ]);
});

test.each([
  ['the new version does not start', { failed: 20, invocations: 20, all: 80, unauthorized: 60 }, 100],
  [
    'the new version does not start and receives few requests',
    { failed: 2, invocations: 2, all: 2, unauthorized: 0 },
    100,
  ],
  ['the new version fails for some requests', { failed: 25, invocations: 100, all: 25, unauthorized: 0 }, 25],
  ['all errors are requests without a key', { failed: 60, invocations: 100, all: 600, unauthorized: 600 }, 0],
  [
    'the log counts some requests without a key a minute late',
    { failed: 60, invocations: 100, all: 603, unauthorized: 600 },
    3,
  ],
  ['the log counts requests before Lambda does', { failed: 60, invocations: 100, all: 590, unauthorized: 600 }, 0],
  ['only the old version fails', { failed: 0, invocations: 100, all: 900, unauthorized: 0 }, 0],
  ['the authorizer’s function fails once', { failed: 1, invocations: 5, all: 1, unauthorized: 0 }, 0],
  ['the log counts requests after Lambda does', { failed: 60, invocations: 100, all: 600 }, 0],
])('the rollout alarm computes the error rate without requests that lack a key: %s', (_, values, percent) => {
  const alarm = alarmOf(authorizerTemplate(ROLLOUT));
  expect(evaluate(alarm, values)).toBe(percent);
  expect(alarm).toMatchObject({ Threshold: 10, ComparisonOperator: 'GreaterThanOrEqualToThreshold' });
});

test('the rollout alarm can fire within a canary of 5 minutes', () => {
  const alarm = alarmOf(authorizerTemplate(ROLLOUT));
  const secondsToAlarm = alarm.DatapointsToAlarm * metricsOf(alarm)[0]?.[4];
  // CloudWatch can receive data two minutes late.
  expect(secondsToAlarm + 2 * 60).toBeLessThan(5 * 60);
  expect(alarm).toMatchObject({ DatapointsToAlarm: 2, EvaluationPeriods: 3, TreatMissingData: 'notBreaching' });
});

test('the rollout alarm does not exist without a rollout', () => {
  authorizerTemplate({ provisionedConcurrentExecutions: 1 }).resourceCountIs(ALARM, 0);
  const off = authorizerTemplate({ ...ROLLOUT, rolloutAlarm: false });
  off.resourceCountIs(ALARM, 0);
  off.resourceCountIs('AWS::Logs::MetricFilter', 0);
});

test('the rollout alarm exists even if metrics are off', () => {
  expect(alarmOf(authorizerTemplate({ ...ROLLOUT, metrics: false }))).toBeDefined();
});
