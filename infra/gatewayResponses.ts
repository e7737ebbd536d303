import { CfnGatewayResponse, ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { authChallenge, authRequiredMessage, type KeySource } from '../lambda/keySources.ts';
import { UNAVAILABLE } from '../lambda/policy.ts';

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

interface GatewayResponsesOptions {
  readonly keySources: readonly KeySource[];
  readonly hasPlans: boolean;
}

/**
 * Adds gateway responses with Latchkey's JSON body. Pages of other origins can read them if the API answers their
 * preflight requests. Existing responses of the API stay unchanged.
 */
export function addGatewayResponses(api: RestApi, { keySources, hasPlans }: GatewayResponsesOptions): void {
  const cors = corsHeaders(api);
  const defined = new Set(getResponses(api).map(({ responseType }) => responseType));
  for (const { type, body, headers } of [unauthorized(keySources), ...RESPONSES, ...(hasPlans ? PLAN_RESPONSES : [])]) {
    if (defined.has(type.responseType)) continue;
    api.addGatewayResponse(`Latchkey-${type.responseType}`, {
      type,
      responseHeaders: { ...cors, ...headers },
      templates: { 'application/json': body },
    });
  }
  api.node.addValidation({ validate: () => duplicateResponseProblems(api) });
}

function getResponses(api: RestApi): CfnGatewayResponse[] {
  return api.node.root.node
    .findAll()
    .filter((construct) => construct instanceof CfnGatewayResponse)
    .filter(({ restApiId }) => restApiId === api.restApiId);
}

/** Rejects a second response of the same type, because the deployment would fail on it. */
function duplicateResponseProblems(api: RestApi): string[] {
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
function corsHeaders({ root: { defaultCorsPreflightOptions: cors } }: RestApi): Record<string, string> {
  if (cors === undefined) return {};
  const [origin = '*', ...others] = cors.allowOrigins;
  const isAny = cors.allowOrigins.includes('*');
  return {
    'Access-Control-Allow-Origin': isAny ? "'*'" : others.length === 0 ? `'${origin}'` : 'method.request.header.Origin',
    ...(isAny ? {} : { Vary: "'Origin'" }),
    ...(cors.allowCredentials && others.length === 0 ? { 'Access-Control-Allow-Credentials': "'true'" } : {}),
  };
}
