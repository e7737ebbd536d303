import { Aspects, type Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { describe, expect, test } from '@jest/globals';
import { authorizerUnderTest } from './authorizerUnderTest.ts';

type SetLevel = (node: CfnFunction, level: string) => void;

/** The ways in which an aspect can set the log level of every function. */
const WAYS: Readonly<Record<string, SetLevel>> = {
  'the property': (node, applicationLogLevel) => {
    node.loggingConfig = { ...node.loggingConfig, logFormat: 'JSON', applicationLogLevel };
  },
  'an override': (node, level) => node.addPropertyOverride('LoggingConfig.ApplicationLogLevel', level),
};

function setLevels(stack: Stack, setLevel: SetLevel, level: string): void {
  Aspects.of(stack.node.root).add({
    visit: (node: IConstruct) => {
      if (node instanceof CfnFunction) setLevel(node, level);
    },
  });
}

const warningsIn = (stack: Stack) =>
  Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('^ApplicationLogLevel: expected '));

describe.each(Object.entries(WAYS))('latchkeyFunction with a log level from %s', (_, setLevel) => {
  test.each(['WARN', 'ERROR', 'FATAL'])('warns that the level %s suppresses every metric', (level) => {
    const { stack } = authorizerUnderTest();
    setLevels(stack, setLevel, level);
    const [warning, ...others] = warningsIn(stack);
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      id: '/Test/Authorizer/Function/Resource',
      entry: { data: expect.stringMatching(`expected INFO or DEBUG, got ${level}: .+ every metric`) },
    });
  });

  test.each(['INFO', 'DEBUG', 'TRACE'])('does not warn at the level %s', (level) => {
    const { stack } = authorizerUnderTest();
    setLevels(stack, setLevel, level);
    expect(warningsIn(stack)).toEqual([]);
  });

  test.each([
    ['ERROR', 1],
    ['FATAL', 2],
  ])('warns at the level %s for %i functions of an authorizer with plans', (level, count) => {
    const { stack } = authorizerUnderTest({ plans: { free: {} } });
    setLevels(stack, setLevel, level);
    expect(warningsIn(stack)).toHaveLength(count);
  });
});

test('latchkeyFunction does not warn by default', () => {
  for (const props of [{}, { debugSampleRate: 0.5 }]) {
    expect(warningsIn(authorizerUnderTest(props).stack)).toEqual([]);
  }
});
