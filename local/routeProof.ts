import type { HttpApiConfig, HttpRouteConfig } from './apiConfig.ts';
import type { ApiDeps } from './authorizer.ts';
import type { GatewayRequest, Header } from './gatewayRequest.ts';
import { isSigned, LOCAL_CALLER } from './iamAuthorizer.ts';
import { createJwtAuthorizer } from './jwtAuthorizer.ts';

/** A caller who has proved who they are by a signature or a token. */
export interface ProvenCaller {
  readonly effect: 'allow';
  /** `requestContext.authorizer` of the function's event. */
  readonly authorizer: object;
  /** The variables of the access log. */
  readonly logContext: object;
}

/** A caller without a valid proof. HTTP APIs answer 403 to a wrong signature, and 401 to a wrong token. */
export interface UnprovenCaller {
  readonly effect: 'refuse';
  readonly statusCode: 401 | 403;
  readonly headers: readonly Header[];
  /** The reason, for the request log. */
  readonly code: 'SIGNATURE_REFUSED' | 'TOKEN_REFUSED';
}

/** Creates the check of the routes with IAM or a JWT authorizer. It returns `undefined` for other routes. */
export function createProver(config: HttpApiConfig, deps: ApiDeps) {
  const jwtAuthorizers = new Map(
    [...config.jwtAuthorizers].map(([id, authorizer]) => [id, createJwtAuthorizer(authorizer, deps)]),
  );
  return async (
    { proof }: HttpRouteConfig,
    request: GatewayRequest,
    context: object,
  ): Promise<ProvenCaller | UnprovenCaller | undefined> => {
    if (proof === undefined) return undefined;
    if (proof.kind === 'iam') return proveByIam(request, deps);
    const authorize = jwtAuthorizers.get(proof.authorizerId);
    const input = { request, context, stageVariables: config.stageVariables };
    const decision = await authorize?.(input, proof.scopes);
    if (decision?.effect === 'allow') {
      const { claims, scopes } = decision;
      return { effect: 'allow', authorizer: { jwt: { claims, scopes } }, logContext: { authorizer: { claims } } };
    }
    const headers: readonly Header[] = decision === undefined ? [] : [['www-authenticate', decision.challenge]];
    return { effect: 'refuse', statusCode: decision?.effect === 'deny' ? 403 : 401, headers, code: 'TOKEN_REFUSED' };
  };
}

async function proveByIam(request: GatewayRequest, { now }: ApiDeps): Promise<ProvenCaller | UnprovenCaller> {
  if (!(await isSigned(request, now))) {
    return { effect: 'refuse', statusCode: 403, headers: [], code: 'SIGNATURE_REFUSED' };
  }
  const { userArn } = LOCAL_CALLER;
  return { effect: 'allow', authorizer: { iam: LOCAL_CALLER }, logContext: { identity: { userArn } } };
}
