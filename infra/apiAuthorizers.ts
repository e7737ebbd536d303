import { Annotations, type Duration, FeatureFlags } from 'aws-cdk-lib';
import type { IAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import {
  ParameterMapping,
  type IHttpRouteAuthorizer,
  type IWebSocketRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import {
  AppSyncAuthorizationType,
  type AppSyncAuthProvider,
  AuthorizationType,
  type AuthorizationMode,
} from 'aws-cdk-lib/aws-appsync';
import { Function as LambdaFunction, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';
import type { KeySource } from '../lambda/keySources.ts';
import {
  type AuthorizerId,
  freeIdIn,
  HttpApiKeyAuthorizer,
  RestRequestKeyAuthorizer,
  RestTokenKeyAuthorizer,
  WebSocketKeyAuthorizer,
} from './authorizers.ts';
import { warnOfCachedAnswers } from './cachedAnswersWarning.ts';
import type {
  AppSyncAuthorizerOptions,
  HttpApiAuthorizerOptions,
  RestApiAuthorizerOptions,
} from './iApiKeyAuthorizer.ts';
import {
  checkTokenSource,
  hideCredential,
  httpIdentitySources,
  mayCache,
  restIdentitySources,
  webSocketIdentitySources,
} from './keySources.ts';
import { checkText } from './propChecks.ts';

/** The function that APIs invoke, with the settings that their authorizers depend on. */
export interface InvokedFunction {
  /** The alias of the live version if it exists, otherwise the function. */
  readonly handler: IFunction;
  readonly keySources: readonly KeySource[];
  /** The time for which API Gateway and AppSync cache a response. It may be a token. */
  readonly resultsCacheTtl: Duration;
  /** `true` if the function returns `isAuthorized` to HTTP APIs, `false` if it returns a policy. */
  readonly hasSimpleResponses: boolean;
  /** `true` if a response may differ by route. */
  readonly hasScopes: boolean;
  /** Called for each authorizer whose responses are policies. */
  readonly onPolicy: () => void;
}

/** Creates and remembers the authorizers of the APIs that invoke one function. `IApiKeyAuthorizer` has the docs. */
export class ApiAuthorizers {
  readonly #owner: Construct;
  readonly #invoked: InvokedFunction;
  readonly #restAuthorizers = new Set<IAuthorizer>();
  // Options → authorizer, because the same options must return the same construct.
  readonly #restByOptions = new Map<string, IAuthorizer>();
  readonly #httpByOptions = new Map<string, HttpApiKeyAuthorizer>();
  readonly #webSocketByOptions = new Map<string, WebSocketKeyAuthorizer>();
  readonly #importedByScope = new Map<string, IFunction>();

  /** The owner is the construct whose methods return the authorizers. */
  constructor(owner: Construct, invoked: InvokedFunction) {
    this.#owner = owner;
    this.#invoked = invoked;
  }

  /** The authorizers from `forRestApi` in all stacks, including those that later calls create. */
  get restAuthorizers(): ReadonlySet<IAuthorizer> {
    return this.#restAuthorizers;
  }

  /** The authorizers from `forWebSocketApi`, by id, including those that later calls create. */
  get webSocketAuthorizers(): ReadonlyMap<string, WebSocketKeyAuthorizer> {
    return this.#webSocketByOptions;
  }

  forRestApi(id?: string, { type = 'REQUEST', scope = this.#owner }: RestApiAuthorizerOptions = {}): IAuthorizer {
    checkText(this.#owner, 'type', type, ['REQUEST', 'TOKEN']);
    const authorizerId = this.#getId('forRestApi', id, type);
    const authorizer = getOrCreate(this.#restByOptions, [scope.node.path, authorizerId.id, type], () =>
      this.#createRestAuthorizer(scope, authorizerId, type),
    );
    this.#restAuthorizers.add(authorizer);
    this.#invoked.onPolicy();
    return authorizer;
  }

  forHttpApi(id?: string, { payloadFormat = '2.0' }: HttpApiAuthorizerOptions = {}): IHttpRouteAuthorizer {
    const { handler, keySources, hasScopes, hasSimpleResponses, resultsCacheTtl, onPolicy } = this.#invoked;
    checkText(this.#owner, 'payloadFormat', payloadFormat, ['1.0', '2.0']);
    const simpleResponses = payloadFormat === '2.0' && hasSimpleResponses;
    const perRoute = simpleResponses && mayCache(resultsCacheTtl) && hasScopes;
    const authorizerId = this.#getId('forHttpApi', id, payloadFormat);
    if (!simpleResponses) onPolicy();
    if (simpleResponses && mayCache(resultsCacheTtl)) warnOfCachedAnswers(this.#owner);
    const identitySources = httpIdentitySources(keySources, { perRoute });
    const props = { handler, payloadFormat, identitySources, resultsCacheTtl, simpleResponses };
    return getOrCreate(
      this.#httpByOptions,
      [authorizerId.id, payloadFormat],
      () => new HttpApiKeyAuthorizer(authorizerId, props),
    );
  }

  forWebSocketApi(id?: string): IWebSocketRouteAuthorizer {
    const { handler, keySources } = this.#invoked;
    const identitySources = webSocketIdentitySources(keySources);
    const authorizerId = this.#getId('forWebSocketApi', id, 'connect');
    return getOrCreate(
      this.#webSocketByOptions,
      [authorizerId.id],
      () => new WebSocketKeyAuthorizer(authorizerId, { handler, identitySources }),
    );
  }

  forAppSync({ scope }: AppSyncAuthorizerOptions = {}): AuthorizationMode {
    if (!FeatureFlags.of(this.#owner).isEnabled(APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION)) {
      Annotations.of(this.#owner).addWarningV2(
        'latchkey:appSyncPermission',
        `Without the feature flag ${APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION} the CDK lets every AppSync API invoke the authorizer. Set it in cdk.json.`,
      );
    }
    return {
      authorizationType: AuthorizationType.LAMBDA,
      lambdaAuthorizerConfig: this.#lambdaConfig(scope),
    };
  }

  forEventApi({ scope }: AppSyncAuthorizerOptions = {}): AppSyncAuthProvider {
    return {
      authorizationType: AppSyncAuthorizationType.LAMBDA,
      lambdaAuthorizerConfig: this.#lambdaConfig(scope),
    };
  }

  hideCredential(mapping = new ParameterMapping()): ParameterMapping {
    return hideCredential(this.#owner, this.#invoked.keySources, mapping);
  }

  /** Returns the settings that AppSync's GraphQL and Event APIs share. */
  #lambdaConfig(scope: Construct | undefined) {
    const { handler, resultsCacheTtl } = this.#invoked;
    return { handler: scope === undefined ? handler : this.#importHandler(scope), resultsCacheTtl };
  }

  #getId(method: AuthorizerId['method'], id: string | undefined, variant: string): AuthorizerId {
    return { owner: this.#owner, method, id: id ?? method.slice('for'.length), isGiven: id !== undefined, variant };
  }

  #createRestAuthorizer(scope: Construct, authorizerId: AuthorizerId, type: 'REQUEST' | 'TOKEN'): IAuthorizer {
    const { handler, keySources, resultsCacheTtl } = this.#invoked;
    const identitySources = restIdentitySources(keySources);
    const [identitySource] = identitySources;
    if (type === 'TOKEN') checkTokenSource(this.#owner, keySources);
    const id = freeIdIn(scope, authorizerId);
    const shared = { handler, resultsCacheTtl };
    return type === 'TOKEN' && identitySource !== undefined
      ? new RestTokenKeyAuthorizer(scope, id, { ...shared, identitySource })
      : new RestRequestKeyAuthorizer(scope, id, { ...shared, identitySources });
  }

  /** Imports the function, because the CDK creates permissions for an imported function in `scope`. */
  #importHandler(scope: Construct): IFunction {
    const { functionArn } = this.#invoked.handler;
    return getOrCreate(this.#importedByScope, [scope.node.path], () =>
      LambdaFunction.fromFunctionAttributes(scope, `Latchkey-${this.#owner.node.addr}`, {
        functionArn,
        sameEnvironment: true,
      }),
    );
  }
}

function getOrCreate<T>(byOptions: Map<string, T>, options: readonly string[], create: () => T): T {
  const key = JSON.stringify(options);
  const value = byOptions.get(key) ?? create();
  byOptions.set(key, value);
  return value;
}
