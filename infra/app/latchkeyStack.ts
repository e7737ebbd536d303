import { fileURLToPath } from 'node:url';
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  EndpointType,
  type IAuthorizer,
  LambdaIntegration,
  LogGroupLogDestination as RestLogGroupLogDestination,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  type IHttpRouteAuthorizer,
  type IWebSocketRouteAuthorizer,
  LogGroupLogDestination,
  WebSocketApi,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import { latchkeyAccessLogFormat } from '../accessLogFormat.ts';
import { ApiKeyAuthorizer } from '../apiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerProps } from '../apiKeyAuthorizerProps.ts';
import { ApiKeyEvents } from '../apiKeyEvents.ts';
import { ApiKeyMonitoring } from '../apiKeyMonitoring.ts';
import { ApiKeyTable } from '../apiKeyTable.ts';
import { type ApiAccessLog, ApiKeyUsage } from '../apiKeyUsage.ts';
import { KeyManagementApi } from '../keyManagementApi.ts';
import type { KeyManagementApiProps, OwnerAccess, PortalProps } from '../keyManagementProps.ts';
import { acknowledge } from '../nag.ts';
import { LimitPeriod, type PlanMapping } from '../planProps.ts';
import type { Monitoring } from './appContext.ts';

const WHOAMI_BUNDLE = fileURLToPath(new URL('../../dist/whoami', import.meta.url));

const ACCOUNT_WIDE_LOGS = 'Its logs need a role for the whole account and Region, which a sample must not set.';

const NO_EXECUTION_LOGS = 'Execution logs can contain the headers of a request, and with them its key.';

/** AWS's policy for the role of API Gateway's logs, which the CDK attaches. */
const LOG_ROLE_POLICY =
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]';

/** Limits each stage, so that a sample with a public URL can't run up a bill. */
const THROTTLE = { rateLimit: 50, burstLimit: 100 };

/** A plan to try limits with. A key without a plan isn't limited. */
const PLANS: PlanMapping = {
  demo: {
    enforce: 'authorizer',
    throttle: { rateLimit: 5, burstLimit: 10 },
    quota: { limit: 60, period: LimitPeriod.MINUTE },
  },
};

/** The hosted page. It may link back to an application on the developer's machine. */
const PORTAL: PortalProps = {
  name: 'Latchkey sample',
  returnOrigins: ['http://localhost:3000', 'http://127.0.0.1:3000'],
};

/** A key that nobody used for this long gives an event. */
const UNUSED_AFTER = Duration.days(90);

/** Properties of `LatchkeyStack`. You can set them in the app's context. */
export interface LatchkeyStackProps extends StackProps, Pick<ApiKeyAuthorizerProps, 'keySources' | 'scopes'> {
  /**
   * The alarms and the dashboard of `ApiKeyMonitoring`. docs/operations.md lists their prices.
   *
   * @default 'alarms'
   */
  readonly monitoring?: Monitoring;

  /**
   * Sets the role by which API Gateway writes logs, for the whole account and Region. It also turns on the access logs
   * of the REST API and the WebSocket API, which need that role. The stack retains the role when you delete it.
   *
   * @default false
   */
  readonly accountLogRole?: boolean;

  /**
   * The tokens with which your customers may manage their keys below `/me` of the management API.
   *
   * @default - they only have the portal
   */
  readonly owners?: OwnerAccess;
}

/** The parts of the stack that the management API uses. */
interface ManagedKeys extends Required<Pick<KeyManagementApiProps, 'table' | 'authorizer' | 'usage'>> {
  readonly owners: OwnerAccess | undefined;
}

/**
 * A table of keys, an authorizer, a sample API of each type, and the API that manages keys. `GET /whoami` and every message to the WebSocket API
 * return the authorizer's context. Keys on the plan `demo` have limits.
 */
export class LatchkeyStack extends Stack {
  readonly #hasLogRole: boolean;
  readonly #accessLogs: ApiAccessLog[] = [];

