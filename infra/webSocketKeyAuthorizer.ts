import type {
  IWebSocketApi,
  IWebSocketRouteAuthorizer,
  WebSocketRouteAuthorizerBindOptions,
  WebSocketRouteAuthorizerConfig,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LatchkeyError } from '../keys/errors.ts';

export interface WebSocketKeyAuthorizerProps {
  readonly handler: IFunction;
  readonly identitySources: string[];
}

/** A Lambda authorizer for the `$connect` route of one WebSocket API: the CDK's own, which says what to do when it is shared. */
export class WebSocketKeyAuthorizer implements IWebSocketRouteAuthorizer {
  readonly #id: string;
  readonly #authorizer: WebSocketLambdaAuthorizer;
  #webSocketApi: IWebSocketApi | undefined;

  constructor(id: string, { handler, identitySources }: WebSocketKeyAuthorizerProps) {
    this.#id = id;
    this.#authorizer = new WebSocketLambdaAuthorizer(id, handler, { identitySource: identitySources });
  }

  /** Throws LatchkeyError `CONFIG_INVALID` for a second API. */
  bind(options: WebSocketRouteAuthorizerBindOptions): WebSocketRouteAuthorizerConfig {
    const { webSocketApi } = options.route;
    this.#webSocketApi ??= webSocketApi;
    if (this.#webSocketApi !== webSocketApi) {
      const problem = `${this.#id}: got two WebSocket APIs, wanted a forWebSocketApi() with an id of its own for each`;
      throw new LatchkeyError('CONFIG_INVALID', problem);
    }
    return this.#authorizer.bind(options);
  }
}
