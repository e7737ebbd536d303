import { Annotations, type Duration, type ResourceEnvironment, Stack, Token } from 'aws-cdk-lib';
import type { IAuthorizer, IRestApi, RestApiBase } from 'aws-cdk-lib/aws-apigateway';
import type { IHttpRouteAuthorizer, IWebSocketRouteAuthorizer, ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import type { AppSyncAuthProvider, AuthorizationMode } from 'aws-cdk-lib/aws-appsync';
import { Function as LambdaFunction, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { HttpApiResponse } from '../lambda/config.ts';
import type { KeySource as ParsedKeySource, KeySourceSetting } from '../lambda/keySources.ts';
import { ApiAuthorizers } from './apiAuthorizers.ts';
import { importedSettings } from './authorizerSettings.ts';
import { addGatewayResponses, type GatewayResponsesOptions } from './gatewayResponses.ts';
import type {
  AppSyncAuthorizerOptions,
  HttpApiAuthorizerOptions,
  IApiKeyAuthorizer,
  RestApiAuthorizerOptions,
} from './iApiKeyAuthorizer.ts';
import type { KeySource } from './keySource.ts';
import { isDifferent, propError } from './propChecks.ts';

/** Attributes of an authorizer that another stack or app creates. Pass the values of its props. */
export interface ApiKeyAuthorizerAttributes {
  /** The ARN of the function. If the authorizer has the alias `live`, it's the ARN of that alias. */
  readonly functionArn: string;

  /**
   * The authorizer's `keySources`. The identity sources of each API depend on them.
   *
   * @default ['bearer', 'query:api_key']
   */
  readonly keySources?: readonly (KeySource | KeySourceSetting)[];

  /**
   * The authorizer's `resultsCacheTtl`.
   *
   * @default Duration.seconds(0) - API Gateway invokes the function for every request
   */
  readonly resultsCacheTtl?: Duration;

  /**
   * The authorizer's `httpApiResponse`. API Gateway rejects responses of the other type.
   *
   * @default 'iam'
   */
  readonly httpApiResponse?: HttpApiResponse;

  /**
   * Whether the authorizer has `scopes`. An HTTP API with simple responses then caches a response for each route.
   *
   * @default true
   */
  readonly hasScopes?: boolean;
}

/** An authorizer whose function belongs to another stack or app. */
export class ImportedApiKeyAuthorizer extends Construct implements IApiKeyAuthorizer {
  readonly functionArn: string;
  readonly #keySources: readonly ParsedKeySource[];
  readonly #apis: ApiAuthorizers;

  constructor(scope: Construct, id: string, attributes: ApiKeyAuthorizerAttributes) {
    super(scope, id);
    const { functionArn, hasScopes = true } = attributes;
    this.functionArn = functionArn;
    const { config, resultsCacheTtl } = importedSettings(this, attributes);
    this.#keySources = config.keySources;
    this.#apis = new ApiAuthorizers(this, {
      handler: importFunction(this, functionArn),
      keySources: config.keySources,
      resultsCacheTtl,
      hasSimpleResponses: config.httpApiResponse === 'simple',
      hasScopes,
      onPolicy: () => undefined,
    });
  }

  forRestApi(id?: string, options?: RestApiAuthorizerOptions): IAuthorizer {
    return this.#apis.forRestApi(id, options);
  }

  forHttpApi(id?: string, options?: HttpApiAuthorizerOptions): IHttpRouteAuthorizer {
    return this.#apis.forHttpApi(id, options);
  }

  forWebSocketApi(id?: string): IWebSocketRouteAuthorizer {
    return this.#apis.forWebSocketApi(id);
  }

  forAppSync(options?: AppSyncAuthorizerOptions): AuthorizationMode {
    return this.#apis.forAppSync(options);
  }

  forEventApi(options?: AppSyncAuthorizerOptions): AppSyncAuthProvider {
    return this.#apis.forEventApi(options);
  }

  hideCredential(mapping?: ParameterMapping): ParameterMapping {
    return this.#apis.hideCredential(mapping);
  }

  addGatewayResponses(api: IRestApi | RestApiBase, options: GatewayResponsesOptions = {}): void {
    addGatewayResponses(api, { keySources: this.#keySources, hasPlans: false, ...options });
  }
}

/**
 * Imports the function so that this stack creates the permissions to invoke it. CloudFormation can't create them for a
 * function in another account.
 */
function importFunction(scope: Construct, functionArn: string): IFunction {
  if (Token.isUnresolved(functionArn)) {
    return LambdaFunction.fromFunctionAttributes(scope, 'Function', { functionArn, sameEnvironment: true });
  }
  const { region, account } = environmentOf(scope, functionArn);
  const stack = Stack.of(scope);
  if (isDifferent(region, stack.region)) {
    throw propError(
      scope,
      `functionArn: expected a function in ${stack.region}, the Region of this stack, got one in ${region}`,
    );
  }
  const isForeign = isDifferent(account, stack.account);
  if (isForeign) {
    Annotations.of(scope).addWarningV2(
      'latchkey:foreignFunction',
      `functionArn: expected a function of this stack's account, got one of the account ${account}: allow apigateway.amazonaws.com to invoke it there.`,
    );
  }
  const attributes = { functionArn, sameEnvironment: !isForeign, skipPermissions: isForeign };
  return LambdaFunction.fromFunctionAttributes(scope, 'Function', attributes);
}

const FUNCTION_ARN = /^arn:[^:]+:lambda:([^:]+):([^:]+):function:[^:]+(?::[^:]+)?$/;

/** Returns the Region and the account in the ARN. */
function environmentOf(scope: Construct, functionArn: string): ResourceEnvironment {
  const [, region, account] = FUNCTION_ARN.exec(functionArn) ?? [];
  if (region !== undefined && account !== undefined) return { region, account };
  throw propError(
    scope,
    'functionArn: expected the ARN of a Lambda function or of its alias, such as ' +
      `arn:aws:lambda:eu-west-1:123456789012:function:orders-authorizer, got "${functionArn}"`,
  );
}
