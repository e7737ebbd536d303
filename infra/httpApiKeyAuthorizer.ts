import { Names, Stack, type Duration } from 'aws-cdk-lib';
import {
  AuthorizerPayloadVersion,
  HttpAuthorizer,
  HttpAuthorizerType,
  type HttpRouteAuthorizerBindOptions,
  type HttpRouteAuthorizerConfig,
  type IHttpApi,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LatchkeyError } from '../keys/errors.ts';

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
 * A Lambda authorizer for the routes of one HTTP API. The CDK's own takes payload format 2.0 for simple answers alone; this one
 * takes policies too.
 */
export class HttpApiKeyAuthorizer implements IHttpRouteAuthorizer {
  readonly #id: string;
  readonly #props: HttpApiKeyAuthorizerProps;
  #bound: { readonly httpApi: IHttpApi; readonly authorizer: HttpAuthorizer } | undefined;

  constructor(id: string, props: HttpApiKeyAuthorizerProps) {
    this.#id = id;
    this.#props = props;
  }

  /** Throws LatchkeyError `CONFIG_INVALID` for a route of another API than the first route's. */
  bind({ route, scope }: HttpRouteAuthorizerBindOptions): HttpRouteAuthorizerConfig {
    const { httpApi } = route;
    this.#bound ??= { httpApi, authorizer: this.#create({ route, scope }) };
    if (this.#bound.httpApi !== httpApi) {
      const problem = `${this.#id}: got routes of two HTTP APIs, wanted a forHttpApi() with an id of its own for each`;
      throw new LatchkeyError('CONFIG_INVALID', problem);
    }
    return { authorizerId: this.#bound.authorizer.authorizerId, authorizationType: 'CUSTOM' };
  }

  #create({ route, scope }: HttpRouteAuthorizerBindOptions): HttpAuthorizer {
    const { handler, payloadFormat, identitySources, resultsCacheTtl, simpleResponses } = this.#props;
    const { partition, region } = Stack.of(handler);
    const authorizer = new HttpAuthorizer(scope, this.#id, {
      httpApi: route.httpApi,
      type: HttpAuthorizerType.LAMBDA,
      ...(payloadFormat === '1.0'
        ? { payloadFormatVersion: AuthorizerPayloadVersion.VERSION_1_0 }
        : { payloadFormatVersion: AuthorizerPayloadVersion.VERSION_2_0, enableSimpleResponses: simpleResponses }),
      identitySource: identitySources,
      resultsCacheTtl,
      authorizerUri: `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${handler.functionArn}/invocations`,
    });
    handler.addPermission(`${Names.nodeUniqueId(authorizer.node)}-Permission`, {
      scope,
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: Stack.of(route).formatArn({
        service: 'execute-api',
        resource: route.httpApi.apiId,
        resourceName: `authorizers/${authorizer.authorizerId}`,
      }),
    });
    return authorizer;
  }
}
