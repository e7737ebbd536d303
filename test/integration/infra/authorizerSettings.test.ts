import { Duration, Token, App, CfnOutput, CfnParameter, Stack } from 'aws-cdk-lib';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import {
  addHttpRoute,
  authorizerTemplate,
  authorizerUnderTest,
  problemOf,
  type AuthorizerProps,
  refusalOf,
} from './authorizerUnderTest.ts';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { ApiKeyMonitoring } from '../../../infra/apiKeyMonitoring.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { KeySource } from '../../../infra/keySource.ts';
import type { ExternalKeys } from '../../../keys/secret.ts';

describe('authorizerSettings with an invalid prop', () => {
  test.each<[keyof AuthorizerProps, AuthorizerProps]>([
    ['keyPrefixes', { keyPrefixes: ['SK_'] }],
    ['keySources', { keySources: [] }],
    ['keySources', { keySources: ['bearer', 'bearer'] }],
    ['keySources', { keySources: ['header:two words'] }],
    ['keySources', { keySources: ['bearer', KeySource.bearer()] }],
    ['keySources', { keySources: [KeySource.cookie('two words')] }],
    ['keySources', { keySources: [KeySource.header('X-Auth', { scheme: 'Basic' })] }],
    ['lastUsedInterval', { lastUsedInterval: Duration.seconds(0) }],
    ['lastUsedInterval', { lastUsedInterval: Duration.millis(1500) }],
    ['recordCacheTtl', { recordCacheTtl: Duration.days(400) }],
    ['resultsCacheTtl', { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(61) }],
    ['resultsCacheTtl', { keySources: ['bearer'], resultsCacheTtl: Duration.millis(1500) }],
    ['debugSampleRate', { debugSampleRate: 1.5 }],
    ['debugSampleRate', { debugSampleRate: -0.1 }],
    ['debugSampleRate', { debugSampleRate: Number.NaN }],
    ['scopes', { scopes: { read: ['GET orders'] } }],
    ['scopes', { scopes: { read: ['FETCH /orders'] } }],
    ['scopes', { scopes: { read: ['ANY /orders'] } }],
    ['scopes', { scopes: { read: ['GET /orders/{id}'] } }],
    ['scopes', { scopes: { read: ['$disconnect'] } }],
    ['scopes', { scopes: { read: ['GRAPHQL /orders'] } }],
    ['scopes', { scopes: { read: undefined as unknown as string[] } }],
    ['scopes', { scopes: { 'two words': ['GET /orders'] } }],
    ['scopes', { scopes: { read: [`GET /${Token.asString({ Ref: 'Parameter' })}`, 'GET orders'] } }],
    ['scopes', { scopes: { 'orders:read,orders:write': ['GET /orders'] } }],
    ['scopes', { scopes: { '{read}': ['GET /orders'] } }],
  ])('rejects %s: %p', (prop, props) => {
    expect(problemOf(() => authorizerUnderTest(props))).toMatch(new RegExp(`^${prop}: expected .+, got `));
  });

  test('reports all invalid props in one message', () => {
    const problem = problemOf(() =>
      authorizerUnderTest({ keyPrefixes: ['x'], lastUsedInterval: Duration.seconds(0), scopes: { read: ['/'] } }),
    );
    for (const prop of ['keyPrefixes', 'lastUsedInterval', 'scopes']) expect(problem).toContain(`${prop}: expected `);
  });

  test('shows only the invalid part of a mapping', () => {
    const scopes = { read: ['GET /fine', 'get /wrong'], write: ['POST /fine'], 'no scope': ['GET /fine'] };
    const problem = problemOf(() => authorizerUnderTest({ scopes }));
    const shown = JSON.stringify(JSON.stringify({ read: ['get /wrong'], 'no scope': ['GET /fine'] }));
    expect(problem).toMatch(/^scopes: expected /);
    expect(problem).toContain(shown);
    expect(problem).not.toContain('write');
  });
});

