import { fileURLToPath } from 'node:url';
import { Stack, type StackProps } from 'aws-cdk-lib';
import { AuthorizationType, Definition, FieldLogLevel, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

const schema = fileURLToPath(new URL('../schema.graphql', import.meta.url));

/** A GraphQL API. People sign in with Cognito. Machines send a key, which is an additional authorization mode. */
export class AppSyncStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.node.setContext(APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION, true);
    const { table } = { table: new ApiKeyTable(this, 'Keys') };
    const keys = new ApiKeyAuthorizer(this, 'Authorizer', { table, scopes: { read: ['GRAPHQL /graphql'] } });
    const api = new GraphqlApi(this, 'Api', {
      name: 'catalogue',
      definition: Definition.fromFile(schema),
      authorizationConfig: {
        defaultAuthorization: {
          authorizationType: AuthorizationType.USER_POOL,
          userPoolConfig: { userPool: new UserPool(this, 'People') },
        },
        additionalAuthorizationModes: [keys.forAppSync()],
      },
      logConfig: { fieldLogLevel: FieldLogLevel.ERROR },
      xrayEnabled: true,
    });
    api.addNoneDataSource('None');
  }
}
