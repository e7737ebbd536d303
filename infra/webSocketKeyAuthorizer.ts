import { Names } from 'aws-cdk-lib';
import {
  WebSocketAuthorizer,
  WebSocketAuthorizerType,
  type IWebSocketApi,
  type IWebSocketRouteAuthorizer,
  type WebSocketRouteAuthorizerBindOptions,
  type WebSocketRouteAuthorizerConfig,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { freeIdIn, type AuthorizerId } from './authorizerIds.ts';
import { allowToInvoke, invocationUri } from './invokePermission.ts';

export interface WebSocketKeyAuthorizerProps {
  readonly handler: IFunction;
  readonly identitySources: string[];
}

/**
 * A Lambda authorizer for the `$connect` routes of WebSocket APIs. Each API gets one authorizer resource. The CDK's own authorizer
 * serves a single API, and CloudFormation creates its permission to invoke the function after the authorizer.
 */
export class WebSocketKeyAuthorizer implements IWebSocketRouteAuthorizer {
  readonly #id: AuthorizerId;
  readonly #props: WebSocketKeyAuthorizerProps;
  readonly #authorizers = new Map<IWebSocketApi, WebSocketAuthorizer>();

  constructor(id: AuthorizerId, props: WebSocketKeyAuthorizerProps) {
    this.#id = id;
    this.#props = props;
  }

  /**
   * Returns the API's authorizer, and creates it for the first route. The CDK calls this for each route.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if the API already has a construct with the authorizer's id
   */
  bind(options: WebSocketRouteAuthorizerBindOptions): WebSocketRouteAuthorizerConfig {
    const { webSocketApi } = options.route;
    const authorizer = this.#authorizers.get(webSocketApi) ?? this.#create(options);
    this.#authorizers.set(webSocketApi, authorizer);
    return { authorizerId: authorizer.authorizerId, authorizationType: 'CUSTOM' };
  }

  #create({ route, scope }: WebSocketRouteAuthorizerBindOptions): WebSocketAuthorizer {
    const { handler, identitySources } = this.#props;
    const { webSocketApi } = route;
    const authorizerName = freeIdIn(scope, this.#id);
    const authorizer = new WebSocketAuthorizer(scope, authorizerName, {
      webSocketApi,
      authorizerName,
      identitySource: identitySources,
      type: WebSocketAuthorizerType.LAMBDA,
      authorizerUri: invocationUri(handler),
    });
    const id = `${Names.nodeUniqueId(authorizer.node)}-Permission`;
    allowToInvoke(authorizer, { scope, id, handler, api: route, apiId: webSocketApi.apiId });
    return authorizer;
  }
}
