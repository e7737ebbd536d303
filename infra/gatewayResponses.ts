import { CfnGatewayResponse, ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { authRequiredMessage, type KeySource } from '../lambda/credentials.ts';

interface ErrorResponse {
  readonly type: ResponseType;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const FAULT = envelope('"AUTHORIZER_UNAVAILABLE"', '"The API key could not be checked. Try again later."');

/** Gateway responses are texts with `$context` variables; what `$context.authorizer` names came with a Deny. */
const RESPONSES: readonly ErrorResponse[] = [
  {
    type: ResponseType.ACCESS_DENIED,
    body: envelope('"$context.authorizer.errorCode"', '"$context.authorizer.errorMessage"'),
  },
  { type: ResponseType.AUTHORIZER_FAILURE, body: FAULT },
  { type: ResponseType.AUTHORIZER_CONFIGURATION_ERROR, body: FAULT },
  // `messageString` comes with its quotes, and is `null` where API Gateway has nothing to say.
  { type: ResponseType.DEFAULT_4XX, body: envelope('"$context.error.responseType"', '$context.error.messageString') },
  { type: ResponseType.DEFAULT_5XX, body: envelope('"$context.error.responseType"', '$context.error.messageString') },
];

/** Of an API under plans. DEFAULT_4XX would word these too, by codes and messages of API Gateway's own. */
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
  // The key is good: its plan is one that the deployment lacks, or the key's identifier is not made yet.
  {
    type: ResponseType.INVALID_API_KEY,
    body: envelope(
      '"PLAN_UNAVAILABLE"',
      '"The plan of this API key is not available here. A new key may be tried again."',
    ),
  },
];

interface ErrorResponseOptions {
  readonly keySources: readonly KeySource[];
  readonly hasPlans: boolean;
}

/**
 * Words what API Gateway answers by itself in the envelope, and lets pages of other origins read it where the API answers
 * their preflights. Responses that the API has already are left alone.
 */
export function addGatewayResponses(api: RestApi, { keySources, hasPlans }: ErrorResponseOptions): void {
  const cors = corsHeaders(api);
  const defined = new Set(responsesOf(api).map(({ responseType }) => responseType));
  for (const { type, body, headers } of [unauthorized(keySources), ...RESPONSES, ...(hasPlans ? PLAN_RESPONSES : [])]) {
    if (defined.has(type.responseType)) continue;
    api.addGatewayResponse(`Latchkey-${type.responseType}`, {
      type,
      responseHeaders: { ...cors, ...headers },
      templates: { 'application/json': body },
    });
  }
  api.node.addValidation({ validate: () => responsesDefinedTwice(api) });
}

function responsesOf(api: RestApi): CfnGatewayResponse[] {
  return api.node.root.node
    .findAll()
    .filter((construct) => construct instanceof CfnGatewayResponse)
    .filter(({ restApiId }) => restApiId === api.restApiId);
}

/** API Gateway has one response of a type: the deployment would fail on the second. */
function responsesDefinedTwice(api: RestApi): string[] {
  const types = responsesOf(api).map(({ responseType }) => responseType);
  const twice = new Set(types.filter((type, at) => types.indexOf(type) !== at));
  return [...twice].map(
    (type) =>
      `addGatewayResponses: got a second gateway response ${type}, wanted yours before the call, which then keeps it`,
  );
}

function unauthorized(keySources: readonly KeySource[]): ErrorResponse {
  return {
    type: ResponseType.UNAUTHORIZED,
    body: envelope('"AUTH_REQUIRED"', JSON.stringify(authRequiredMessage(keySources))),
    headers: { 'WWW-Authenticate': "'Bearer'" },
  };
}

function envelope(code: string, message: string): string {
  return `{"success":false,"data":null,"error":{"code":${code},"message":${message}},"pagination":null}`;
}

/**
 * A gateway response cannot choose among several origins: it names the one that asked, whichever it is, and so never with
 * credentials.
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
