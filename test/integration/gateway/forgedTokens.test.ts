import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOCAL_AUDIENCE } from '../../../local/localIssuer.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import { fetchAsOperator } from '../../support/localOperator.ts';
import { withIssuer } from '../../support/ownersTemplate.ts';
import {
  type Claims,
  generateSigningKey,
  type SigningKey,
  startTestIssuer,
  type TestIssuer,
  unsignedToken,
} from '../../support/testIssuer.ts';

/** Every verb on one key, with a body that would work on the caller's own key. */
const VERBS: readonly (readonly [method: string, path: string, body: object | undefined])[] = [
  ['GET', '', undefined],
  ['PATCH', '', { label: 'taken' }],
  ['POST', '/rotate', { graceSeconds: 60 }],
  ['POST', '/disable', undefined],
  ['POST', '/enable', undefined],
  ['POST', '/revoke', { reason: 'taken' }],
  ['GET', '/usage?by=day', undefined],
];

let issuer: TestIssuer;
let gateway: Gateway;
let base: string;
let idOfAlice: string;

beforeAll(async () => {
  issuer = await startTestIssuer();
  gateway = await startGateway(await withIssuer(issuer.url));
  base = gateway.url.replace('/rest/whoami', '');
  const created = await send(await tokenOf('alice'), 'POST', '/me/keys', { label: 'hers' });
  idOfAlice = created.json.record.id;
});

afterAll(async () => {
  await gateway.stop();
  await issuer.stop();
});

/** Returns the claims of a valid token of a user. */
const claimsOf = (sub: string): Claims => ({ sub, aud: LOCAL_AUDIENCE, exp: Math.floor(Date.now() / 1000) + 600 });

const tokenOf = (sub: string, changes: Claims = {}) => issuer.sign({ ...claimsOf(sub), ...changes });

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // A response is JSON of any shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

async function send(token: string | undefined, method: string, path: string, body?: object): Promise<Answer> {
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

describe('an owner with a token', () => {
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
