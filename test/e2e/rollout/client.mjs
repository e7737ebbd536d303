// Simulates a client that calls an HTTP API in a loop. The emulated account doesn't serve APIs. The client looks up the
// function or alias that the authorizer invokes, and checks whether API Gateway may invoke it. Usage: client.mjs
// API_ID. On SIGTERM it prints its findings as JSON and exits.

const [apiId] = process.argv.slice(2);
const seen = { calls: 0, targets: [], refused: [] };
const end = new AbortController();
process.once('SIGTERM', () => end.abort());

async function get(service, path) {
  const credential = `Credential=test/20300101/us-east-1/${service}/aws4_request`;
  const Authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0`;
  const response = await fetch(`${process.env.AWS_ENDPOINT_URL}${path}`, { headers: { Authorization } });
  return response.ok ? response.json() : undefined;
}

async function target() {
  const answer = await get('apigateway', `/v2/apis/${apiId}/authorizers`);
  const [authorizer] = answer?.items ?? [];
  return /functions\/(arn:[^/]+)\/invocations$/.exec(authorizer?.authorizerUri ?? '')?.[1];
}

// A function and its alias have separate policies. The emulator looks each up by its qualifier.
async function isPermitted(arn) {
  const [, , , , , , name, qualifier] = arn.split(':');
  const query = qualifier === undefined ? '' : `?Qualifier=${qualifier}`;
  const answer = await get('lambda', `/2015-03-31/functions/${name}/policy${query}`);
  const { Statement = [] } = JSON.parse(answer?.Policy ?? '{}');
  return Statement.some((statement) => {
    const source = statement.Condition?.ArnLike?.['AWS:SourceArn'] ?? '';
    return source.endsWith(`:${apiId}/authorizers/*`);
  });
}

while (!end.signal.aborted) {
  const arn = await target();
  if (arn === undefined) continue;
  const isAllowed = await isPermitted(arn);
  // The target may have changed between the two requests. Count it only if it stayed the same.
  if ((await target()) !== arn) continue;
  seen.calls++;
  if (!seen.targets.includes(arn)) seen.targets.push(arn);
  if (!isAllowed) seen.refused.push(arn);
}
console.log(JSON.stringify(seen));
