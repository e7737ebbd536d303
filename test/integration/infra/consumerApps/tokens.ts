import { CfnParameter, Duration, Fn, Lazy, Stack, type StackProps } from 'aws-cdk-lib';
import { MockIntegration, type Period, RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** A vendor's product: the customer who deploys the template chooses the values by CloudFormation parameters. */
export class TokensStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const text = (name: string, value: string) => new CfnParameter(this, name, { default: value }).valueAsString;
    const number = (name: string, value: number) =>
      new CfnParameter(this, name, { type: 'Number', default: value }).valueAsNumber;

    const table = new ApiKeyTable(this, 'Keys', { tableName: text('TableName', 'keys') });
    const authorizer = new ApiKeyAuthorizer(this, 'Authorizer', {
      table,
      keyPrefixes: new CfnParameter(this, 'KeyPrefixes', { type: 'CommaDelimitedList', default: 'sk_' }).valueAsList,
      externalKeys: { prefixes: [text('ExternalPrefix', 'acme_')], minLength: number('MinLength', 20) },
      lastUsedInterval: Duration.seconds(number('LastUsedSeconds', 900)),
      staleIfError: Duration.seconds(number('StaleSeconds', 0)),
      scopes: { read: [`GET /${text('Collection', 'orders')}`], write: [Fn.join(' ', ['POST', '/orders'])] },
      debugSampleRate: number('SampleRate', 0),
      memorySize: number('Memory', 256),
      reservedConcurrentExecutions: number('Reserved', 100),
      provisionedConcurrentExecutions: number('Provisioned', 1),
      logRetention: number('LogDays', 30),
      plans: {
        free: {
          throttle: { rateLimit: number('Rate', 5), burstLimit: number('Burst', 10) },
          quota: { limit: number('Quota', 1000), period: Lazy.string({ produce: () => 'DAY' }) as Period },
        },
      },
    });
    const api = new RestApi(this, 'Api', { restApiName: text('ApiName', 'orders') });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    authorizer.applyPlans(api);
    authorizer.addGatewayResponses(api);
  }
}
