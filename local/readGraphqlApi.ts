import { DEFAULT_RESULT_TTL_SECONDS, expectValue, type AuthorizerConfig, type FunctionNameOf } from './apiConfig.ts';
import type { Resource } from './template.ts';

export interface GraphqlApiConfig {
  readonly id: string;
  readonly authorizer: AuthorizerConfig;
}

/**
 * Reads an AppSync API whose one authorization mode is a Lambda authorizer.
 *
 * @throws GatewayError `TEMPLATE_UNSUPPORTED`
 */
export function readGraphqlApi(api: Resource, functionName: FunctionNameOf): GraphqlApiConfig {
  expectValue(api, 'AuthenticationType', 'AWS_LAMBDA');
  expectValue(api, 'AdditionalAuthenticationProviders', undefined);
  const config = 'LambdaAuthorizerConfig';
  return {
    id: api.id,
    authorizer: {
      functionName: functionName(api, `${config}.AuthorizerUri`),
      type: 'APPSYNC',
      identitySources: ['$request.header.Authorization'],
      tokenPattern: api.optionalPattern(`${config}.IdentityValidationExpression`),
      resultTtlSeconds: api.optionalNumber(`${config}.AuthorizerResultTtlInSeconds`) ?? DEFAULT_RESULT_TTL_SECONDS,
      simpleResponses: true,
    },
  };
}
