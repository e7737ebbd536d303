// Prints every Lambda authorizer of the emulated account as JSON, with its stack, its TTL and the function or alias that
// it invokes. Fails if that function or alias doesn't let the authorizer's API invoke it.

async function get(service, path) {
  const credential = `Credential=test/20300101/us-east-1/${service}/aws4_request`;
  const Authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0`;
  const response = await fetch(`${process.env.AWS_ENDPOINT_URL}${path}`, { headers: { Authorization } });
  return response.ok ? response.json() : {};
}

async function authorizersOf(kind) {
  const { item, items = item ?? [] } = await get('apigateway', kind);
  const found = await Promise.all(
    items.map(async (api) => {
      const id = api.id ?? api.apiId;
      const answer = await get('apigateway', `${kind}/${id}/authorizers`);
      const authorizers = answer.item ?? answer.items ?? [];
      return authorizers.map((authorizer) => ({ ...authorizer, api: id }));
    }),
  );
  return found.flat();
}

// A function and its alias have separate policies.
async function isPermitted(api, arn) {
  const [, , , , , , name, qualifier] = arn.split(':');
  const query = qualifier === undefined ? '' : `?Qualifier=${qualifier}`;
  const { Policy = '{}' } = await get('lambda', `/2015-03-31/functions/${name}/policy${query}`);
  const { Statement = [] } = JSON.parse(Policy);
  return Statement.some(({ Condition }) => Condition?.ArnLike?.['AWS:SourceArn']?.endsWith(`:${api}/authorizers/*`));
}

const authorizers = [...(await authorizersOf('/restapis')), ...(await authorizersOf('/v2/apis'))];
const found = authorizers.map(({ api, authorizerUri, authorizerResultTtlInSeconds: ttl }) => {
  const [, target = authorizerUri] = /functions\/(arn:[^/]+)\/invocations$/.exec(authorizerUri) ?? [];
  // CloudFormation begins the function's name with the stack's.
  const [stack] = target.split(':')[6]?.split('-') ?? [];
  return { api, stack, target, ttl, isAlias: target.endsWith(':live') };
});
for (const { api, stack, target } of found) {
  if (await isPermitted(api, target)) continue;
  console.error(`${stack}: the API ${api} may not invoke ${target}`);
  process.exitCode = 1;
}
console.log(JSON.stringify(found));
