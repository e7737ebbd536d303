import { expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { KeySource } from '../../../infra/keySource.ts';
import { authorizerUnderTest } from './authorizerUnderTest.ts';

test.each<[string, KeySource]>([
  ['bearer', KeySource.bearer()],
  ['basic', KeySource.basic()],
  ['header:X-Api-Key', KeySource.header('X-Api-Key')],
  ['header:Authorization:Api-Key', KeySource.header('Authorization', { scheme: 'Api-Key' })],
  ['query:api_key', KeySource.query('api_key')],
  ['cookie:key', KeySource.cookie('key')],
  ['websocket-protocol', KeySource.webSocketProtocol()],
  ['query:key', KeySource.of('query:key')],
])('the key source %s has this text', (text, source) => {
  expect([source.text, `${source}`]).toEqual([text, text]);
});

test('an authorizer accepts key sources and their texts in one list', () => {
  const keySources = [
    KeySource.header('Authorization', { scheme: 'Token' }),
    'query:key',
    KeySource.cookie('k'),
  ] as const;
  Template.fromStack(authorizerUnderTest({ keySources }).stack).hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { LATCHKEY_KEY_SOURCES: 'header:Authorization:Token,query:key,cookie:k' } },
  });
});
