import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from '@jest/globals';
import { readAppContext } from '../../../infra/app/appContext.ts';
import { LatchkeyStack } from '../../../infra/app/latchkeyStack.ts';

describe('readAppContext', () => {
  test('returns the stack’s name and every other option', () => {
    const context = {
      name: 'Orders',
      keySources: 'bearer,header:X-Api-Key,header:Authorization:Token,basic,cookie:key,websocket-protocol',
      scopes: '{"orders:read":["GET /orders"]}',
      monitoring: 'dashboard',
      accountLogRole: 'true',
      terminationProtection: 'false',
      issuer: 'https://issuer.example',
      audience: 'app,other',
      orgClaim: 'org_id',
    };
    expect(readAppContext(context)).toEqual({
      stackName: 'Orders',
      keySources: [
        'bearer',
        'header:X-Api-Key',
        'header:Authorization:Token',
        'basic',
        'cookie:key',
        'websocket-protocol',
      ],
      scopes: { 'orders:read': ['GET /orders'] },
      monitoring: 'dashboard',
      accountLogRole: true,
      terminationProtection: false,
      owners: { issuer: 'https://issuer.example', audience: ['app', 'other'], orgClaim: 'org_id' },
    });
  });

  test('reads flags of cdk.json, which are not texts', () => {
    expect(readAppContext({ terminationProtection: true, accountLogRole: false })).toEqual({
      stackName: 'LatchkeyStack',
      terminationProtection: true,
      accountLogRole: false,
    });
  });

  test('ignores the CDK’s own context', () => {
    const context = {
      'aws:cdk:enable-asset-metadata': true,
      '@aws-cdk/core:target-partitions': ['aws'],
      'acknowledged-issue-numbers': [1],
      'cli-telemetry': false,
    };
    expect(readAppContext({ ...new App().node.getAllContext(), ...context })).toEqual({ stackName: 'LatchkeyStack' });
  });

  test.each([
    [{ name: '' }, "name: expected a stack's name"],
    [{ issuer: 'https://issuer.example' }, /^audience: expected the audiences .+, because of issuer, got nothing$/],
    [{ orgClaim: 'org' }, /^issuer: expected the https URL .+, because of orgClaim, got nothing$/],
    [{ issuer: '', audience: 'app' }, /^issuer: expected the https URL .+, got ""$/],
    [{ name: '1st' }, /^name: expected a stack's name.+, got "1st"$/],
    [{ name: 'a_b' }, /^name: expected a stack's name.+, got "a_b"$/],
    [{ name: `a${'b'.repeat(128)}` }, "expected a stack's name"],
    [{ keySources: 'cookie' }, /^keySources: expected a list of bearer, .+, got "cookie"$/],
    [{ keySources: 'bearer,' }, /^keySources: expected .+, got "bearer,"$/],
    [{ keySources: '' }, /^keySources: expected .+, got ""$/],
    [{ keySources: 'bearer,bearer' }, /^keySources: expected .+, got "bearer,bearer"$/],
    [{ keySources: ['bearer'] }, /^keySources: expected .+, got \["bearer"\]$/],
    [{ scopes: 'orders:read' }, /^scopes: expected a JSON object of scope.+, got "orders:read"$/],
    [{ scopes: '["GET /orders"]' }, 'expected a JSON object of scope'],
    [{ scopes: '{"orders:read":"GET /orders"}' }, 'expected a JSON object of scope'],
    [{ scopes: '{"orders:read":[7]}' }, 'expected a JSON object of scope'],
    [{ monitoring: 'alarm' }, /^monitoring: expected none, alarms or dashboard .+, got "alarm"$/],
    [{ accountLogRole: 'yes' }, /^accountLogRole: expected true or false, got "yes"$/],
    [{ terminationProtection: '' }, /^terminationProtection: expected true or false, got ""$/],
    [
      { keysources: 'bearer' },
      'keysources: expected one of the options name, keySources, scopes, monitoring, accountLogRole, terminationProtection, issuer, audience, orgClaim, got an unknown option',
    ],
  ])('rejects %j with the expected and the actual value', (context, problem) => {
    expect(() => readAppContext(context)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(problem) }),
    );
  });

  test('reports all invalid options in one message', () => {
    expect(() => readAppContext({ name: '', scopes: '', nom: '' })).toThrow(/^nom: .*; name: .*; scopes: /);
  });
});

test('LatchkeyStack passes the app’s context to the authorizer’s function and its authorizers', () => {
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
