import { describe, expect, test } from '@jest/globals';
import type { HttpApiConfig } from '../../../local/apiConfig.ts';
import type { CloudAssembly } from '../../../local/cloudAssembly.ts';
import { PLACEHOLDER_ISSUER } from '../../../local/localIssuer.ts';
import { withLocalSettings } from '../../../local/localSettings.ts';

type Environment = Readonly<Record<string, string>>;

/** Returns a stack with one function for each environment. */
function stackOf(environments: readonly Environment[], revocationDelaySeconds?: number): CloudAssembly {
  const functions = environments.map((environment, at) => {
    const name = `f${at}`;
    return [name, { name, arn: name, file: '', handlerName: '', timeoutSeconds: 1, memoryMb: 1, environment }] as const;
  });
  const apis = { restApis: [], httpApis: [], webSocketApis: [] };
  return { ...apis, functions: new Map(functions), revocationDelaySeconds, plans: undefined, usage: undefined };
}

/** Returns the local settings of the functions. */
function settingsOf(environments: readonly Environment[], acceptExternalKeys = false): readonly Environment[] {
  const { functions } = withLocalSettings(stackOf(environments), { acceptExternalKeys, issuer: ISSUER });
  return [...functions.values()].map(({ environment }) => environment);
}

const ISSUER = 'http://127.0.0.1:3000/local';
const TABLE = { LATCHKEY_TABLE: 'keys' };

describe('the settings of a function on this machine', () => {
  test.each([
    [undefined, '5'],
    ['60', '5'],
    ['5', '5'],
    ['2', '2'],
    ['0', '0'],
    ['soon', 'soon'],
  ])('turn LATCHKEY_RECORD_CACHE_SECONDS=%s into %s', (given, expected) => {
    const environment: Environment = {
      ...TABLE,
      ...(given === undefined ? {} : { LATCHKEY_RECORD_CACHE_SECONDS: given }),
    };
    expect(settingsOf([environment])).toEqual([{ ...TABLE, LATCHKEY_RECORD_CACHE_SECONDS: expected }]);
  });

  test('accept external keys if the option is given', () => {
    expect(settingsOf([TABLE], true)).toMatchObject([{ LATCHKEY_EXTERNAL_KEYS: 'true' }]);
    expect(settingsOf([{ ...TABLE, LATCHKEY_EXTERNAL_KEYS: 'true' }])).toMatchObject([
      { LATCHKEY_EXTERNAL_KEYS: 'true' },
    ]);
  });

  test('shorten the revocation delay that the management API shows', () => {
    const settings = (revocationDelaySeconds: number) => JSON.stringify({ operators: true, revocationDelaySeconds });
    const [local] = settingsOf([{ ...TABLE, LATCHKEY_MANAGEMENT: settings(60) }]);
    expect(local).toMatchObject({ LATCHKEY_MANAGEMENT: settings(5) });
  });

  test('make JWT authorizers accept the local issuer instead of the placeholder, and keep other issuers', () => {
    const authorizer = (issuer: string) => ({ issuer, audiences: ['a'], identitySources: [] });
    const api: HttpApiConfig = {
      id: 'Api',
      stageName: '$default',
      stageVariables: {},
      routes: [],
      authorizers: new Map(),
      jwtAuthorizers: new Map([
        ['Local', authorizer(PLACEHOLDER_ISSUER)],
        ['Other', authorizer('https://issuer.example')],
      ]),
      cors: undefined,
    };
    const stack = { ...stackOf([]), httpApis: [api] };
    const { httpApis } = withLocalSettings(stack, { acceptExternalKeys: false, issuer: ISSUER });
    const issuers = httpApis.flatMap(({ jwtAuthorizers }) => [...jwtAuthorizers.values()].map(({ issuer }) => issuer));
    expect(issuers).toEqual([ISSUER, 'https://issuer.example']);
  });

  test("stay the template's in a function without a table", () => {
    expect(settingsOf([{ OTHER: 'x' }], true)).toEqual([{ OTHER: 'x' }]);
  });
});

describe('the revocation delay on this machine', () => {
  const cached = (seconds: string): Environment => ({ ...TABLE, LATCHKEY_RECORD_CACHE_SECONDS: seconds });

  test.each<[string, readonly Environment[], number | undefined, number | undefined]>([
    ['equals 5 s for the default record cache', [TABLE], 60, 5],
    ['keeps the time of the results cache', [cached('60')], 360, 305],
    ['stays unchanged for a short record cache', [cached('2')], 2, 2],
    ['stays unchanged without a record cache', [cached('0')], 300, 300],
    ['decreases only by the time that all functions save', [cached('60'), cached('15')], 60, 50],
    ['stays unchanged if no function has a table', [{}], 60, 60],
    ['stays unknown if the stack lacks it', [TABLE], undefined, undefined],
  ])('%s', (_, environments, given, expected) => {
    const stack = stackOf(environments, given);
    const options = { acceptExternalKeys: false, issuer: ISSUER };
    expect(withLocalSettings(stack, options).revocationDelaySeconds).toBe(expected);
  });
});
