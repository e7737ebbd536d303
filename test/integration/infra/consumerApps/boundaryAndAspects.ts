import {
  type App,
  Aspects,
  CfnResource,
  type IAspect,
  PermissionsBoundary,
  RemovalPolicies,
  Stack,
  Tags,
} from 'aws-cdk-lib';
import { LambdaIntegration, Period, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnFunction, Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** The settings that the platform team forces on every function and log group of the company. */
class CompanyRules implements IAspect {
  visit(node: IConstruct): void {
    if (node instanceof CfnFunction) node.addPropertyOverride('Environment.Variables.COST_CENTRE', '4711');
    if (node instanceof CfnLogGroup) node.retentionInDays = 365;
    if (CfnResource.isCfnResource(node)) node.addMetadata('owner', 'orders');
  }
}

/** An account with a permissions boundary for every role, tags, and aspects that change functions and log groups. */
export function boundaryAndAspects(app: App): void {
  const stack = new Stack(app, 'Orders', { permissionsBoundary: PermissionsBoundary.fromName('developer-boundary') });
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
    table: new ApiKeyTable(stack, 'Keys'),
    plans: { gold: { quota: { limit: 1_000_000, period: Period.MONTH } } },
  });
  const backend = new Lambda(stack, 'Backend', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
  });
  const api = new RestApi(stack, 'Api');
  api.root.addMethod('ANY', new LambdaIntegration(backend), { authorizer: authorizer.forRestApi() });
  authorizer.applyPlans(api);
  authorizer.addGatewayResponses(api);
  Tags.of(app).add('team', 'orders');
  Aspects.of(app).add(new CompanyRules());
  RemovalPolicies.of(stack).destroy();
}
