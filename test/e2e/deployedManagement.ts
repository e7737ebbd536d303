// Runs the deployed function of a KeyManagementApi, with its code and its environment, on events of an HTTP API in payload
// format 2.0. deploy.sh and package.sh call it. Prints the id of the operator's key.
// Usage: deployedManagement.ts INDEX_MJS FUNCTION_CONFIGURATION_JSON AUDIENCE...
//   AUDIENCE: operators, owners or portal
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { managementEvent } from '../support/managementCall.ts';

interface FunctionConfiguration {
  readonly Handler: string;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
}

interface HttpResponse {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
}

const [file = '', configuration = '', ...audiences] = process.argv.slice(2);
const { Handler, Environment }: FunctionConfiguration = JSON.parse(readFileSync(configuration, 'utf8'));
assert.equal(Handler, 'index.handler');
// The function rejects unknown settings, and the suites have variables of their own.
for (const name of Object.keys(process.env)) if (name.startsWith('LATCHKEY_')) delete process.env[name];
Object.assign(process.env, Environment.Variables);
const { handler }: { handler: (event: object, context: object) => Promise<HttpResponse> } = await import(
  pathToFileURL(file).href
);

const OPERATOR = { iam: { userArn: 'arn:aws:iam::123456789012:user/back-office' } };
const ownerOf = (sub: string) => ({ jwt: { claims: { sub }, scopes: null } });

interface Call {
  readonly authorizer?: object;
  readonly body?: object;
  readonly cookies?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Invokes the function as API Gateway does. */
async function call(route: string, { authorizer, cookies, ...request }: Call = {}) {
  const [method = '', path = ''] = route.split(' ');
  const event = { ...managementEvent({ method, path, ...request }, authorizer), ...(cookies && { cookies }) };
  const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 10_000 };
  const response = await handler(event, context);
  return { ...response, json: response.body ? JSON.parse(response.body) : undefined };
}

const created = await call('POST /keys', { authorizer: OPERATOR, body: { label: 'by operator', owner: 'acme' } });
assert.equal(created.statusCode, 201, created.body);
const { key, record } = created.json;
assert.equal(record.createdBy, OPERATOR.iam.userArn);
assert.equal((await call('GET /keys')).statusCode, 401);
const listed = await call('GET /keys', { authorizer: OPERATOR });
assert(listed.json.records.some(({ id }: { id: string }) => id === record.id));
const verified = await call('POST /keys/verify', { authorizer: OPERATOR, body: { key } });
assert.equal(verified.json.valid, true, verified.body);
const revoked = await call(`POST /keys/${record.id}/revoke`, { authorizer: OPERATOR, body: { reason: 'test' } });
assert.equal(revoked.json.record.state, 'revoked', revoked.body);

if (audiences.includes('owners')) {
  const own = await call('POST /me/keys', { authorizer: ownerOf('alice'), body: { label: 'by owner' } });
  assert.equal(own.statusCode, 201, own.body);
  assert.deepEqual((await call('GET /me/keys', { authorizer: ownerOf('bob') })).json.records, []);
  const taken = await call(`POST /me/keys/${own.json.record.id}/revoke`, { authorizer: ownerOf('bob'), body: {} });
  assert.equal(taken.statusCode, 404);
  const ended = await call(`POST /me/keys/${own.json.record.id}/revoke`, { authorizer: ownerOf('alice'), body: {} });
  assert.equal(ended.json.record.state, 'revoked', ended.body);
}

if (audiences.includes('portal')) {
  const returnUrl = `${JSON.parse(process.env['LATCHKEY_MANAGEMENT'] ?? '').portal.returnOrigins[0]}/settings`;
  const opened = await call('POST /portal-sessions', { authorizer: OPERATOR, body: { owner: 'carol', returnUrl } });
  assert.equal(opened.statusCode, 201, opened.body);
  // The page sends the origin of the API itself.
  const redemption = { headers: { origin: new URL(opened.json.url).origin }, body: { code: opened.json.code } };
  const session = await call('POST /portal/session', redemption);
  const [cookie = ''] = session.cookies ?? [];
  assert.match(cookie, /; *HttpOnly/i);
  const byPortal = { cookies: [cookie.split(';')[0] ?? ''] };
  assert.deepEqual((await call('GET /portal/me/keys', byPortal)).json.records, []);
  assert.equal((await call('POST /portal/session', redemption)).json.code, 'CODE_REFUSED');
}

console.log(record.id);
