import { CfnParameter, Duration } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Role } from 'aws-cdk-lib/aws-iam';
import { describe, expect, test } from '@jest/globals';
import { authorizerTemplate, type AuthorizerProps, authorizerUnderTest, problemOf } from './authorizerUnderTest.ts';

const CACHED: AuthorizerProps = { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(1) };

type Built = ReturnType<typeof authorizerUnderTest>;

function useScheme({ stack, authorizer }: Built): void {
  const invocationRole = Role.fromRoleName(stack, 'Invoker', 'invoker');
  authorizer.securityScheme({ apiType: 'http', invocationRole });
}

describe('the synthesis', () => {
  const warningsOf = ({ stack }: Built) =>
    Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('IP_FORBIDDEN'));

  test.each<[string, (built: Built) => unknown]>([
    ['an HTTP API', ({ authorizer }) => [authorizer.forHttpApi(), authorizer.forHttpApi()]],
    ['a definition of an HTTP API', useScheme],
  ])('warns once that cached simple responses of %s refuse keys with allowedIps', (_, use) => {
    const built = authorizerUnderTest({ ...CACHED, httpApiResponse: 'simple' });
    use(built);
    const [warning, ...others] = warningsOf(built);
    expect(others).toEqual([]);
    expect(warning?.entry.data).toMatch(/^httpApiResponse: expected "iam", or a resultsCacheTtl of 0, for keys with/);
  });

  test.each<[string, AuthorizerProps]>([
    ['cached policies', CACHED],
    ['simple responses without a cache', { keySources: ['bearer'], httpApiResponse: 'simple' }],
  ])("doesn't warn of %s", (_, props) => {
    const built = authorizerUnderTest(props);
    built.authorizer.forHttpApi();
    useScheme(built);
    expect(warningsOf(built)).toEqual([]);
  });

  test('passes the number of trusted proxies to the function', () => {
    authorizerTemplate({ trustedProxies: 2 }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { LATCHKEY_TRUSTED_PROXIES: '2' } },
    });
  });

  test.each([
    [0, '"0"'],
    [1.5, '"1.5"'],
    [[], '""'],
    [['10.0.0.0/33'], '"10.0.0.0/33"'],
    [['0.0.0.0/0'], '"0.0.0.0/0"'],
    [true as unknown as number, '"true"'],
  ])('rejects the trusted proxies %j', (trustedProxies, got) => {
    const problem = problemOf(() => authorizerUnderTest({ trustedProxies }));
    expect(problem).toBe(
      `trustedProxies: expected a number of proxies from 1 to 10, or their IP addresses and CIDR blocks, got ${got}`,
    );
  });

  test('rejects trusted proxies with a results cache, because API Gateway compares the address of the proxy', () => {
    expect(problemOf(() => authorizerUnderTest({ ...CACHED, trustedProxies: 1 }))).toMatch(
      /^resultsCacheTtl: expected 0, because of trustedProxies, got 60: /,
    );
    const { stack } = authorizerUnderTest();
    const token = Duration.seconds(new CfnParameter(stack, 'Ttl', { type: 'Number' }).valueAsNumber);
    const props: AuthorizerProps = { keySources: ['bearer'], trustedProxies: 1, resultsCacheTtl: token };
    expect(problemOf(() => authorizerUnderTest(props))).toMatch(
      /^resultsCacheTtl: expected 0, because of trustedProxies, got a TTL that only the deployment knows/,
    );
  });

  test('counts the longest allowedIps in the size of a cached policy', () => {
    const scopes = { all: Array.from({ length: 34 }, (_, at) => `GET /orders-${at}`) };
    const tooLong = (props: AuthorizerProps) => {
      const built = authorizerUnderTest({ scopes, ...props });
      built.authorizer.forHttpApi();
      return Annotations.fromStack(built.stack).findWarning('*', Match.stringLikeRegexp('expected a policy')).length;
    };
    expect([tooLong({}), tooLong(CACHED)]).toEqual([0, 1]);
  });
});
