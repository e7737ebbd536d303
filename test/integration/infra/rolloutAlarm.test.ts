import { Template } from 'aws-cdk-lib/assertions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { expect, test } from '@jest/globals';
import { ALARM, alarmIn, evaluate, metricsOf } from './alarmsUnderTest.ts';
import { authorizerUnderTest, type AuthorizerProps } from './authorizerUnderTest.ts';

const ROLLOUT = { rollout: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES };
const GROUP = 'AWS::CodeDeploy::DeploymentGroup';

const templateOf = (props: AuthorizerProps) => Template.fromStack(authorizerUnderTest(props).stack);
const alarmOf = (template: Template) => alarmIn(template, 'requests are being moved to');

test('a rollout is taken back by its alarm, without anything being asked for', () => {
  const { stack, authorizer } = authorizerUnderTest(ROLLOUT);
  Template.fromStack(stack).hasResourceProperties(GROUP, {
    AlarmConfiguration: { Enabled: true, Alarms: [{ Name: stack.resolve(authorizer.rolloutAlarm?.alarmName) }] },
    AutoRollbackConfiguration: { Enabled: true, Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'] },
  });
});

test('it reads the new version alone, by the minute', () => {
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
  ['a version that does not start', { failed: 20, invocations: 20, all: 80, unauthorized: 60 }, 100],
  ['the same, with few requests', { failed: 2, invocations: 2, all: 2, unauthorized: 0 }, 100],
  ['one that fails for some', { failed: 25, invocations: 100, all: 25, unauthorized: 0 }, 25],
  ['requests without a key alone', { failed: 60, invocations: 100, all: 600, unauthorized: 600 }, 0],
  [
    'a few of them that the log has in the next minute',
    { failed: 60, invocations: 100, all: 603, unauthorized: 600 },
    3,
  ],
  ['a log that is ahead', { failed: 60, invocations: 100, all: 590, unauthorized: 600 }, 0],
  [
    'an old version that fails, and a new one that mends it',
    { failed: 0, invocations: 100, all: 900, unauthorized: 0 },
    0,
  ],
  ['a single error', { failed: 1, invocations: 5, all: 1, unauthorized: 0 }, 0],
  ['a log that is behind', { failed: 60, invocations: 100, all: 600 }, 0],
])('it is raised by failures of that version, less requests without a key: %s', (_, values, percent) => {
  const alarm = alarmOf(templateOf(ROLLOUT));
  expect(evaluate(alarm, values)).toBe(percent);
  expect(alarm).toMatchObject({ Threshold: 10, ComparisonOperator: 'GreaterThanOrEqualToThreshold' });
});

test('it rings within a canary of 5 minutes, and is silent without data', () => {
  const alarm = alarmOf(templateOf(ROLLOUT));
  const secondsToRing = alarm.DatapointsToAlarm * metricsOf(alarm)[0]?.[4];
  // Data comes up to two minutes after what they tell.
  expect(secondsToRing + 2 * 60).toBeLessThan(5 * 60);
  expect(alarm).toMatchObject({ DatapointsToAlarm: 2, EvaluationPeriods: 3, TreatMissingData: 'notBreaching' });
});

test('there is none without a rollout, or where it is turned off', () => {
  templateOf({ provisionedConcurrentExecutions: 1 }).resourceCountIs(ALARM, 0);
  const off = templateOf({ ...ROLLOUT, rolloutAlarm: false });
  off.resourceCountIs(ALARM, 0);
  off.resourceCountIs('AWS::Logs::MetricFilter', 0);
});

test('it needs no metrics of the function’s own', () => {
  expect(alarmOf(templateOf({ ...ROLLOUT, metrics: false }))).toBeDefined();
});