describe('ApiKeyAuthorizer with props that exclude each other', () => {
  const NOTHING = () => undefined;
  const asToken = (authorizer: ApiKeyAuthorizer) => authorizer.forRestApi('Rest', { type: 'TOKEN' });
  const hiding = (authorizer: ApiKeyAuthorizer) => authorizer.hideCredential();

  test.each<[string, AuthorizerProps, (authorizer: ApiKeyAuthorizer) => unknown, RegExp]>([
    [
      'a result cache with several key sources',
      { resultsCacheTtl: Duration.minutes(5) },
      NOTHING,
      /^resultsCacheTtl: expected a single entry in keySources, got several: .+ every identity source .+recordCacheTtl instead$/,
    ],
    [
      'type TOKEN with several key sources',
      {},
      asToken,
      /^type: expected exactly one key source for "TOKEN", .+, got the key sources bearer, query$/,
    ],
    [
      'type TOKEN with a query parameter',
      { keySources: ['query:key'] },
      asToken,
      /^type: expected .+ a header, got the key sources query$/,
    ],
    [
      'type TOKEN with a cookie',
      { keySources: ['cookie:key'] },
      asToken,
      /^type: expected .+ a header, got the key sources cookie$/,
    ],
    [
      'type TOKEN with a WebSocket subprotocol',
      { keySources: ['websocket-protocol'] },
      asToken,
      /^type: expected .+ a header, got the key sources websocket-protocol$/,
    ],
    [
      'hideCredential with Basic',
      { keySources: ['basic'] },
      hiding,
      /^hideCredential: expected .+, got Authorization: /,
    ],
    [
      'hideCredential with a cookie',
      { keySources: ['header:X-Api-Key', 'cookie:key'] },
      hiding,
      /^hideCredential: expected keySources without cookies, got a cookie: .+header:X-Api-Key/,
    ],
    [
      'hideCredential with bearer',
      { keySources: ['bearer'] },
      hiding,
      /^hideCredential: expected .+ reserves, got Authorization: .+header:X-Api-Key/,
    ],
    ['hideCredential with the default key sources', {}, hiding, /^hideCredential: expected .+, got Authorization: /],
    ...(
      ['Authorization', 'X-Amz-Key', 'x-amzn-key', 'Access-Control-Key', 'apigw-key', 'Proxy-Authorization'] as const
    ).map(
      (name) =>
        [
          `hideCredential with the header ${name}`,
          { keySources: ['query:key', `header:${name}`] },
          hiding,
          new RegExp(`^hideCredential: expected .+, got ${name}: `, 'i'),
        ] satisfies [string, AuthorizerProps, typeof hiding, RegExp],
    ),
  ])('rejects %s with a reason', (_, props, action, problem) => {
    expect(problemOf(() => action(authorizerUnderTest(props).authorizer))).toMatch(problem);
  });
});

const FUNCTION = 'AWS::Lambda::Function';

/** Creates a stack with two parameters and an authorizer whose props use them. */
function withParameters(propsOf: (number: CfnParameter, text: CfnParameter) => AuthorizerProps) {
  const stack = new Stack(new App(), 'Test');
  const number = new CfnParameter(stack, 'Number', { type: 'Number' });
  const text = new CfnParameter(stack, 'Text');
  const table = new ApiKeyTable(stack, 'Keys');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table, ...propsOf(number, text) });
  return { stack, authorizer, number };
}

const NUMBER = { Ref: 'Number' };

