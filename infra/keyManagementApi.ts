import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IHttpApi,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { AttributeType, Billing, type ITable, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { type Function as LambdaFunction, SystemLogLevel } from 'aws-cdk-lib/aws-lambda';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { STATE_PARTITION_KEY, STATE_TTL_ATTRIBUTE } from '../management/stateTable.ts';
import { ApiKeyLimits, type IApiKeyLimits } from './apiKeyLimits.ts';
import type { KeyManagementApiProps, OwnerAccess } from './keyManagementProps.ts';
import { type ManagementRoute, managementRoutes, type RouteAudience } from './keyManagementRoutes.ts';
import { checkManagementProps, managementEnvironment } from './keyManagementSettings.ts';
import { latchkeyFunction } from './latchkeyFunction.ts';
import { acknowledge } from './nag.ts';
import { grantManageByApi, grantState } from './tableGrants.ts';

/** Limits the API, so that a flood can't use up the account's concurrency. */
const THROTTLE = { rateLimit: 50, burstLimit: 100 };

const CORS_METHODS = [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.PATCH];
const CORS_REQUEST_HEADERS = ['authorization', 'content-type', 'idempotency-key', 'if-match'];
const CORS_RESPONSE_HEADERS = ['etag', 'idempotency-replayed', 'retry-after'];

const LOSSES_BY_LOG_LEVEL = {
  WARN: 'the line of each request',
  ERROR: 'the line of each request',
  FATAL: 'the line of each request and the reason of each failure',
} as const;

const STATE_IS_TRANSIENT =
  'The table contains only what lives for a day. A restored table would have codes and sessions that have ended.';

const OPEN_ROUTE =
  'The function checks the session’s cookie. The portal’s page, the document and the exchange of a code need no session.';

/**
 * An HTTP API for the keys of a table (docs/key-management.md). Operators call it with credentials of AWS, owners with a
 * token of your identity provider or by a hosted page. Each audience is optional.
 */
export class KeyManagementApi extends Construct {
  /** The HTTP API. */
  readonly api: HttpApi;

  /** The API's stage. Map a custom domain to it, without a path. */
  readonly stage: HttpStage;

  /** The function behind every route. */
  readonly function: LambdaFunction;

  /** The function's log group, with one line for each request. */
  readonly functionLogGroup: ILogGroup;

  /** The table of sessions, codes and repeatable requests. */
  readonly stateTable: TableV2;

  /** The table that counts the requests of owners and of `POST /keys/verify`. It's absent if nothing is counted. */
  readonly limits: IApiKeyLimits | undefined;

  readonly #routes: readonly ManagementRoute[];

  /**
   * Creates the API, its function and the state table.
   *
   * @throws LatchkeyError `CONFIG_INVALID`, with a list of every invalid prop
   */
  constructor(scope: Construct, id: string, props: KeyManagementApiProps) {
    super(scope, id);
    checkManagementProps(this, props);
    const { operators = true, owners, portal } = props;
    this.#routes = managementRoutes({ operators, owners: owners !== undefined, portal: portal !== undefined });
    this.stateTable = stateTable(this, props);
    this.limits = this.#provideLimits(props);
    const created = this.#createFunction(props);
    this.function = created.function;
    this.functionLogGroup = created.logGroup;
    this.api = this.#createApi(props);
    this.stage = this.#createStage(props);
    this.#addRoutes(owners);
  }

  /** The URL of the API, without a slash at its end. Use it for the output `KeyManagementUrl`. */
  get url(): string {
    return this.api.apiEndpoint;
  }

  /**
   * Grants the permission to call the API as an operator. The grantee may create, change and revoke the keys of every
   * owner. It grants nothing without `operators`.
   */
  grantInvoke(grantee: IGrantable): Grant {
    const routes = this.#routes.filter(({ audience }) => audience === 'operators');
    const resourceArns = routes.map(({ method, path }) =>
      this.api.arnForExecuteApi(method, path.replaceAll(/\{[^{}]*\}/g, '*'), '$default'),
    );
    if (resourceArns.length === 0) return Grant.drop(grantee, 'the API has no routes for operators');
    return Grant.addToPrincipal({ grantee, actions: ['execute-api:Invoke'], resourceArns });
  }

  #provideLimits({ owners, portal, limits, authorizer }: KeyManagementApiProps): IApiKeyLimits | undefined {
    const existing = limits ?? authorizer?.limits;
    if (existing !== undefined || (owners ?? portal) === undefined) return existing;
    return new ApiKeyLimits(this, 'Limits');
  }

  #createFunction(props: KeyManagementApiProps) {
    const { table, usage, operators = true } = props;
    const { limits } = this;
    // The CDK's classes declare `undefined` for properties that its interfaces omit. Exact optional property types
    // require this assertion.
    const state = this.stateTable as ITable;
    return latchkeyFunction(this, {
      bundle: 'key-management',
      description: 'Latchkey: the API that manages keys',
      timeout: Duration.seconds(15),
      environment: managementEnvironment(this, props, { stateTableName: state.tableName, limits }),
      shared: props,
      grant: (role) => {
        grantManageByApi(table.resource, role, { lists: operators });
        grantState(state, role);
        limits?.grantTake(role);
        usage?.grantRead(role);
      },
      lossesByLogLevel: LOSSES_BY_LOG_LEVEL,
      // The function has its own line for each request.
      options: { memorySize: 512, systemLogLevelV2: SystemLogLevel.WARN },
    });
  }

  #createApi({ corsOrigins }: KeyManagementApiProps): HttpApi {
    return new HttpApi(this, 'Api', {
      apiName: 'latchkey-key-management',
      description: 'Latchkey: manages API keys',
      createDefaultStage: false,
      ...(corsOrigins && {
        corsPreflight: {
          allowOrigins: [...corsOrigins],
          allowMethods: CORS_METHODS,
          allowHeaders: CORS_REQUEST_HEADERS,
          exposeHeaders: CORS_RESPONSE_HEADERS,
          maxAge: Duration.hours(1),
        },
      }),
    });
  }

  #createStage({ throttle = THROTTLE, accessLog, logRetention, logRemovalPolicy }: KeyManagementApiProps): HttpStage {
    const logGroup =
      accessLog ??
      new LogGroup(this, 'AccessLog', {
        retention: logRetention ?? RetentionDays.ONE_MONTH,
        removalPolicy: logRemovalPolicy ?? RemovalPolicy.DESTROY,
      });
    return new HttpStage(this, 'Stage', {
      httpApi: this.api as IHttpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG_FIELDS)),
      },
    });
  }

  #addRoutes(owners: OwnerAccess | undefined): void {
    // A permission for each route would exceed the size limit of the function's policy.
    const integration = new HttpLambdaIntegration('Integration', this.function, { scopePermissionToRoute: false });
    const authorizers: Readonly<Record<RouteAudience, IHttpRouteAuthorizer | undefined>> = {
      operators: new HttpIamAuthorizer(),
      owners: owners && new HttpJwtAuthorizer('Owners', owners.issuer, { jwtAudience: [...owners.audience] }),
      open: new HttpNoneAuthorizer(),
    };
    for (const { method, path, audience } of this.#routes) {
      const authorizer = authorizers[audience];
      const route = new HttpRoute(this, `${method} ${path}`, {
        httpApi: this.api as IHttpApi,
        routeKey: HttpRouteKey.with(path, HttpMethod[method]),
        integration,
        ...(authorizer && { authorizer }),
      });
      if (audience === 'open') acknowledge(route, { 'AwsSolutions-APIG4': OPEN_ROUTE });
    }
  }
}

/** The access log's fields ("Customize HTTP API access logs"). Paths contain ids of keys, and headers contain tokens. */
const ACCESS_LOG_FIELDS = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  apiId: '$context.apiId',
  sourceIp: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  operator: '$context.identity.userArn',
  owner: '$context.authorizer.claims.sub',
  authorizerError: '$context.authorizer.error',
  responseType: '$context.error.responseType',
  integrationError: '$context.integrationErrorMessage',
  integrationLatency: '$context.integrationLatency',
  responseLatency: '$context.responseLatency',
};

function stateTable(scope: Construct, { encryption, removalPolicy }: KeyManagementApiProps): TableV2 {
  const table = new TableV2(scope, 'State', {
    partitionKey: { name: STATE_PARTITION_KEY, type: AttributeType.STRING },
    timeToLiveAttribute: STATE_TTL_ATTRIBUTE,
    billing: Billing.onDemand(),
    encryption: encryption ?? TableEncryptionV2.dynamoOwnedKey(),
    removalPolicy: removalPolicy ?? RemovalPolicy.DESTROY,
  });
  acknowledge(table, { 'AwsSolutions-DDB3': STATE_IS_TRANSIENT });
  return table;
}
