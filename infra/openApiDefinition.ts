import { Stack, Token } from 'aws-cdk-lib';
import { CfnRestApi, SpecRestApi } from 'aws-cdk-lib/aws-apigateway';
import type { IConstruct } from 'constructs';

/** A JSON object of a definition. */
export interface JsonObject {
  readonly [name: string]: unknown;
}

/** The parts of a path item that are operations ("OpenAPI extensions for API Gateway"). */
const OPERATIONS: ReadonlySet<string> = new Set([
  'get',
  'put',
  'post',
  'delete',
  'options',
  'head',
  'patch',
  'x-amazon-apigateway-any-method',
]);

const API_KEY_SOURCE = 'x-amazon-apigateway-api-key-source';
const GATEWAY_RESPONSES = 'x-amazon-apigateway-gateway-responses';
/** The extension of a security scheme that makes it a Lambda authorizer. */
export const AUTHORIZER_EXTENSION = 'x-amazon-apigateway-authorizer';

/** The security scheme that makes a method require a key of API Gateway. */
const API_KEY = { type: 'apiKey', name: 'x-api-key', in: 'header' } as const;

/** The inline OpenAPI 3 or Swagger 2 definition of a `SpecRestApi`. The synthesis can read and change it. */
export class OpenApiDefinition {
  readonly #api: CfnRestApi;

  /** Returns the API's definition, or `undefined` if the API has none or the synthesis can't read it. */
  static of(api: IConstruct): OpenApiDefinition | undefined {
    const { defaultChild } = api.node;
    if (!(defaultChild instanceof CfnRestApi)) return undefined;
    const { body } = defaultChild;
    // A body may also be a transform, such as AWS::Include.
    const isDefinition = isObject(body) && ('openapi' in body || 'swagger' in body);
    return isDefinition ? new OpenApiDefinition(defaultChild) : undefined;
  }

  /** Returns whether the API has a definition that the synthesis can't read, such as a file in S3. */
  static isHidden(api: IConstruct): boolean {
    return api instanceof SpecRestApi && OpenApiDefinition.of(api) === undefined;
  }

  private constructor(api: CfnRestApi) {
    this.#api = api;
  }

  /** The value of `x-amazon-apigateway-api-key-source`, or `undefined`. */
  get apiKeySource(): unknown {
    return this.#body[API_KEY_SOURCE];
  }

