import { MockIntegration, RestApi, type RestApiProps } from 'aws-cdk-lib/aws-apigateway';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from '@jest/globals';
import { authorizerUnderTest } from './authorizerUnderTest.ts';

/** Returns the warnings about a REST API with these props and a protected proxy of its root. */
function warningsOf(props: RestApiProps, isProxyProtected = true) {
  const { stack, authorizer } = authorizerUnderTest();
  const defaultMethodOptions = { authorizer: authorizer.forRestApi() };
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false, ...props });
  const integration = new MockIntegration();
  api.root.addResource('orders').addMethod('GET', integration, defaultMethodOptions);
  api.root.addProxy({ defaultIntegration: integration, ...(isProxyProtected && { defaultMethodOptions }) });
  const warning = Match.stringLikeRegexp('expected an authorizer on ANY /');
  return Annotations.fromStack(stack).findWarning('/Test/Api/Default/ANY', warning);
}

describe('the synthesis of a REST API with a proxy', () => {
  test('warns if only the proxy has the authorizer', () => {
    expect(warningsOf({})).toHaveLength(1);
  });

  test('does not warn if the proxy is public too', () => {
    expect(warningsOf({}, false)).toEqual([]);
  });

  test('does not warn if the root has an authorizer', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const defaultMethodOptions = { authorizer: authorizer.forRestApi() };
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false, defaultMethodOptions });
    api.root.addProxy({ defaultIntegration: new MockIntegration() });
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });
});
