import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { describe, expect, test } from '@jest/globals';
import { authorizerUnderTest, problemOf, type AuthorizerProps } from './authorizerUnderTest.ts';

/** As long as an ARN of a stage can be: see API Gateway's and AWS's limits of each part. */
const STAGE_ARN_LENGTH =
  ['arn', 'aws-us-gov', 'execute-api', 'us-isof-south-1', '123456789012', ''].join(':').length + 139;

const accepted = (props: AuthorizerProps) => authorizerUnderTest(props).authorizer !== undefined;

describe('Lambda’s 4 KB for all environment variables', () => {
  /** A scope whose name takes so many bytes: it opens nothing, and so takes no room in a policy. */
  const named = (length: number): AuthorizerProps => ({ scopes: { ['s'.repeat(length)]: [] } });

  /** The text that Lambda measures, of the function with the longest table name. */
  const measured = (props: AuthorizerProps) => {
    const [lambda] = Object.values(
      Template.fromStack(authorizerUnderTest(props).stack).findResources('AWS::Lambda::Function'),
    );
    const variables = lambda?.['Properties'].Environment.Variables;
    return JSON.stringify({ ...variables, LATCHKEY_TABLE: 'n'.repeat(255) }).length;
  };
  const most = 4096 - measured(named(1)) + 1;

  test('a mapping that just fits is taken', () => {
    expect(measured(named(most))).toBe(4096);
  });

  test.each([1, 1000])('one that is %i bytes over is refused, and how far over it is', (excess) => {
    expect(problemOf(() => authorizerUnderTest(named(most + excess)))).toMatch(
      new RegExp(`^scopes: got ${4096 + excess} bytes .+, wanted at most 4096, Lambda's limit: ${excess} too many\\. `),
    );
  });

  test('every other variable counts', () => {
    expect(problemOf(() => authorizerUnderTest({ ...named(most), keyPrefix: 'sk_' }))).toMatch(
      /^scopes: got .+ too many/,
    );
  });

  test('the prop that takes most of it is named', () => {
    const keySources = Array.from({ length: 400 }, (_, index) => `header:X-Key-${index}` as const);
    expect(problemOf(() => authorizerUnderTest({ keySources }))).toMatch(/^keySources: got \d+ bytes /);
  });
});

describe('API Gateway’s 512 characters for a resource', () => {
  const pathOf = (length: number) => `/${'p'.repeat(length - 1)}`;
  /** Behind the stage comes `/OPTIONS`, of the longest method that the pattern can mean. */
  const most = 512 - STAGE_ARN_LENGTH - '/OPTIONS'.length;

  test('a pattern that just fits is taken', () => {
    expect(accepted({ scopes: { read: [`* ${pathOf(most)}`] } })).toBe(true);
  });

  test('one that is over is refused by name, and how far over it is', () => {
    const problem = problemOf(() =>
      authorizerUnderTest({ scopes: { fine: ['GET /'], read: ['GET /', `OPTIONS ${pathOf(most + 3)}`] } }),
    );
    expect(problem).toMatch(
      /^scopes: got "OPTIONS \/p+" of the scope "read", .+ wanted at most 512, .+: 3 too many\. /,
    );
    expect(problem).not.toContain('fine');
  });
});

describe('8 KB for the policy of a key of every scope', () => {
  /** How many characters a policy has beside its resources. */
  const frame = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [] }],
  }).length;
  /** With its quotes and a comma. */
  const resourceOf = (path: string) => STAGE_ARN_LENGTH + `/GET${path}`.length + 3;
  const path = (index: number) => `/orders/${String(index).padStart(3, '0')}`;
  const full = Math.floor((8192 - frame + 1) / resourceOf(path(0)));
  const rest = 8192 - (frame - 1 + full * resourceOf(path(0)));

  /** Two scopes, of which either alone would fit. */
  const mappingOf = (stretch: number) => {
    const patterns = Array.from({ length: full }, (_, index) => `GET ${path(index)}`);
    patterns[0] += 'x'.repeat(stretch);
    return { scopes: { one: patterns.slice(0, 9), two: patterns.slice(9), live: ['$connect'] } };
  };

  const WARNING = Match.stringLikeRegexp('^scopes: got \\d+ resources');
  const kinds = {
    'a REST API': ({ stack, authorizer }: Built) => {
      const api = new RestApi(stack, 'Api');
      for (const method of ['GET', 'POST'])
        api.root.addMethod(method, new MockIntegration(), { authorizer: authorizer.forRestApi() });
    },
    'an HTTP API': ({ authorizer }: Built) => [authorizer.forHttpApi(), authorizer.forHttpApi()],
  };
  type Built = ReturnType<typeof authorizerUnderTest>;

  const warningsOf = (built: Built) => Annotations.fromStack(built.stack).findWarning('*', WARNING);

  test.each(Object.entries(kinds))('%s is made without a warning for a mapping that just fits', (_, makeAuthorizer) => {
    const built = authorizerUnderTest(mappingOf(rest));
    makeAuthorizer(built);
    expect(warningsOf(built)).toEqual([]);
  });

  test.each(Object.entries(kinds))('%s has one warning for a mapping that is over', (_, makeAuthorizer) => {
    const built = authorizerUnderTest(mappingOf(rest + 7));
    makeAuthorizer(built);
    const [warning, ...others] = warningsOf(built);
    expect(others).toEqual([]);
    expect(warning?.entry.data).toMatch(
      new RegExp(
        `^scopes: got ${full} resources: .+ 8199 characters, more than 8192\\. AWS documents no limit for REST`,
      ),
    );
  });

  test('a WebSocket API and an HTTP API of simple answers have no warning: their answers name no routes', () => {
    const built = authorizerUnderTest({ ...mappingOf(rest + 7), httpApiResponse: 'simple' });
    built.authorizer.forWebSocketApi();
    built.authorizer.forHttpApi();
    expect(warningsOf(built)).toEqual([]);
  });

  test('a route that two scopes share counts once', () => {
    const { one, two, live } = mappingOf(rest).scopes;
    const built = authorizerUnderTest({ scopes: { one, two, live, three: two } });
    built.authorizer.forHttpApi();
    expect(warningsOf(built)).toEqual([]);
  });

  test('a * for the method counts as every method', () => {
    const built = authorizerUnderTest({ scopes: { all: Array.from({ length: 6 }, (_, i) => `* /${i}`) } });
    built.authorizer.forHttpApi();
    expect(warningsOf(built)[0]?.entry.data).toMatch(/^scopes: got 42 resources.+ every method/);
  });
});
