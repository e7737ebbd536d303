import { Names, type Duration } from 'aws-cdk-lib';
import {
  AuthorizerPayloadVersion,
  HttpAuthorizer,
  HttpAuthorizerType,
  type HttpRouteAuthorizerBindOptions,
  type HttpRouteAuthorizerConfig,
  type IHttpApi,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { freeIdIn, type AuthorizerId } from './authorizerIds.ts';
import { allowToInvoke, invocationUri } from './invokePermission.ts';

/** How API Gateway puts a request to the function. */
export type HttpApiPayloadFormat = '1.0' | '2.0';

export interface HttpApiKeyAuthorizerProps {
  readonly handler: IFunction;
  readonly payloadFormat: HttpApiPayloadFormat;
  readonly identitySources: string[];
  readonly resultsCacheTtl: Duration;
  /** Whether the function answers `isAuthorized`, or a policy. Format 1.0 knows policies alone. */
  readonly simpleResponses: boolean;
}

/**
 * A Lambda authorizer for the routes of HTTP APIs. Each API gets one authorizer resource, which all its routes share. The CDK's own
 * authorizer uses payload format 2.0 only for simple responses; this one also uses it for policies.
 */
export class HttpApiKeyAuthorizer implements IHttpRouteAuthorizer {
  readonly #id: AuthorizerId;
  readonly #props: HttpApiKeyAuthorizerProps;
  readonly #authorizers = new Map<IHttpApi, HttpAuthorizer>();

  constructor(id: AuthorizerId, props: HttpApiKeyAuthorizerProps) {
    this.#id = id;
    this.#props = props;
  }

  /**
   * Returns the API's authorizer, and creates it for the first route. The CDK calls this for each route.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if the API already has a construct with the authorizer's id
   */
  bind(options: HttpRouteAuthorizerBindOptions): HttpRouteAuthorizerConfig {
    const { httpApi } = options.route;
    const authorizer = this.#authorizers.get(httpApi) ?? this.#create(options);
    this.#authorizers.set(httpApi, authorizer);
    return { authorizerId: authorizer.authorizerId, authorizationType: 'CUSTOM' };
  }

  #create({ route, scope }: HttpRouteAuthorizerBindOptions): HttpAuthorizer {
    const { handler, payloadFormat, identitySources, resultsCacheTtl, simpleResponses } = this.#props;
    const { httpApi } = route;
    const authorizer = new HttpAuthorizer(scope, freeIdIn(scope, this.#id), {
      httpApi,
      type: HttpAuthorizerType.LAMBDA,
      ...(payloadFormat === '1.0'
        ? { payloadFormatVersion: AuthorizerPayloadVersion.VERSION_1_0 }
        : { payloadFormatVersion: AuthorizerPayloadVersion.VERSION_2_0, enableSimpleResponses: simpleResponses }),
      identitySource: identitySources,
      resultsCacheTtl,
      authorizerUri: invocationUri(handler),
    });
    const id = `${Names.nodeUniqueId(authorizer.node)}-Permission`;
    allowToInvoke(authorizer, { scope, id, handler, api: route, apiId: httpApi.apiId });
    return authorizer;
  }
}