describe('authorizerSettings with tokens', () => {
  test.each<[string, (number: CfnParameter, text: CfnParameter) => AuthorizerProps, object]>([
    ['memorySize', ({ valueAsNumber: memorySize }) => ({ memorySize }), { MemorySize: NUMBER }],
    [
      'reservedConcurrentExecutions',
      ({ valueAsNumber: reservedConcurrentExecutions }) => ({ reservedConcurrentExecutions }),
      { ReservedConcurrentExecutions: NUMBER },
    ],
    [
      'keyPrefixes',
      (_, text) => ({ keyPrefixes: [text.valueAsString] }),
      variables({ LATCHKEY_KEY_PREFIXES: { Ref: 'Text' } }),
    ],
    [
      'debugSampleRate with its log level',
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
      'recordCacheTtl',
      (number) => ({ recordCacheTtl: Duration.seconds(number.valueAsNumber) }),
      variables({ LATCHKEY_RECORD_CACHE_SECONDS: NUMBER }),
    ],
    [
      'resultsCacheTtl',
      (number) => ({ resultsCacheTtl: Duration.seconds(number.valueAsNumber), keySources: ['bearer'] }),
      variables({ LATCHKEY_RESULTS_CACHE_SECONDS: NUMBER }),
    ],
    ['functionName', (_, text) => ({ functionName: text.valueAsString }), { FunctionName: { Ref: 'Text' } }],
    ['runtime', (_, text) => ({ runtime: new Runtime(text.valueAsString) }), { Runtime: { Ref: 'Text' } }],
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
  ])('puts a token in %s into the template', (_, propsOf, properties) => {
    Template.fromStack(withParameters(propsOf).stack).hasResourceProperties(FUNCTION, properties);
  });

  test('returns a token in one TTL as the revocation delay if the other TTL is 0', () => {
    const { stack, authorizer } = withParameters(({ valueAsNumber }) => ({
      recordCacheTtl: Duration.seconds(valueAsNumber),
    }));
    const cached = withParameters(({ valueAsNumber }) => ({
      keySources: ['bearer'],
      recordCacheTtl: Duration.seconds(0),
      resultsCacheTtl: Duration.seconds(valueAsNumber),
    }));
    expect(stack.resolve(authorizer.revocationDelay.toSeconds())).toEqual(NUMBER);
    expect(cached.stack.resolve(cached.authorizer.revocationDelay.toSeconds())).toEqual(NUMBER);
  });

  test('rejects only the use of a revocation delay that CloudFormation would have to add', () => {
    const { authorizer } = withParameters(({ valueAsNumber }) => ({
      keySources: ['bearer'],
      resultsCacheTtl: Duration.seconds(valueAsNumber),
    }));
    expect(problemOf(() => authorizer.revocationDelay)).toMatch(/^revocationDelay: expected .+ got a TTL that only /);
  });

  test('puts a token in resultsCacheTtl into the authorizers of APIs', () => {
    const { stack, authorizer } = withParameters(({ valueAsNumber }) => ({
      keySources: ['bearer'],
      httpApiResponse: 'simple',
      scopes: { read: ['GET /orders'] },
      resultsCacheTtl: Duration.seconds(valueAsNumber),
    }));
    const api = new RestApi(stack, 'Rest', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    addHttpRoute(new HttpApi(stack, 'Http'), authorizer.forHttpApi());
    const template = Template.fromStack(stack);
    const AuthorizerResultTtlInSeconds = NUMBER;
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', { AuthorizerResultTtlInSeconds });
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerResultTtlInSeconds,
      IdentitySource: ['$request.header.Authorization', '$context.routeKey'],
    });
    const scheme = authorizer.securityScheme({ apiType: 'http' });
    expect(stack.resolve(scheme)).toMatchObject({
      'x-amazon-apigateway-authorizer': {
        authorizerResultTtlInSeconds: NUMBER,
        identitySource: '$request.header.Authorization, $context.routeKey',
      },
    });
  });

  test('rejects a token in resultsCacheTtl with several key sources', () => {
    const problem = problemOf(() =>
      withParameters(({ valueAsNumber }) => ({ resultsCacheTtl: Duration.seconds(valueAsNumber) })),
    );
    expect(problem).toMatch(/^resultsCacheTtl: expected a single entry in keySources/);
  });

  test('puts a token in provisionedConcurrentExecutions into the template', () => {
    const { stack } = withParameters(({ valueAsNumber }) => ({
      provisionedConcurrentExecutions: valueAsNumber,
      reservedConcurrentExecutions: 1,
    }));
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: NUMBER },
    });
  });

  test('puts tokens in leastDenials and alarm thresholds into the template', () => {
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

  test('puts a token in keyPrefixes into acceptedKeys', () => {
    const { stack, authorizer } = withParameters((_, text) => ({ keyPrefixes: [text.valueAsString] }));
    new CfnOutput(stack, 'AcceptedKeys', { value: authorizer.acceptedKeys });
    Template.fromStack(stack).hasOutput('AcceptedKeys', { Value: { Ref: 'Text' } });

    const partly = withParameters((_, text) => ({ keyPrefixes: [`${text.valueAsString}_`, 'sk_live_'] }));
    const value = { 'Fn::Join': ['', [{ Ref: 'Text' }, '_,sk_live_']] };
    expect(partly.stack.resolve(partly.authorizer.acceptedKeys)).toEqual(value);
  });

  test.each<[ExternalKeys | boolean, string]>([
    [false, ''],
    [true, ',any'],
    [{ minLength: 20 }, ',any'],
    [{ prefixes: ['acme-', 'old_'] }, ',acme-*,old_*'],
  ])('adds the external keys %j to acceptedKeys', (externalKeys, ending) => {
    const { stack, authorizer } = withParameters((_, text) => ({ keyPrefixes: [text.valueAsString], externalKeys }));
    const value = ending === '' ? { Ref: 'Text' } : { 'Fn::Join': ['', [{ Ref: 'Text' }, ending]] };
    expect(stack.resolve(authorizer.acceptedKeys)).toEqual(value);
  });

  test('puts whole lists that are tokens into acceptedKeys and the environment', () => {
    const list = (stack: Stack, name: string) => new CfnParameter(stack, name, { type: 'CommaDelimitedList' });
    const stack = new Stack(new App(), 'Test');
    const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
      table: new ApiKeyTable(stack, 'Keys'),
      keyPrefixes: list(stack, 'Prefixes').valueAsList,
      externalKeys: { prefixes: list(stack, 'External').valueAsList, minLength: 20 },
    });
    const prefixes = { 'Fn::Join': [',', { Ref: 'Prefixes' }] };
    expect(stack.resolve(authorizer.acceptedKeys)).toEqual({
      'Fn::Join': ['', [prefixes, ',', { 'Fn::Join': ['*,', { Ref: 'External' }] }, '*']],
    });
    Template.fromStack(stack).hasResourceProperties(FUNCTION, variables({ LATCHKEY_KEY_PREFIXES: prefixes }));
  });

  test('keeps token placeholders out of the template', () => {
    const { stack } = withParameters((number, text) => ({
      keyPrefixes: [text.valueAsString],
      memorySize: number.valueAsNumber,
      debugSampleRate: number.valueAsNumber,
      scopes: { read: [`GET /${text.valueAsString}`], write: Token.asList({ Ref: 'List' }) },
    }));
    new CfnParameter(stack, 'List', { type: 'CommaDelimitedList' });
    expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toMatch(/e\+289|\[Token|Token\[/);
  });
});