  /** Returns the names of the security schemes whose authorizer has this URI. */
  schemesOf(authorizerUri: string): readonly string[] {
    const stack = Stack.of(this.#api);
    const wanted = JSON.stringify(stack.resolve(authorizerUri));
    const isWanted = (scheme: unknown) => {
      const authorizer = memberOf(scheme, AUTHORIZER_EXTENSION);
      return JSON.stringify(stack.resolve(memberOf(authorizer, 'authorizerUri'))) === wanted;
    };
    return Object.entries(this.#schemes).flatMap(([name, scheme]) => (isWanted(scheme) ? [name] : []));
  }

  /** Returns the operations that require one of the schemes, such as `GET /orders`. */
  operationsBehind(schemes: readonly string[]): readonly string[] {
    return this.#operations()
      .filter(({ operation }) => requirementsOf(operation).some((requirement) => names(requirement, schemes)))
      .map(({ title }) => title);
  }

  /**
   * Returns the operations without a `security` of their own in a definition whose root requires one of the schemes.
   * REST APIs ignore the root's `security` (amazon-archives/aws-apigateway-importer#204).
   */
  operationsOpenByMistake(schemes: readonly string[]): readonly string[] {
    if (!requirementsOf(this.#body).some((requirement) => names(requirement, schemes))) return [];
    return this.#operations()
      .filter(({ operation }) => operation['security'] === undefined)
      .map(({ title }) => title);
  }

  /** Returns the operations whose `security` names a scheme that the definition lacks. */
  operationsWithUnknownScheme(): readonly string[] {
    const schemes = this.#schemes;
    return this.#operations()
      .filter(({ operation }) =>
        requirementsOf(operation).some((each) => Object.keys(each).some((name) => !(name in schemes))),
      )
      .map(({ title }) => title);
  }

  /** Returns the operations that require a key of API Gateway without an authorizer that could return one. */
  operationsWithoutAuthorizer(): readonly string[] {
    const having = (isWanted: (scheme: unknown) => boolean) =>
      Object.entries(this.#schemes).flatMap(([name, scheme]) => (isWanted(scheme) ? [name] : []));
    const apiKeys = having(isApiKey);
    const authorizers = having((scheme) => memberOf(scheme, AUTHORIZER_EXTENSION) !== undefined);
    return this.#operations()
      .filter(({ operation }) =>
        requirementsOf(operation).some((each) => names(each, apiKeys) && !names(each, authorizers)),
      )
      .map(({ title }) => title);
  }

  /** Makes each operation behind one of the schemes also require a key of API Gateway, which the authorizer returns. */
  requireApiKeys(schemes: readonly string[]): void {
    const [existing] = Object.entries(this.#schemes).find(([, scheme]) => isApiKey(scheme)) ?? [];
    const name = existing ?? this.#freeSchemeName('api_key');
    const withKey = (requirement: JsonObject) =>
      names(requirement, schemes) ? { ...requirement, [name]: [] } : requirement;
    this.#mapOperations((operation) =>
      operation['security'] === undefined
        ? operation
        : { ...operation, security: requirementsOf(operation).map(withKey) },
    );
    this.#setSchemes({ ...this.#schemes, [name]: API_KEY });
    this.#body = { ...this.#body, [API_KEY_SOURCE]: 'AUTHORIZER' };
  }

  /** Adds gateway responses: type → response. Existing responses of the definition stay unchanged. */
  addGatewayResponses(responses: JsonObject): void {
    const existing = memberOf(this.#body, GATEWAY_RESPONSES);
    this.#body = { ...this.#body, [GATEWAY_RESPONSES]: { ...responses, ...(isObject(existing) ? existing : {}) } };
  }

  get #body(): JsonObject {
    const { body } = this.#api;
    return isObject(body) ? body : {};
  }

  set #body(body: JsonObject) {
    this.#api.body = body;
  }

  get #isSwagger2(): boolean {
    return this.#body['swagger'] !== undefined;
  }

  get #schemes(): JsonObject {
    const schemes = this.#isSwagger2
      ? this.#body['securityDefinitions']
      : memberOf(this.#body['components'], 'securitySchemes');
    return isObject(schemes) ? schemes : {};
  }

  #setSchemes(schemes: JsonObject): void {
    const { components } = this.#body;
    this.#body = this.#isSwagger2
      ? { ...this.#body, securityDefinitions: schemes }
      : { ...this.#body, components: { ...(isObject(components) ? components : {}), securitySchemes: schemes } };
  }

  #freeSchemeName(name: string): string {
    return name in this.#schemes ? this.#freeSchemeName(`${name}_`) : name;
  }

  #operations(): { readonly title: string; readonly operation: JsonObject }[] {
    const found: { title: string; operation: JsonObject }[] = [];
    this.#mapOperations((operation, title) => {
      found.push({ title, operation });
      return operation;
    });
    return found;
  }

  #mapOperations(map: (operation: JsonObject, title: string) => JsonObject): void {
    const mapItem = (path: string, item: unknown) =>
      isObject(item)
        ? mapValues(item, (value, name) =>
            OPERATIONS.has(name) && isObject(value) ? map(value, titleOf(name, path)) : value,
          )
        : item;
    const { paths } = this.#body;
    if (isObject(paths)) this.#body = { ...this.#body, paths: mapValues(paths, (item, path) => mapItem(path, item)) };
  }
}

function titleOf(name: string, path: string): string {
  return `${name.startsWith('x-') ? 'ANY' : name.toUpperCase()} ${path}`;
}

function requirementsOf(owner: JsonObject): readonly JsonObject[] {
  const { security } = owner;
  return Array.isArray(security) ? security.filter(isObject) : [];
}

function names(requirement: JsonObject, schemes: readonly string[]): boolean {
  return schemes.some((name) => name in requirement);
}

function isApiKey(scheme: unknown): boolean {
  if (memberOf(scheme, AUTHORIZER_EXTENSION) !== undefined) return false;
  const isHeader = memberOf(scheme, 'type') === API_KEY.type && memberOf(scheme, 'in') === API_KEY.in;
  return isHeader && String(memberOf(scheme, 'name')).toLowerCase() === API_KEY.name;
}

function mapValues(object: JsonObject, map: (value: unknown, name: string) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Token.isUnresolved(value);
}
