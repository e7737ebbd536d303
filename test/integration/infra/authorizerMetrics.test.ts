import { Template } from 'aws-cdk-lib/assertions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { expect, test } from '@jest/globals';
import { ALARM, alarmIn, evaluate, metricsOf } from './alarmsUnderTest.ts';
import { authorizerTemplate, authorizerUnderTest } from './authorizerUnderTest.ts';

const ROLLOUT = { rollout: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES };
const GROUP = 'AWS::CodeDeploy::DeploymentGroup';

const alarmOf = (template: Template) => alarmIn(template, 'alarm-rollout');

test('the rollout alarm rolls a version back by default', () => {
  const { stack, authorizer } = authorizerUnderTest(ROLLOUT);
  Template.fromStack(stack).hasResourceProperties(GROUP, {
    AlarmConfiguration: { Enabled: true, Alarms: [{ Name: stack.resolve(authorizer.rolloutAlarm?.alarmName) }] },
    AutoRollbackConfiguration: { Enabled: true, Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'] },
  });
});

test('the rollout alarm reads only the new version, by the minute', () => {
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
  ['the new version does not start, with few requests', { failed: 2, invocations: 2, all: 2, unauthorized: 0 }, 100],
  ['the new version fails for some requests', { failed: 25, invocations: 100, all: 25, unauthorized: 0 }, 25],
  ['only requests without a key', { failed: 60, invocations: 100, all: 600, unauthorized: 600 }, 0],
  [
    'requests without a key that the log has in the next minute',
    { failed: 60, invocations: 100, all: 603, unauthorized: 600 },
    3,
  ],
  ['the log is ahead of Lambda', { failed: 60, invocations: 100, all: 590, unauthorized: 600 }, 0],
  ['the old version fails, and the new one fixes it', { failed: 0, invocations: 100, all: 900, unauthorized: 0 }, 0],
  ['a single error', { failed: 1, invocations: 5, all: 1, unauthorized: 0 }, 0],
  ['the log is behind Lambda', { failed: 60, invocations: 100, all: 600 }, 0],
])('the rollout alarm subtracts requests without a key from the errors: %s', (_, values, percent) => {
  const alarm = alarmOf(authorizerTemplate(ROLLOUT));
  expect(evaluate(alarm, values)).toBe(percent);
  expect(alarm).toMatchObject({ Threshold: 10, ComparisonOperator: 'GreaterThanOrEqualToThreshold' });
});

test('the rollout alarm is raised within a canary of 5 minutes, and not without data', () => {
  const alarm = alarmOf(authorizerTemplate(ROLLOUT));
  const secondsToAlarm = alarm.DatapointsToAlarm * metricsOf(alarm)[0]?.[4];
  // Data arrives up to two minutes late.
  expect(secondsToAlarm + 2 * 60).toBeLessThan(5 * 60);
  expect(alarm).toMatchObject({ DatapointsToAlarm: 2, EvaluationPeriods: 3, TreatMissingData: 'notBreaching' });
});

test('the rollout alarm is absent without a rollout or if its prop is false', () => {
  authorizerTemplate({ provisionedConcurrentExecutions: 1 }).resourceCountIs(ALARM, 0);
  const off = authorizerTemplate({ ...ROLLOUT, rolloutAlarm: false });
  off.resourceCountIs(ALARM, 0);
  off.resourceCountIs('AWS::Logs::MetricFilter', 0);
});

test('the rollout alarm needs no metrics that the function emits', () => {
  expect(alarmOf(authorizerTemplate({ ...ROLLOUT, metrics: false }))).toBeDefined();
});
