import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { describe, expect, test } from '@jest/globals';
import { authorizerTemplate, authorizerUnderTest, problemOf, type AuthorizerProps } from './authorizerUnderTest.ts';

/** The length of the longest possible ARN of a stage. */
const STAGE_ARN_LENGTH =
  ['arn', 'aws-us-gov', 'execute-api', 'us-isof-south-1', '123456789012', ''].join(':').length + 139;

const accepted = (props: AuthorizerProps) => authorizerUnderTest(props).authorizer !== undefined;

describe('Lambda’s limit of 4 KB for environment variables', () => {
  /** Returns a scope with a name of that many bytes. It doesn't map any routes, so policies don't grow. */
  const named = (length: number): AuthorizerProps => ({ scopes: { ['s'.repeat(length)]: [] } });

  /** Returns the size that Lambda measures for the function with the longest table name. */
  const measured = (props: AuthorizerProps) => {
    const [lambda] = Object.values(authorizerTemplate(props).findResources('AWS::Lambda::Function'));
    const variables = lambda?.['Properties'].Environment.Variables;
    return JSON.stringify({ ...variables, LATCHKEY_TABLE: 'n'.repeat(255) }).length;
  };
  const most = 4096 - measured(named(1)) + 1;

  test('allows a mapping of exactly 4096 bytes', () => {
    expect(measured(named(most))).toBe(4096);
  });

  test.each([1, 1000])('causes an error with the excess if a mapping is %i bytes too long', (excess) => {
    expect(problemOf(() => authorizerUnderTest(named(most + excess)))).toMatch(
      new RegExp(
        `^scopes: expected at most 4096 bytes .+, Lambda's limit, got ${4096 + excess} .+: ${excess} too many\\. `,
      ),
    );
  });

  test('applies to the sum of all environment variables', () => {
    expect(problemOf(() => authorizerUnderTest({ ...named(most), keyPrefixes: ['sk_'] }))).toMatch(
      /^scopes: expected .+ too many/,
    );
  });

  test('causes an error that names the largest prop', () => {
    const keySources = Array.from({ length: 400 }, (_, index) => `header:X-Key-${index}` as const);
    expect(problemOf(() => authorizerUnderTest({ keySources }))).toMatch(
      /^keySources: expected at most 4096 bytes .+, got \d+ /,
    );
  });
});

describe('API Gateway’s limit of 512 characters for a resource', () => {
  const pathOf = (length: number) => `/${'p'.repeat(length - 1)}`;
  /** The longest path that fits after the stage and `/OPTIONS`, the longest method. */
  const most = 512 - STAGE_ARN_LENGTH - '/OPTIONS'.length;

  test('allows a pattern of the maximum length', () => {
    expect(accepted({ scopes: { read: [`* ${pathOf(most)}`] } })).toBe(true);
  });

  test('causes an error with the excess if a pattern is too long', () => {
    const problem = problemOf(() =>
      authorizerUnderTest({ scopes: { fine: ['GET /'], read: ['GET /', `OPTIONS ${pathOf(most + 3)}`] } }),
    );
    expect(problem).toMatch(
      /^scopes: expected at most 512 .+, got \d+ from "OPTIONS \/p+" of the scope "read" .+: 3 too many\. /,
    );
    expect(problem).not.toContain('fine');
  });
});

describe('the check of the policy’s size', () => {
  /** The number of characters of a policy without its resources. */
  const frame = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [] }],
  }).length;
  /** Returns the length of a resource with its quotes and a comma. */
  const resourceOf = (path: string) => STAGE_ARN_LENGTH + `/GET${path}`.length + 3;
  const path = (index: number) => `/orders/${String(index).padStart(3, '0')}`;
  const full = Math.floor((8192 - frame + 1) / resourceOf(path(0)));
  const rest = 8192 - (frame - 1 + full * resourceOf(path(0)));

  /** Returns a mapping with two scopes. Each scope separately fits the limit. */
  const mappingOf = (stretch: number) => {
    const patterns = Array.from({ length: full }, (_, index) => `GET ${path(index)}`);
    patterns[0] += 'x'.repeat(stretch);
    return { scopes: { one: patterns.slice(0, 9), two: patterns.slice(9), live: ['$connect'] } };
  };

  const WARNING = Match.stringLikeRegexp('^scopes: expected a policy of at most');
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

  test.each(Object.entries(kinds))('does not warn for %s if the policy has exactly 8 KB', (_, makeAuthorizer) => {
    const built = authorizerUnderTest(mappingOf(rest));
    makeAuthorizer(built);
    expect(warningsOf(built)).toEqual([]);
  });

  test.each(Object.entries(kinds))('warns once for %s if the policy is too long', (_, makeAuthorizer) => {
    const built = authorizerUnderTest(mappingOf(rest + 7));
    makeAuthorizer(built);
    const [warning, ...others] = warningsOf(built);
    expect(others).toEqual([]);
    expect(warning?.entry.data).toMatch(
      new RegExp(
        `^scopes: expected a policy of at most 8192 characters, got ${full} resources: .+ 8199 characters\\. AWS documents no limit for REST`,
      ),
    );
  });

  test('does not warn for a WebSocket API or simple responses', () => {
    const built = authorizerUnderTest({ ...mappingOf(rest + 7), httpApiResponse: 'simple' });
    built.authorizer.forWebSocketApi();
    built.authorizer.forHttpApi();
    expect(warningsOf(built)).toEqual([]);
  });

  test('counts a route of two scopes once', () => {
    const { one, two, live } = mappingOf(rest).scopes;
    const built = authorizerUnderTest({ scopes: { one, two, live, three: two } });
    built.authorizer.forHttpApi();
    expect(warningsOf(built)).toEqual([]);
  });

  test('counts a * for the method as every method', () => {
    const built = authorizerUnderTest({ scopes: { all: Array.from({ length: 6 }, (_, i) => `* /${i}`) } });
    built.authorizer.forHttpApi();
    expect(warningsOf(built)[0]?.entry.data).toMatch(/^scopes: expected .+, got 42 resources.+ every method/);
  });
});
