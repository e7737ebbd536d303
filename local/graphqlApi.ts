import { createAuthorizer, type ApiDeps } from './authorizer.ts';
import { parseAppSyncAnswer } from './authorizerAnswer.ts';
import type { Api, GatewayReply, GatewayRequest } from './gatewayRequest.ts';
import { ACCOUNT_ID } from './intrinsics.ts';
import type { GraphqlApiConfig } from './readGraphqlApi.ts';

interface Operation {
  readonly queryString: string;
  readonly operationName?: string;
  readonly variables: object;
}

/**
 * An AppSync API of the template, as far as its authorizer ("AWS_LAMBDA authorization"). No resolver is run and no query
 * is read: the answer to an allowed operation is `{"data":{"resolverContext":{…}}}`, what its resolvers would be given.
 */
export function createGraphqlApi({ id, authorizer }: GraphqlApiConfig, deps: ApiDeps): Api {
  const ask = createAuthorizer(authorizer, parseAppSyncAnswer, deps);

  return async (request) => {
    if (request.method !== 'POST' || request.path !== '/') {
      return failure(404, 'UnknownOperationException', 'Unknown Operation Request.');
    }
    const operation = parseOperation(request.body);
    if (operation === undefined) {
      return failure(400, 'MalformedHttpRequestException', 'Unable to parse GraphQL query.');
    }
    const verdict = await ask({
      request,
      context: {},
      stageVariables: {},
      arn: '',
      event: ([authorizationToken]) => ({
        authorizationToken,
        requestContext: { apiId: id, accountId: ACCOUNT_ID, requestId: request.id, ...operation },
        requestHeaders: requestHeaders(request),
      }),
    });
    if (verdict.effect === 'fault') return failure(500, 'InternalFailureException', null);
    if (verdict.effect !== 'allow') {
      return failure(401, 'UnauthorizedException', 'You are not authorized to make this call.');
    }
    return json(200, { data: { resolverContext: verdict.context } });
  };
}

/** Reads what GraphQL over HTTP sends; `undefined` where it is something else. */
function parseOperation(body: Buffer): Operation | undefined {
  try {
    const { query, operationName, variables } = Object(JSON.parse(body.toString('utf8')));
    if (typeof query !== 'string') return undefined;
    return {
      queryString: query,
      ...(typeof operationName === 'string' ? { operationName } : {}),
      variables: Object(variables ?? {}),
    };
  } catch {
    return undefined;
  }
}

/** Names in lower case; of several values the last. */
function requestHeaders({ headers }: GatewayRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
}

function failure(statusCode: number, errorType: string, message: string | null): GatewayReply {
  return json(statusCode, { errors: [{ errorType, message }] });
}

function json(statusCode: number, body: object): GatewayReply {
  return { statusCode, headers: [['Content-Type', 'application/json;charset=UTF-8']], body: JSON.stringify(body) };
}
