import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from '@jest/globals';
import { readAppContext } from '../../../infra/app/appContext.ts';
import { LatchkeyStack } from '../../../infra/app/latchkeyStack.ts';

describe('the context of the app', () => {
  test('names the stack, the key sources and the scopes', () => {
    const context = {
      name: 'Orders',
      keySources: 'bearer,header:X-Api-Key',
      scopes: '{"orders:read":["GET /orders"]}',
    };
    expect(readAppContext(context)).toEqual({
      stackName: 'Orders',
      keySources: ['bearer', 'header:X-Api-Key'],
      scopes: { 'orders:read': ['GET /orders'] },
    });
  });

  test('leaves every setting to its default, and what the CDK keeps there to the CDK', () => {
    const context = {
      'aws:cdk:enable-asset-metadata': true,
      '@aws-cdk/core:target-partitions': ['aws'],
      'acknowledged-issue-numbers': [1],
      'cli-telemetry': false,
    };
    expect(readAppContext({ ...new App().node.getAllContext(), ...context })).toEqual({ stackName: 'LatchkeyStack' });
  });

  test.each([
    [{ name: '' }, 'name: got "", wanted a stack\'s name'],
    [{ name: '1st' }, 'name: got "1st", wanted a stack\'s name'],
    [{ name: 'a_b' }, 'name: got "a_b", wanted a stack\'s name'],
    [{ name: `a${'b'.repeat(128)}` }, "wanted a stack's name"],
    [{ keySources: 'cookie' }, 'keySources: got "cookie", wanted a list of bearer, '],
    [{ keySources: 'bearer,' }, 'keySources: got "bearer,", wanted '],
    [{ keySources: '' }, 'keySources: got "", wanted '],
    [{ keySources: 'bearer,bearer' }, 'keySources: got "bearer,bearer", wanted '],
    [{ keySources: ['bearer'] }, 'keySources: got ["bearer"], wanted '],
    [{ scopes: 'orders:read' }, 'scopes: got "orders:read", wanted a JSON object of scope'],
    [{ scopes: '["GET /orders"]' }, 'wanted a JSON object of scope'],
    [{ scopes: '{"orders:read":"GET /orders"}' }, 'wanted a JSON object of scope'],
    [{ scopes: '{"orders:read":[7]}' }, 'wanted a JSON object of scope'],
    [{ keysources: 'bearer' }, 'keysources: got a value, wanted one of name, keySources, scopes'],
  ])('%j is told by name, with what it was and what is wanted', (context, told) => {
    expect(() => readAppContext(context)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(told) }),
    );
  });

  test('is told of all that is wrong at once', () => {
    expect(() => readAppContext({ name: '', scopes: '', nom: '' })).toThrow(/^nom: .*; name: .*; scopes: /);
  });
});

test('what the context says reaches the function and its authorizers', () => {
  const { stackName, ...settings } = readAppContext({
    name: 'Orders',
    keySources: 'header:X-Api-Key',
    scopes: '{"orders:read":["GET /orders"]}',
  });
  const template = Template.fromStack(new LatchkeyStack(new App(), stackName, settings));
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: {
        LATCHKEY_KEY_SOURCES: 'header:X-Api-Key',
        LATCHKEY_SCOPES: '{"orders:read":["GET /orders"]}',
      },
    },
  });
  template.hasResourceProperties('AWS::ApiGateway::Authorizer', { IdentitySource: 'method.request.header.X-Api-Key' });
});
