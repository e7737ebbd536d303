import { type App, Stack, type StackProps } from 'aws-cdk-lib';
import { EndpointType, LambdaRestApi } from 'aws-cdk-lib/aws-apigateway';
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable, type IApiKeyTable } from '../../../../infra/index.ts';

const account = '123456789012';
const primary = 'us-east-1';
const secondary = ['eu-west-1', 'ap-northeast-1'];

class RegionalApi extends Stack {
  constructor(scope: Construct, id: string, props: StackProps, table?: IApiKeyTable) {
    super(scope, id, props);
    const handler = new Lambda(this, 'Fn', {
      runtime: Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
    });
    const replica = () => ApiKeyTable.fromTable(this, 'Keys', TableV2.fromTableName(this, 'Replica', 'global-keys'));
    const authorizer = new ApiKeyAuthorizer(this, 'Auth', { table: table ?? replica(), keySources: ['bearer'] });
    new LambdaRestApi(this, 'Api', {
      handler,
      endpointTypes: [EndpointType.REGIONAL],
      defaultMethodOptions: { authorizer: authorizer.forRestApi() },
    });
  }
}

/** A table with two replicas. Its own Region passes the construct, the others look the table up by its name. */
export function replicas(app: App): void {
  const data = new Stack(app, 'Data', { env: { account, region: primary } });
  const table = new ApiKeyTable(data, 'Keys', { tableName: 'global-keys', replicaRegions: secondary });
  new RegionalApi(app, `Api-${primary}`, { env: { account, region: primary } }, table);
  for (const region of secondary) {
    new RegionalApi(app, `Api-${region}`, { env: { account, region } }).node.addDependency(data);
  }
}
