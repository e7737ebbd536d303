import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { authRequiredMessage, type KeySource } from '../lambda/keySource.ts';

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

/**
 * Words what API Gateway answers by itself in the envelope, and lets pages of other origins read it where the API answers
 * their preflights.
 */
export function addErrorResponses(api: RestApi, keySources: readonly KeySource[]): void {
  const cors = corsHeaders(api);
  for (const { type, body, headers } of [unauthorized(keySources), ...RESPONSES]) {
    api.addGatewayResponse(type.responseType, {
      type,
      responseHeaders: { ...cors, ...headers },
      templates: { 'application/json': body },
    });
  }
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
