import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Deployment, type IRestApi, MockIntegration, Period, RestApi, Stage } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable, type PlanMapping } from '../../../../infra/index.ts';

const PLANS: PlanMapping = {
  free: { throttle: { rateLimit: 5, burstLimit: 10 }, quota: { limit: 10_000, period: Period.MONTH } },
  pro: { throttle: { rateLimit: 200, burstLimit: 400 }, shared: true },
};

export interface SeveralStagesProps extends StackProps {
  readonly plans?: PlanMapping;
}

/** A REST API that deploys itself to no stage. One deployment serves the stages dev, staging and prod. */
export class SeveralStagesStack extends Stack {
  constructor(scope: Construct, id: string, { plans = PLANS, ...props }: SeveralStagesProps = {}) {
    super(scope, id, props);
    const table = new ApiKeyTable(this, 'Keys', { removalPolicy: RemovalPolicy.DESTROY });
    const authorizer = new ApiKeyAuthorizer(this, 'Authorizer', { table, keySources: ['header:X-Api-Key'], plans });
    const api = new RestApi(this, 'Api', { deploy: false, cloudWatchRole: false });
    const items = api.root.addResource('items');
    for (const method of ['GET', 'POST'])
      items.addMethod(method, new MockIntegration(), { authorizer: authorizer.forRestApi() });
    items.addMethod('HEAD', new MockIntegration(), { authorizer: authorizer.forRestApi(), apiKeyRequired: false });
    const deployment = new Deployment(this, 'Deployment', { api: api as IRestApi });
    const [dev] = ['dev', 'staging', 'prod'].map((stageName) => new Stage(this, stageName, { deployment, stageName }));
    if (dev !== undefined) api.deploymentStage = dev;
    authorizer.applyPlans(api);
    authorizer.addGatewayResponses(api);
    new CfnOutput(this, 'TableName', { value: table.tableName });
  }
}
