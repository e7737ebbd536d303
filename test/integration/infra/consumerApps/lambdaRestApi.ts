import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Cors, LambdaRestApi } from 'aws-cdk-lib/aws-apigateway';
import type { ILambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { Architecture, Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

export interface LambdaRestApiStackProps extends StackProps {
  readonly rollout?: ILambdaDeploymentConfig;
}

/** A whole web framework in one function behind a LambdaRestApi, with a TOKEN authorizer for every path. */
export class LambdaRestApiStack extends Stack {
  readonly api: LambdaRestApi;

  constructor(scope: Construct, id: string, { rollout, ...props }: LambdaRestApiStackProps = {}) {
    super(scope, id, props);
    const handler = new Lambda(this, 'App', {
      code: Code.fromInline('def handler(event, context): return {"statusCode": 200, "body": "ok"}'),
      handler: 'index.handler',
      runtime: Runtime.PYTHON_3_13,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(29),
    });
    const table = new ApiKeyTable(this, 'KeyTable');
    const keys = new ApiKeyAuthorizer(this, 'Keys', {
      table,
      keySources: ['bearer'],
      recordCacheTtl: Duration.seconds(10),
      ...(rollout && { rollout, rolloutAlarm: false }),
    });
    this.api = new LambdaRestApi(this, 'Endpoint', {
      handler,
      defaultCorsPreflightOptions: { allowOrigins: ['https://app.example'], allowMethods: Cors.ALL_METHODS },
      defaultMethodOptions: { authorizer: keys.forRestApi('Token', { type: 'TOKEN' }) },
    });
    keys.addGatewayResponses(this.api);
    new CfnOutput(this, 'TableName', { value: table.tableName });
    new CfnOutput(this, 'Url', { value: this.api.url });
    new CfnOutput(this, 'RevocationDelaySeconds', { value: String(keys.revocationDelay.toSeconds()) });
  }
}
