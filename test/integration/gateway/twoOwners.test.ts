import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, writeTemplateVariant, type Gateway } from '../../support/gateway.ts';
import { fetchAsOperator } from '../../support/localOperator.ts';
import {
  type Claims,
  generateSigningKey,
  type SigningKey,
  startTestIssuer,
  type TestIssuer,
  unsignedToken,
} from '../../support/testIssuer.ts';

const AUDIENCE = 'latchkey-local';
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

/** Every verb on one key, with a body that would work on the caller's own key. */
const VERBS: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', ''],
  ['PATCH', '', { label: 'taken' }],
  ['POST', '/rotate', { graceSeconds: 60 }],
  ['POST', '/disable'],
  ['POST', '/enable'],
  ['POST', '/revoke', { reason: 'taken' }],
  ['GET', '/usage?by=day'],
];

let issuer: TestIssuer;
let gateway: Gateway;
let base: string;
let idOfAlice: string;

beforeAll(async () => {
  issuer = await startTestIssuer();
  const template = await writeTemplateVariant(({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      if (Type !== 'AWS::ApiGatewayV2::Authorizer' || Properties['AuthorizerType'] !== 'JWT') continue;
      Properties['JwtConfiguration'] = { Issuer: issuer.url, Audience: [AUDIENCE] };
    }
  });
  gateway = await startGateway(template);
  base = gateway.url.replace('/rest/whoami', '');
  const created = await send(await tokenOf('alice'), 'POST', '/me/keys', { label: 'hers' });
  idOfAlice = created.json.record.id;
});

afterAll(async () => {
  await gateway.stop();
  await issuer.stop();
});

/** Returns the claims of a valid token of a user. */
const claimsOf = (sub: string): Claims => ({ sub, aud: AUDIENCE, exp: Math.floor(Date.now() / 1000) + 600 });

const tokenOf = (sub: string, changes: Claims = {}) => issuer.sign({ ...claimsOf(sub), ...changes });

async function send(token: string | undefined, method: string, path: string, body?: object) {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
}

/** Returns what an owner sees of the key of another: its only possible trace is the response. */
async function stateOfAlicesKey(): Promise<string> {
  return (await send(await tokenOf('alice'), 'GET', `/me/keys/${idOfAlice}`)).text;
}

describe('an owner with a token', () => {
  test.each(VERBS)('gets the same 404 for %s …%s of another’s key as for an unknown id', async (method, path, body) => {
    const bob = await tokenOf('bob');
    const before = await stateOfAlicesKey();
    const others = await send(bob, method, `/me/keys/${idOfAlice}${path}`, body);
    const unknown = await send(bob, method, `/me/keys/${UNKNOWN_ID}${path}`, body);
    expect(others.status).toBe(404);
    expect(others.text.replaceAll(idOfAlice, 'ID')).toBe(unknown.text.replaceAll(UNKNOWN_ID, 'ID'));
    expect(namesOf(others.headers)).toEqual(namesOf(unknown.headers));
    expect(await stateOfAlicesKey()).toBe(before);
  });

  test('lists only their own keys, whatever owner the query names', async () => {
    const bob = await tokenOf('bob');
    await send(bob, 'POST', '/me/keys', { label: 'his' });
    const labels = (await send(bob, 'GET', '/me/keys')).json.records.map(({ label }: { label: string }) => label);
    expect(labels).toEqual(['his']);
    expect((await send(bob, 'GET', '/me/keys?owner=alice')).text).not.toContain('hers');
  });

  test('can’t create a key for another', async () => {
    const created = await send(await tokenOf('bob'), 'POST', '/me/keys', { label: 'hers', owner: 'alice' });
    expect(created.status).toBe(400);
    const keys = await send(await tokenOf('alice'), 'GET', '/me/keys');
    expect(keys.json.records).toHaveLength(1);
  });

  test('can’t use the routes of operators', async () => {
    for (const [method, path, body] of VERBS) {
      expect((await send(await tokenOf('alice'), method, `/keys/${idOfAlice}${path}`, body)).status).toBe(403);
    }
  });
});

/** Tokens that are no proof of being Alice. */
const FORGERIES: readonly (readonly [name: string, create: () => Promise<string | undefined>])[] = [
  ['no token', async () => undefined],
  ['an expired token', () => tokenOf('alice', { exp: Math.floor(Date.now() / 1000) - 1 })],
  ['a token that is not valid yet', () => tokenOf('alice', { nbf: Math.floor(Date.now() / 1000) + 60 })],
  ['a token of another issuer', () => tokenOf('alice', { iss: 'https://issuer.example' })],
  ['a token for another audience', () => tokenOf('alice', { aud: 'another-app' })],
  ['an unsigned token', async () => unsignedToken({ ...claimsOf('alice'), iss: issuer.url }, issuer.key().kid)],
  ['a token signed with the public key', () => issuer.signWithPublicKey(claimsOf('alice'))],
  ['a token of a key that the issuer does not have', async () => signWith(await generateSigningKey('key-9'))],
  ['a token of another key with a kid of the issuer', async () => signWith(await generateSigningKey(issuer.key().kid))],
  ['a token without a kid', () => issuer.sign(claimsOf('alice'), { header: { kid: undefined } })],
];

const signWith = (key: SigningKey) => issuer.sign(claimsOf('alice'), { key });

describe.each(FORGERIES)('a caller with %s', (_, create) => {
  test('is refused on every route of owners, before the function', async () => {
    const token = await create();
    const routes = [
      ['GET', '/me'],
      ['GET', '/me/keys'],
      ['POST', '/me/keys', { label: 'x' }],
      ...VERBS.map(([method, path, body]) => [method, `/me/keys/${idOfAlice}${path}`, body] as const),
    ] as const;
    const answers = await Promise.all(routes.map(([method, path, body]) => send(token, method, path, body)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set(['401 {"message":"Unauthorized"}']),
    );
    for (const { headers } of answers) expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
  });
});

test('a changed key set ends the tokens of the old key', async () => {
  const old = await tokenOf('alice');
  expect((await send(old, 'GET', '/me')).status).toBe(200);
  await issuer.rotate();
  expect((await send(await tokenOf('alice'), 'GET', '/me')).status).toBe(200);
  expect((await send(old, 'GET', '/me')).status).toBe(401);
});

test('an operator’s signature opens the routes of operators, and none of owners', async () => {
  const read = await fetchAsOperator(`${base}/keys/${idOfAlice}`);
  expect(JSON.parse(await read.text()).record).toMatchObject({
    id: idOfAlice,
    owner: 'alice',
    createdBy: 'owner:alice',
  });
  expect((await fetchAsOperator(`${base}/me/keys`)).status).toBe(401);
});

/** Returns the names of the headers that the function determines, with their values if they can't differ. */
function namesOf(headers: Headers): readonly string[] {
  const own = [...headers].filter(([name]) => !['apigw-requestid', 'date', 'content-length'].includes(name));
  return own.map(([name, value]) => `${name}: ${value}`);
}