describe('authorizerSettings with a token instead of a value that the synthesis needs', () => {
  const later = Token.asNumber({ Ref: 'Number' });
  const laterText = Token.asString({ Ref: 'Text' });

  test.each<[string, AuthorizerProps]>([
    ['recordCacheTtl', { recordCacheTtl: Duration.minutes(later) }],
    ['resultsCacheTtl', { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(later) }],
    ['keySources', { keySources: [`header:${laterText}`] }],
    ['keySources', { keySources: [KeySource.header(laterText)] }],
    ['keySources', { keySources: [KeySource.header('X-Auth', { scheme: laterText })] }],
    ['lastUsedInterval', { lastUsedInterval: Duration.minutes(later) }],
    ['scopes', { scopes: { [laterText]: ['GET /orders'] } }],
    ['plans', { plans: { [laterText]: {} } }],
  ])('rejects %s without printing the placeholder', (prop, props) => {
    const { path, problem } = refusalOf(() => authorizerUnderTest(props));
    expect(path).toBe('Test/Authorizer');
    expect(problem).toMatch(new RegExp(`^${prop}: expected .+, got .+ only the deployment knows`));
    expect(problem).not.toMatch(/Token|e\+289/);
  });
});

describe('authorizerSettings with a runtime', () => {
  test.each(['nodejs20.x', 'nodejs22.x', 'nodejs24.x', 'nodejs26.x'])('accepts %s', (name) => {
    authorizerTemplate({ runtime: new Runtime(name) }).hasResourceProperties(FUNCTION, { Runtime: name });
  });

  test.each(['nodejs18.x', 'nodejs', 'python3.13', 'provided.al2023'])('rejects %s', (name) => {
    expect(problemOf(() => authorizerUnderTest({ runtime: new Runtime(name) }))).toBe(
      `runtime: expected Node.js 20 or newer, such as nodejs24.x, got ${name}`,
    );
  });
});

describe('authorizerSettings with a number that Lambda would reject', () => {
  test.each<[string, AuthorizerProps, string]>([
    ['memorySize', { memorySize: 64 }, 'a whole number from 128 to 10240, got 64'],
    ['memorySize', { memorySize: 10_241 }, 'a whole number from 128 to 10240, got 10241'],
    ['memorySize', { memorySize: 256.5 }, 'a whole number from 128 to 10240, got 256.5'],
    ['reservedConcurrentExecutions', { reservedConcurrentExecutions: -1 }, 'a whole number of 0 or more, got -1'],
    ['reservedConcurrentExecutions', { reservedConcurrentExecutions: 1.5 }, 'a whole number of 0 or more, got 1.5'],
    [
      'reservedConcurrentExecutions',
      { reservedConcurrentExecutions: Number.NaN },
      'a whole number of 0 or more, got NaN',
    ],
    ['provisionedConcurrentExecutions', { provisionedConcurrentExecutions: -1 }, 'a whole number of 1 or more, got -1'],
    ['provisionedConcurrentExecutions', { provisionedConcurrentExecutions: 0 }, 'a whole number of 1 or more, got 0'],
    [
      'provisionedConcurrentExecutions',
      { provisionedConcurrentExecutions: 5, reservedConcurrentExecutions: 4 },
      'at most the reservedConcurrentExecutions, 4, got 5',
    ],
  ])('rejects %s: %p', (prop, props, problem) => {
    expect(refusalOf(() => authorizerUnderTest(props))).toEqual({
      path: 'Test/Authorizer',
      problem: `${prop}: expected ${problem}`,
    });
  });

  test('accepts a reserved concurrency of 0', () => {
    expect(() => authorizerUnderTest({ reservedConcurrentExecutions: 0 })).not.toThrow();
    const both = { provisionedConcurrentExecutions: 4, reservedConcurrentExecutions: 4 };
    expect(() => authorizerUnderTest(both)).not.toThrow();
  });
});

describe('the error CONFIG_INVALID', () => {
  test.each<[string, () => unknown]>([
    ['Test/Authorizer', () => authorizerUnderTest({ keyPrefixes: ['SK_'] })],
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
  ])('contains the path %s of the construct', (path, action) => {
    expect(refusalOf(action).path).toBe(path);
  });
});

function variables(expected: object) {
  return { Environment: { Variables: Match.objectLike(expected) } };
}
