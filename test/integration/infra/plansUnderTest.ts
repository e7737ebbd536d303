import type { Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, Period, RestApi, type RestApiProps } from 'aws-cdk-lib/aws-apigateway';
import { authorizerUnderTest, type AuthorizerProps, sharedTemplate } from './authorizerUnderTest.ts';
import type { PlanMapping } from '../../../infra/planProps.ts';

export const THROTTLE = { rateLimit: 10, burstLimit: 20 };
export const QUOTA = { limit: 1000, period: Period.MONTH };
export const PLANS: PlanMapping = {
  free: { throttle: THROTTLE, quota: QUOTA },
  pro: { throttle: { rateLimit: 100, burstLimit: 200 }, shared: true },
};
export const USAGE_PLAN = 'AWS::ApiGateway::UsagePlan';

/** Creates an API with one protected method and applies the plans to it. */
export function planned(props: AuthorizerProps = { plans: PLANS }, apiProps: RestApiProps = {}) {
  const { stack, authorizer } = authorizerUnderTest(props);
  const api = new RestApi(stack, 'Api', { cloudWatchRole: false, ...apiProps });
  const restAuthorizer = authorizer.forRestApi();
  api.root.addMethod('GET', new MockIntegration(), { authorizer: restAuthorizer });
  authorizer.applyPlans(api);
  return { stack, authorizer, api, restAuthorizer };
}

export const resourcesOf = (template: Template, type: string) =>
  Object.entries(template.findResources(type)).map(([id, { Properties }]) => ({ id, properties: Properties }));

/** Returns the template of `planned`. Equal arguments share one template, so don't change it. */
export const plannedTemplate = sharedTemplate((...given: Parameters<typeof planned>) => planned(...given).stack);

/** Returns an environment variable of the function with that description. */
export function variableOf(template: Template, description: RegExp, name: string): string {
  const found = resourcesOf(template, 'AWS::Lambda::Function').find(({ properties }) =>
    description.test(properties.Description),
  );
  return found?.properties.Environment.Variables[name];
}
