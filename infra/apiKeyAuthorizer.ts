import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { RequestAuthorizer, TokenAuthorizer, type IAuthorizer, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import { authorizerSettings, type AuthorizerSettings } from './authorizerSettings.ts';
import { addErrorResponses } from './errorResponses.ts';
import { HttpApiKeyAuthorizer } from './httpApiKeyAuthorizer.ts';
import { httpIdentitySources, restIdentitySources } from './identitySources.ts';

export interface RestApiAuthorizerOptions {
  /**
   * The kind of authorizer. `TOKEN` gets one header and nothing else of the request, so it needs exactly one key source,
   * `bearer` or a header.
   *
   * @default 'REQUEST'
   */
  readonly type?: 'REQUEST' | 'TOKEN';
}

const BUNDLE = fileURLToPath(new URL('../dist/authorizer', import.meta.url));

/** The Lambda function that decides on API keys, and an authorizer for each API that asks it. */
export class ApiKeyAuthorizer extends Construct {
  readonly function: LambdaFunction;

  /**
   * The longest that a key may still be accepted after it was revoked: `recordCacheTtl` and `resultCacheTtl` together. While
   * DynamoDB is down, `staleIfError` counts in place of a shorter `recordCacheTtl`.
   */
  readonly revocationDelay: Duration;

  readonly #settings: AuthorizerSettings;

  /** Throws LatchkeyError `CONFIG_INVALID`, listing every prop that is wrong. */
  constructor(scope: Construct, id: string, props: ApiKeyAuthorizerProps) {
    super(scope, id);
    this.#settings = authorizerSettings(props);
    const { environment, config, resultCacheSeconds } = this.#settings;
    this.revocationDelay = Duration.seconds(config.recordCacheSeconds + resultCacheSeconds);

    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Lambda's own managed policy would let the function write to every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    props.table.grantVerify(role);
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Latchkey: decides on API keys',
      code: Code.fromAsset(BUNDLE),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      // Faults are answered within 4 seconds; what takes longer than this is a hang.
      timeout: Duration.seconds(6),
      environment: { LATCHKEY_TABLE: props.table.tableName, ...environment },
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
  }

  /**
   * An authorizer for one REST API. Give the second one of a deployment an id of its own.
   *
   * @throws LatchkeyError `CONFIG_INVALID` for a `TOKEN` authorizer of more than one key source, or of a query parameter
   */
  forRestApi(id = 'RestApi', { type = 'REQUEST' }: RestApiAuthorizerOptions = {}): IAuthorizer {
    const { config, resultCacheSeconds } = this.#settings;
    const identitySources = restIdentitySources(config.keySources);
    const shared = { handler: this.function, resultsCacheTtl: Duration.seconds(resultCacheSeconds) };
    if (type === 'REQUEST') return new RequestAuthorizer(this, id, { ...shared, identitySources });
    const [identitySource] = identitySources;
    if (identitySource?.startsWith('method.request.header.')) {
      return new TokenAuthorizer(this, id, { ...shared, identitySource });
    }
    const got = config.keySources.map(({ kind }) => kind).join(', ');
    throw new LatchkeyError(
      'CONFIG_INVALID',
      `type: got "TOKEN" with the key sources ${got}, wanted exactly one key source, bearer or a header`,
    );
  }

  /** An authorizer for one HTTP API, of payload format 2.0. Give the second one of a deployment an id of its own. */
  forHttpApi(id = 'HttpApi'): IHttpRouteAuthorizer {
    const { config, resultCacheSeconds } = this.#settings;
    return new HttpApiKeyAuthorizer(id, {
      handler: this.function,
      identitySources: httpIdentitySources(config.keySources),
      resultsCacheTtl: Duration.seconds(resultCacheSeconds),
      simpleResponses: config.httpApiResponse === 'simple',
    });
  }

  /**
   * Has a REST API word its refusals and faults in Latchkey's envelope, with `WWW-Authenticate` on 401. An HTTP API has no such
   * responses: its bodies are API Gateway's own.
   */
  addErrorResponses(api: RestApi): void {
    addErrorResponses(api, this.#settings.config.keySources);
  }
}
