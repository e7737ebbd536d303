import { Annotations } from 'aws-cdk-lib';
import {
  CfnGatewayResponse,
  type CorsOptions,
  GatewayResponse,
  type IRestApi,
  ResponseType,
  RestApi,
  type RestApiBase,
} from 'aws-cdk-lib/aws-apigateway';
import { authChallenge, authRequiredMessage, type KeySource } from '../lambda/keySources.ts';
import { UNAVAILABLE } from '../lambda/policy.ts';
import { OpenApiDefinition } from './openApiDefinition.ts';

interface ErrorResponse {
  readonly type: ResponseType;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const FAULT = envelope(JSON.stringify(UNAVAILABLE.errorCode), JSON.stringify(UNAVAILABLE.errorMessage));

/**
 * The responses of every API. API Gateway replaces the `$context` variables. `$context.authorizer` is the context of a
 * Deny policy.
 */
const RESPONSES: readonly ErrorResponse[] = [
  {
    type: ResponseType.ACCESS_DENIED,
    body: envelope('"$context.authorizer.errorCode"', '"$context.authorizer.errorMessage"'),
  },
  { type: ResponseType.AUTHORIZER_FAILURE, body: FAULT },
  { type: ResponseType.AUTHORIZER_CONFIGURATION_ERROR, body: FAULT },
  // `messageString` includes its quotes. It's `null` if API Gateway doesn't have a message.
  { type: ResponseType.DEFAULT_4XX, body: envelope('"$context.error.responseType"', '$context.error.messageString') },
  { type: ResponseType.DEFAULT_5XX, body: envelope('"$context.error.responseType"', '$context.error.messageString') },
];

/** Responses of an API with plans. DEFAULT_4XX would otherwise return API Gateway's codes and messages. */
const PLAN_RESPONSES: readonly ErrorResponse[] = [
  {
    type: ResponseType.THROTTLED,
    body: envelope('"THROTTLED"', '"Too many requests. Try again later."'),
    headers: { 'Retry-After': "'1'" },
  },
  {
    type: ResponseType.QUOTA_EXCEEDED,
    body: envelope('"QUOTA_EXCEEDED"', '"The quota of this API key’s plan is used up."'),
  },
  // The key is valid. The deployment lacks its plan, or API Gateway lacks its API key.
  {
    type: ResponseType.INVALID_API_KEY,
    body: envelope(
      '"PLAN_UNAVAILABLE"',
      '"The plan of this API key is not available here. A new key may be tried again."',
    ),
  },
];

/** Options of `addGatewayResponses`. */
export interface GatewayResponsesOptions {
  /**
   * The CORS settings of the API. The responses include the headers that these settings require.
   *
   * @default - the `defaultCorsPreflightOptions` of a `RestApi`, otherwise no CORS headers
   */
  readonly cors?: CorsOptions;
}

interface GatewayResponsesProps extends GatewayResponsesOptions {
  readonly keySources: readonly KeySource[];
  readonly hasPlans: boolean;
}

/**
 * Adds gateway responses with Latchkey's JSON body. Pages of other origins can read them if the API answers their
 * preflight requests. Existing responses of the API stay unchanged.
 */
export function addGatewayResponses(
  api: IRestApi | RestApiBase,
  { keySources, hasPlans, cors = apiCors(api) }: GatewayResponsesProps,
): void {
  const corsOnly = cors === undefined ? {} : corsHeaders(cors);
  const defined = new Set(getResponses(api).map(({ responseType }) => responseType));
  const responses = [unauthorized(keySources), ...RESPONSES, ...(hasPlans ? PLAN_RESPONSES : [])]
    .filter(({ type }) => !defined.has(type.responseType))
    .map(({ headers, ...response }) => ({ ...response, headers: { ...corsOnly, ...headers } }));
  const definition = OpenApiDefinition.of(api);
  if (definition !== undefined) {
    // An update of a definition removes responses that the definition lacks (aws/serverless-application-model#623).
    definition.addGatewayResponses(Object.fromEntries(responses.map(toDefinition)));
    return;
  }
  if (OpenApiDefinition.isHidden(api)) {
    Annotations.of(api).addWarningV2(
      'latchkey:gatewayResponses',
      'addGatewayResponses: expected an inline definition, got one that the synthesis cannot read. API Gateway may drop the ' +
        'responses when the definition changes. Write them in the definition instead (docs/recipes.md, An OpenAPI definition).',
    );
  }
  for (const { type, body, headers } of responses) {
    new GatewayResponse(api, `Latchkey-${type.responseType}`, {
      restApi: api as IRestApi,
      type,
      responseHeaders: headers,
      templates: { 'application/json': body },
    });
  }
  api.node.addValidation({ validate: () => duplicateResponseProblems(api) });
}

/** Returns the API's own CORS settings. An API from `fromRestApiId` throws an error for `root`. */
function apiCors(api: IRestApi | RestApiBase): CorsOptions | undefined {
  return api instanceof RestApi ? api.root.defaultCorsPreflightOptions : undefined;
}

/** Returns the response's type and its value in `x-amazon-apigateway-gateway-responses`. */
function toDefinition({ type, body, headers = {} }: ErrorResponse): readonly [type: string, response: object] {
  const parameters = Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, value]);
  return [
    type.responseType,
    {
      ...(parameters.length > 0 && { responseParameters: Object.fromEntries(parameters) }),
      responseTemplates: { 'application/json': body },
    },
  ];
}

function getResponses(api: IRestApi | RestApiBase): CfnGatewayResponse[] {
  return api.node.root.node
    .findAll()
    .filter((construct) => construct instanceof CfnGatewayResponse)
    .filter(({ restApiId }) => restApiId === api.restApiId);
}

/** Rejects a second response of the same type, because the deployment would fail on it. */
function duplicateResponseProblems(api: IRestApi | RestApiBase): string[] {
  const types = getResponses(api).map(({ responseType }) => responseType);
  const twice = new Set(types.filter((type, at) => types.indexOf(type) !== at));
  return [...twice].map(
    (type) =>
      `addGatewayResponses: expected your gateway response ${type} before the call, which keeps it, got it after the call`,
  );
}

function unauthorized(keySources: readonly KeySource[]): ErrorResponse {
  return {
    type: ResponseType.UNAUTHORIZED,
    body: envelope('"AUTH_REQUIRED"', JSON.stringify(authRequiredMessage(keySources))),
    headers: { 'WWW-Authenticate': `'${authChallenge(keySources)}'` },
  };
}

function envelope(code: string, message: string): string {
  return `{"success":false,"data":null,"error":{"code":${code},"message":${message}},"pagination":null}`;
}

/**
 * Returns the CORS headers. A gateway response can't choose among several origins. It returns the request's origin, so
 * it can't allow credentials.
 */
function corsHeaders(cors: CorsOptions): Record<string, string> {
  const [origin = '*', ...others] = cors.allowOrigins;
  const isAny = cors.allowOrigins.includes('*');
  return {
    'Access-Control-Allow-Origin': isAny ? "'*'" : others.length === 0 ? `'${origin}'` : 'method.request.header.Origin',
    ...(isAny ? {} : { Vary: "'Origin'" }),
    ...(cors.allowCredentials && others.length === 0 ? { 'Access-Control-Allow-Credentials': "'true'" } : {}),
  };
}
