import { type App, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import {
  ApiKeyAuthorizer,
  type ApiKeyAuthorizerProps,
  ApiKeyTable,
  type IApiKeyTable,
} from '../../../../infra/index.ts';

type Route = readonly [method: HttpMethod, path: string, isPublic?: boolean];

interface SecuredApiProps extends Omit<ApiKeyAuthorizerProps, 'table'> {
  readonly routes: readonly Route[];
  /** @default - a table of this API's own */
  readonly keys?: IApiKeyTable;
}

/** A team's own construct: one function for each route, and a key for each route that isn't public. */
class SecuredApi extends Construct {
  readonly keys: IApiKeyTable;

  constructor(scope: Construct, id: string, { routes, keys, ...props }: SecuredApiProps) {
    super(scope, id);
    this.keys = keys ?? new ApiKeyTable(this, 'Keys');
    const authorizer = new ApiKeyAuthorizer(this, 'Default', { table: this.keys, ...props });
    const api = new HttpApi(this, 'Api', { apiName: id });
    for (const [method, path, isPublic = false] of routes) {
      const name = `${method}${path.replaceAll(/\W+/g, '-')}`;
      const fn = new Lambda(this, name, {
        runtime: Runtime.NODEJS_22_X,
        handler: 'index.handler',
        code: Code.fromInline('exports.handler = async () => "ok";'),
      });
      api.addRoutes({
        path,
        methods: [method],
        integration: new HttpLambdaIntegration(`${name}Integration`, fn),
        authorizer: isPublic ? new HttpNoneAuthorizer() : authorizer.forHttpApi(),
      });
    }
  }
}

/** Two APIs from one construct in one stack. The second one shares the table of the first. */
export function teamConstruct(app: App): void {
  const stack = new Stack(app, 'Team');
  const { keys } = new SecuredApi(stack, 'orders', {
    routes: [
      [HttpMethod.GET, '/orders'],
      [HttpMethod.POST, '/orders'],
      [HttpMethod.GET, '/health', true],
    ],
  });
  new SecuredApi(stack, 'stock', {
    routes: [[HttpMethod.ANY, '/{proxy+}']],
    keys,
    lastUsedInterval: Duration.hours(1),
  });
}
