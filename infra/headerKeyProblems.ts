import { CfnMethod, CfnRestApi, type IRestApi, type Stage } from 'aws-cdk-lib/aws-apigateway';
import type { IWebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { OpenApiDefinition } from './openApiDefinition.ts';

/**
 * Returns one problem for each method that would accept Latchkey's own API keys from the `X-API-Key` header. Their
 * values depend only on names and ids, so a caller could compute one. It doesn't find methods in other apps, or in
 * definitions that the synthesis can't read.
 */
export function headerKeyProblems(stage: Stage | IWebSocketStage): string[] {
  if (!('restApi' in stage)) return [];
  const { restApi } = stage;
  const { defaultChild } = restApi.node;
  const definition = OpenApiDefinition.of(restApi);
  const ownSource = defaultChild instanceof CfnRestApi ? defaultChild.apiKeySourceType : undefined;
  if ([ownSource, definition?.apiKeySource].includes('AUTHORIZER')) return [];
  const methods = restApi.node.root.node
    .findAll()
    .filter((node) => node instanceof CfnMethod)
    .filter((method) => isWithoutAuthorizer(method, restApi));
  return [...methods.map(({ node }) => node.path), ...(definition?.operationsWithoutAuthorizer() ?? [])].map(
    (path) =>
      `addStage: ${path}: expected an authorizer on each method with apiKeyRequired, got a method without one: it would accept ` +
      "Latchkey's API keys from the X-API-Key header, whose values are not secrets. Add the authorizer in an earlier deployment",
  );
}

/** Returns whether the method of the API requires an API key, but has no Lambda authorizer. */
export function isWithoutAuthorizer(
  { restApiId, apiKeyRequired, authorizationType }: CfnMethod,
  api: Pick<IRestApi, 'restApiId'>,
): boolean {
  return restApiId === api.restApiId && apiKeyRequired === true && authorizationType !== 'CUSTOM';
}
