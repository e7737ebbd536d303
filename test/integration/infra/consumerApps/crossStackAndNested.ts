import { NestedStack, type NestedStackProps, Stack, type StackProps, type App } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration, WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable, type IApiKeyTable } from '../../../../infra/index.ts';

class DataStack extends Stack {
  readonly keys: IApiKeyTable = new ApiKeyTable(this, 'Keys');
}

interface AuthStackProps extends StackProps {
  readonly dataStack: DataStack;
}

/** The stack of the authorizer, between the data and the APIs. */
class AuthStack extends Stack {
  readonly authorizer: ApiKeyAuthorizer;

  constructor(scope: Construct, id: string, { dataStack, ...props }: AuthStackProps) {
    super(scope, id, props);
    this.authorizer = new ApiKeyAuthorizer(this, 'Authorizer', {
      table: dataStack.keys,
      plans: { free: { throttle: { rateLimit: 1, burstLimit: 1 }, shared: true } },
    });
    const internal = new NestedApi(this, 'Internal', { authorizer: this.authorizer });
    this.authorizer.applyPlans(internal.api);
  }
}

interface ApiProps {
  readonly authorizer: ApiKeyAuthorizer;
}

class NestedApi extends NestedStack {
  readonly api: RestApi;

  constructor(scope: Construct, id: string, { authorizer, ...props }: NestedStackProps & ApiProps) {
    super(scope, id, props);
    this.api = new RestApi(this, 'Api');
    const method = this.api.root.addResource('internal').addResource('{proxy+}');
    method.addMethod('ANY', new MockIntegration(), {
      authorizer: authorizer.forRestApi('Internal', { scope: this.api }),
    });
    authorizer.addGatewayResponses(this.api);
  }
}

class ApiStack extends Stack {
  constructor(scope: Construct, id: string, { authorizer, ...props }: StackProps & ApiProps) {
    super(scope, id, props);
    const rest = new RestApi(this, 'Rest');
    rest.root.addMethod('GET', undefined, { authorizer: authorizer.forRestApi('Public', { scope: rest }) });
    const http = new HttpApi(this, 'Http', { defaultAuthorizer: authorizer.forHttpApi() });
    const integration = new HttpUrlIntegration('Backend', 'https://backend.example');
    http.addRoutes({ path: '/', methods: [HttpMethod.GET], integration });
    new WebSocketApi(this, 'Socket', {
      connectRouteOptions: {
        integration: new WebSocketMockIntegration('Connect'),
        authorizer: authorizer.forWebSocketApi(),
      },
    });
  }
}

/** Data, authorizer and APIs in a stack each, and one API in a nested stack. */
export function crossStackAndNested(app: App): void {
  const dataStack = new DataStack(app, 'shop-data');
  const { authorizer } = new AuthStack(app, 'shop-auth', { dataStack });
  new ApiStack(app, 'shop-api', { authorizer });
}