  constructor(scope: Construct, id: string, props: LatchkeyStackProps = {}) {
    const { keySources, scopes, monitoring = 'alarms', accountLogRole = false, owners, ...stackProps } = props;
    super(scope, id, stackProps);
    this.#hasLogRole = accountLogRole;
    const table = new ApiKeyTable(this, 'Keys');
    const authorizer = new ApiKeyAuthorizer(this, 'Authorizer', {
      table,
      plans: PLANS,
      // The sample's integration responds with 429, which the authorizer of an HTTP API can't.
      onLimit: 'tell',
      ...(keySources && { keySources }),
      ...(scopes && { scopes }),
    });
    const whoami = this.#whoami();
    const restApi = this.#restApi(authorizer.forRestApi(), whoami);
    authorizer.addGatewayResponses(restApi);
    const httpApi = this.#httpApi(authorizer.forHttpApi(), whoami);
    const webSocketStage = this.#webSocketStage(authorizer.forWebSocketApi(), whoami);
    if (accountLogRole) this.#awaitLogRole(restApi, webSocketStage);
    const usage = new ApiKeyUsage(this, 'Usage', { authorizer, accessLogs: this.#accessLogs });
    const events = this.#events(table, authorizer);
    if (monitoring !== 'none') {
      const dashboard = monitoring === 'dashboard';
      new ApiKeyMonitoring(this, 'Monitoring', { authorizer, table, usage, events, dashboard });
    }

    this.#output('TableName', table.tableName, 'The table of keys, for latchkey --table');
    this.#output('UsageTableName', usage.tableName, 'The table of usage, for latchkey --usage-table');
    this.#output('RestApiUrl', restApi.urlForPath('/whoami'), 'The sample route of the REST API');
    this.#output('HttpApiUrl', `${httpApi.apiEndpoint}/whoami`, 'The sample route of the HTTP API');
    this.#output('WebSocketApiUrl', webSocketStage.url, 'The sample WebSocket API, which answers every message');
    this.#output(
      'RevocationDelaySeconds',
      String(authorizer.revocationDelay.toSeconds()),
      'The longest time that a revoked key may still be accepted',
    );
    this.#output(
      'AcceptedKeys',
      authorizer.acceptedKeys,
      'The prefixes of issued keys; those of external keys with *, or any',
    );
    this.#planOutputs(authorizer);
    this.#manageKeys({ table, authorizer, usage, owners }, Object.keys(scopes ?? {}));
  }

