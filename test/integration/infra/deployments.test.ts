import { Duration, type Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Template } from 'aws-cdk-lib/assertions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { APIGATEWAY_AUTHORIZER_CHANGE_DEPLOYMENT_LOGICAL_ID } from 'aws-cdk-lib/cx-api';
import { describe, expect, test } from '@jest/globals';
import type { RestApiAuthorizerOptions } from '../../../infra/apiKeyAuthorizer.ts';
import { authorizerUnderTest, type AuthorizerProps } from './authorizerUnderTest.ts';

// A stage of a REST API serves what was there when it was deployed: CloudFormation deploys it anew where the deployment's id changes.

const BASE: AuthorizerProps = { keySources: ['bearer'] };

function guarded(flag: boolean, props: AuthorizerProps, options: RestApiAuthorizerOptions = {}): Stack {
  const context = { [APIGATEWAY_AUTHORIZER_CHANGE_DEPLOYMENT_LOGICAL_ID]: flag };
  const { stack, authorizer } = authorizerUnderTest({ ...BASE, ...props }, context);
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
  const guard = authorizer.forRestApi('Keys', options);
  for (const method of ['GET', 'POST']) api.root.addMethod(method, new MockIntegration(), { authorizer: guard });
  return stack;
}

function deploymentOf(...given: Parameters<typeof guarded>) {
  const [[id, deployment] = []] = Object.entries(
    Template.fromStack(guarded(...given)).findResources('AWS::ApiGateway::Deployment'),
  );
  return { id, dependsOn: deployment?.['DependsOn'] };
}

describe.each([
  ['without the feature flag of the CDK', false],
  ['with the feature flag of the CDK', true],
])('%s a REST API is deployed anew', (_, flag) => {
  test.each<[string, AuthorizerProps, RestApiAuthorizerOptions]>([
    ['rollout', { rollout: LambdaDeploymentConfig.ALL_AT_ONCE }, {}],
    ['provisionedConcurrentExecutions', { provisionedConcurrentExecutions: 1 }, {}],
    ['resultsCacheTtl', { resultsCacheTtl: Duration.minutes(5) }, {}],
    ['keySources', { keySources: ['header:X-Api-Key'] }, {}],
    ['type', {}, { type: 'TOKEN' }],
  ])('where %s changes what the authorizer says', (_prop, props, options) => {
    expect(deploymentOf(flag, props, options).id).not.toBe(deploymentOf(flag, {}).id);
  });

  test('and not where nothing of that changes', () => {
    const { id } = deploymentOf(flag, {});
    expect(id).toEqual(expect.any(String));
    expect(deploymentOf(flag, {}).id).toBe(id);
    expect(deploymentOf(flag, { memorySize: 512, keyPrefix: 'acme_' }).id).toBe(id);
  });

  test('once the authorizer and its permission are there', () => {
    const [permission] = Object.keys(Template.fromStack(guarded(flag, {})).findResources('AWS::Lambda::Permission'));
    const [authorizer] = Object.keys(
      Template.fromStack(guarded(flag, {})).findResources('AWS::ApiGateway::Authorizer'),
    );
    expect(deploymentOf(flag, {}).dependsOn).toEqual(expect.arrayContaining([permission, authorizer]));
  });
});

test('an API that is deployed by hand, or not at all, can have an authorizer', () => {
  const { stack, authorizer } = authorizerUnderTest();
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false, deploy: false });
  api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
  Template.fromStack(stack).resourceCountIs('AWS::ApiGateway::Deployment', 0);
});
