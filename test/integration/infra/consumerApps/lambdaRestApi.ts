import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Cors, LambdaRestApi } from 'aws-cdk-lib/aws-apigateway';
import { Architecture, Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** A whole web framework in one function behind a LambdaRestApi, with a TOKEN authorizer for every path. */
export class LambdaRestApiStack extends Stack {
  readonly api: LambdaRestApi;

  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, props);
    const handler = new Lambda(this, 'App', {
      code: Code.fromInline('def handler(event, context): return {"statusCode": 200, "body": "ok"}'),
      handler: 'index.handler',
      runtime: Runtime.PYTHON_3_13,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(29),
    });
    const keys = new ApiKeyAuthorizer(this, 'Keys', {
      table: new ApiKeyTable(this, 'KeyTable'),
      keySources: ['bearer'],
      recordCacheTtl: Duration.seconds(10),
    });
    this.api = new LambdaRestApi(this, 'Endpoint', {
      handler,
      defaultCorsPreflightOptions: { allowOrigins: ['https://app.example'], allowMethods: Cors.ALL_METHODS },
      defaultMethodOptions: { authorizer: keys.forRestApi('Token', { type: 'TOKEN' }) },
    });
    keys.addGatewayResponses(this.api);
    new CfnOutput(this, 'Url', { value: this.api.url });
    new CfnOutput(this, 'RevocationDelaySeconds', { value: String(keys.revocationDelay.toSeconds()) });
  }
}