  /** Adds the API that manages keys. Owners may give their keys the scopes of the stack. */
  #manageKeys({ owners, ...shared }: ManagedKeys, scopes: readonly string[]): void {
    const management = new KeyManagementApi(this, 'Management', {
      ...shared,
      ...(owners && { owners }),
      portal: PORTAL,
      ownerRules: {
        plans: Object.keys(PLANS),
        maxLifetime: Duration.days(365),
        ...(scopes.length > 0 && { scopes }),
      },
    });
    this.#output('KeyManagementUrl', management.url, 'The API that manages keys, for operators and owners');
  }

  #events(table: ApiKeyTable, { limits }: ApiKeyAuthorizer): ApiKeyEvents {
    const options = { history: true, unusedAfter: UNUSED_AFTER, ...(limits && { limits }) };
    const events = new ApiKeyEvents(this, 'Events', { table, ...options });
    this.#output(
      'HistoryTableName',
      events.historyTableName ?? '',
      'The table of events, for latchkey --history-table',
    );
    return events;
  }

  /** Adds the outputs by which the CLI and the console show what is left of a key's plan. */
  #planOutputs({ limits, planLimits }: ApiKeyAuthorizer): void {
    if (limits !== undefined) {
      this.#output('LimitsTableName', limits.tableName, 'The table of limits, for latchkey --limits-table');
    }
    this.#output('Plans', planLimits, 'The limits of each plan');
  }

  #whoami(): LambdaFunction {
    const logGroup = this.#logGroup('WhoamiLogs');
    const role = new Role(this, 'WhoamiRole', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    return new LambdaFunction(this, 'Whoami', {
      description: 'Latchkey sample: returns the context of the authorizer',
      code: Code.fromAsset(WHOAMI_BUNDLE),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(5),
      loggingFormat: LoggingFormat.JSON,
      role,
      logGroup,
    });
  }

  #restApi(authorizer: IAuthorizer, whoami: LambdaFunction): RestApi {
    const logGroup = this.#hasLogRole ? this.#logGroup('RestApiLogs') : undefined;
    const api = new RestApi(this, 'RestApi', {
      description: 'Latchkey sample',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: this.#hasLogRole,
      deployOptions: {
        throttlingRateLimit: THROTTLE.rateLimit,
        throttlingBurstLimit: THROTTLE.burstLimit,
        ...(logGroup && {
          accessLogDestination: new RestLogGroupLogDestination(logGroup),
          accessLogFormat: latchkeyAccessLogFormat.rest(),
        }),
      },
    });
    if (logGroup !== undefined) this.#accessLogs.push({ logGroup, api });
    const requestValidator = api.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    const method = api.root
      .addResource('whoami')
      .addMethod('GET', new LambdaIntegration(whoami), { authorizer, requestValidator });
    acknowledge(api.deploymentStage, {
      ...(!this.#hasLogRole && { 'AwsSolutions-APIG1': ACCOUNT_WIDE_LOGS }),
      'AwsSolutions-APIG6': NO_EXECUTION_LOGS,
      'AwsSolutions-APIG3':
        'AWS bills a web ACL by the month. The sample returns only the caller’s own key, so it has none.',
    });
    acknowledge(method, { 'AwsSolutions-COG4': 'Latchkey’s authorizer protects the route instead of a user pool.' });
    return api;
  }

  #httpApi(authorizer: IHttpRouteAuthorizer, whoami: LambdaFunction): HttpApi {
    const api = new HttpApi(this, 'HttpApi', { description: 'Latchkey sample', createDefaultStage: false });
    const logGroup = this.#logGroup('HttpApiLogs');
    this.#accessLogs.push({ logGroup, api });
    new HttpStage(this, 'HttpStage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: latchkeyAccessLogFormat.http(),
      },
    });
    api.addRoutes({
      path: '/whoami',
      methods: [HttpMethod.GET],
      integration: new HttpLambdaIntegration('WhoamiIntegration', whoami),
      authorizer,
    });
    return api;
  }

  #webSocketStage(authorizer: IWebSocketRouteAuthorizer, whoami: LambdaFunction): WebSocketStage {
    const logGroup = this.#hasLogRole ? this.#logGroup('WebSocketApiLogs') : undefined;
    const webSocketApi = new WebSocketApi(this, 'WebSocketApi', {
      description: 'Latchkey sample',
      connectRouteOptions: { integration: new WebSocketLambdaIntegration('ConnectIntegration', whoami), authorizer },
    });
    const messages = webSocketApi.addRoute('$default', {
      integration: new WebSocketLambdaIntegration('MessageIntegration', whoami),
      returnResponse: true,
    });
    const stage = new WebSocketStage(this, 'WebSocketStage', {
      webSocketApi,
      stageName: 'prod',
      autoDeploy: true,
      throttle: THROTTLE,
      ...(logGroup && {
        accessLogSettings: {
          destination: new LogGroupLogDestination(logGroup),
          format: latchkeyAccessLogFormat.webSocket(),
        },
      }),
    });
    if (logGroup === undefined) acknowledge(stage, { 'AwsSolutions-APIG1': ACCOUNT_WIDE_LOGS });
    else this.#accessLogs.push({ logGroup, api: webSocketApi });
    acknowledge(messages, {
      'AwsSolutions-APIG4':
        'API Gateway invokes an authorizer only on $connect. Messages arrive on a connection that Latchkey allowed.',
    });
    return stage;
  }

  /** Makes the WebSocket API's stage depend on the role. The CDK makes only the REST API's own stage depend on it. */
  #awaitLogRole({ node }: RestApi, webSocketStage: IConstruct): void {
    webSocketStage.node.addDependency(node.findChild('Account'));
    acknowledge(node.findChild('CloudWatchRole'), {
      [LOG_ROLE_POLICY]: 'AWS made the policy for this role, which you asked for with accountLogRole.',
    });
  }

  #logGroup(id: string): LogGroup {
    return new LogGroup(this, id, { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
  }

  #output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}
