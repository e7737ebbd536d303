import { GatewayError } from './gatewayError.ts';
import type { Routable } from './routeMatch.ts';
import type { Resource, Template } from './template.ts';

export interface AuthorizerConfig {
  readonly functionName: string;
  readonly type: 'TOKEN' | 'REQUEST';
  /** HTTP APIs only. */
  readonly payloadVersion?: '1.0' | '2.0';
  readonly identitySources: readonly string[];
  readonly tokenPattern: RegExp | undefined;
  readonly resultTtlSeconds: number;
  readonly simpleResponses: boolean;
}

export interface LambdaIntegration {
  readonly kind: 'lambda';
  readonly functionName: string;
  /** What is kept from the function, as `header.authorization` (in lower case) or `querystring.api_key`. */
  readonly removed: ReadonlySet<string>;
}

export type Integration =
  | LambdaIntegration
  | { readonly kind: 'mock'; readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };

export interface RouteConfig extends Routable {
  /** Of the route, or of the REST resource. */
  readonly id: string;
  /** Key into the API's authorizers; absent where the route is open. */
  readonly authorizerId: string | undefined;
  readonly integration: Integration;
}

/** A stage of an API, as its events name it. */
export interface StageConfig {
  readonly id: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/** An API whose routes are methods and paths. */
export interface ApiConfig extends StageConfig {
  readonly routes: readonly RouteConfig[];
  readonly authorizers: ReadonlyMap<string, AuthorizerConfig>;
}

/** The name of the function that a property's URI or ARN calls. Throws GatewayError `TEMPLATE_UNSUPPORTED`. */
export type FunctionNameOf = (resource: Resource, uriPath: string) => string;

/** API Gateway's own, where the template gives no TTL. */
export const DEFAULT_RESULT_TTL_SECONDS = 300;

/** Finds the resources that belong to an API by the property that names it. */
export function ownedBy(apiId: string, template: Template, service: string, idProperty: string) {
  return (type: string): readonly Resource[] =>
    template.ofType(`${service}::${type}`).filter((resource) => resource.text(idProperty) === apiId);
}

/** Reads the first stage. Throws GatewayError `TEMPLATE_UNSUPPORTED` where there is none. */
export function readStage([stage]: readonly Resource[], id: string, variables: string): StageConfig {
  if (stage === undefined) throw new GatewayError('TEMPLATE_UNSUPPORTED', `${id} has no stage`);
  return { id, stageName: stage.text('StageName'), stageVariables: stage.textMap(variables) };
}

/** A route whose authorizer is not in the template would be open to all: throws GatewayError `TEMPLATE_UNSUPPORTED`. */
export function readAuthorizerId(
  route: Resource,
  authorizers: ReadonlyMap<string, AuthorizerConfig>,
): string | undefined {
  const type = route.optionalText('AuthorizationType') ?? 'NONE';
  if (type === 'NONE') return undefined;
  expectValue(route, 'AuthorizationType', 'CUSTOM');
  const id = route.text('AuthorizerId');
  return authorizers.has(id) ? id : route.unsupported('AuthorizerId', 'an authorizer of the same API');
}

/** Throws GatewayError `TEMPLATE_UNSUPPORTED` where the property is another; `undefined` wants none. */
export function expectValue(resource: Resource, path: string, wanted: string | undefined): void {
  if (resource.value(path) !== wanted) resource.unsupported(path, wanted ?? 'none');
}
