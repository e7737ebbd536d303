import { type App, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

const env = { account: '123456789012', region: 'eu-central-1' };

/** The platform team owns the table and its KMS key. Their ARNs are in SSM parameters. */
export function importedTable(app: App): void {
  const stack = new Stack(app, 'ProductTeam', { env });
  const encryptionKey = Key.fromKeyArn(
    stack,
    'PlatformKey',
    `arn:aws:kms:${env.region}:${env.account}:key/11111111-2222-3333-4444-555555555555`,
  );
  const table = ApiKeyTable.fromTable(
    stack,
    'Keys',
    TableV2.fromTableAttributes(stack, 'PlatformTable', {
      tableName: StringParameter.valueForStringParameter(stack, '/platform/api-keys/table'),
      encryptionKey,
    }),
  );
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table });
  const api = new HttpApi(stack, 'Api', { disableExecuteApiEndpoint: false });
  api.addRoutes({
    path: '/{proxy+}',
    methods: [HttpMethod.ANY],
    integration: new HttpUrlIntegration('Backend', 'https://backend.example/{proxy}'),
    authorizer: authorizer.forHttpApi(),
  });
  const issuer = new Lambda(stack, 'Issuer', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {};'),
    environment: { KEY_TABLE: table.tableName },
  });
  table.grantManage(issuer);
}
