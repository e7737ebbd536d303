import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Header } from '../../../local/gatewayRequest.ts';
import { createJwtAuthorizer } from '../../../local/jwtAuthorizer.ts';
import {
  type Claims,
  generateSigningKey,
  startTestIssuer,
  type TestIssuer,
  unsignedToken,
} from '../../support/testIssuer.ts';

const NOW_SECONDS = 1_900_000_000;
const VALID = { aud: 'app', sub: 'alice', iat: NOW_SECONDS - 10, exp: NOW_SECONDS + 10 };

let issuer: TestIssuer;
const lines: string[] = [];
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.stop());

function createAuthorizer(overrides: { readonly issuer?: string } = {}) {
  const config = {
    issuer: issuer.url,
    audiences: ['app', 'other'],
    identitySources: ['$request.header.Authorization'],
  };
  const authorize = createJwtAuthorizer(
    { ...config, ...overrides },
    { now: () => NOW_SECONDS * 1000, writeLog: (line) => lines.push(line) },
  );
  return (token: string | undefined, routeScopes: readonly string[] = []) => {
    const headers: readonly Header[] = token === undefined ? [] : [['authorization', token]];
    return authorize({ request: { headers, rawQuery: '' }, context: {}, stageVariables: {} }, routeScopes);
  };
}

const invalid = (description: string) => ({
  effect: 'unauthorized',
  challenge: `Bearer scope="" error="invalid_token" error_description="${description}"`,
});

describe('a JWT authorizer', () => {
  test('allows a token of its issuer, with and without Bearer, and passes its claims as texts', async () => {
    const authorize = createAuthorizer();
    const token = await issuer.sign({
      ...VALID,
      email_verified: true,
      groups: ['a', 'b'],
      address: { city: 'X' },
      org: null,
    });
    const expected = {
      effect: 'allow',
      scopes: null,
      claims: {
        iss: issuer.url,
        aud: 'app',
        sub: 'alice',
        iat: String(VALID.iat),
        exp: String(VALID.exp),
        email_verified: 'true',
        groups: '[a b]',
        address: '{"city":"X"}',
      },
    };
    expect(await authorize(token)).toEqual(expected);
    expect(await authorize(`Bearer ${token}`)).toEqual(expected);
  });

  test.each<[string, Claims, string]>([
    ['has expired', { exp: NOW_SECONDS }, 'the token has expired'],
    ['is not valid yet', { nbf: NOW_SECONDS + 1 }, 'the token is not valid yet'],
    ['was issued in the future', { iat: NOW_SECONDS + 1 }, 'the token was issued in the future'],
    ['has no expiry', { exp: undefined }, 'the token does not have a valid exp'],
    ['is for another audience', { aud: 'else' }, 'the token does not have a valid audience'],
    ['has no audience', { aud: undefined }, 'the token does not have a valid audience'],
    [
      'has a valid client_id next to another audience',
      { aud: 'else', client_id: 'app' },
      'the token does not have a valid audience',
    ],
    ['is of another issuer', { iss: 'https://issuer.example' }, 'the token does not have a valid issuer'],
    ['has an issuer with another ending', { iss: 'ISSUER/' }, 'the token does not have a valid issuer'],
  ])('refuses a token that %s', async (_, changes, description) => {
    const claims = { ...VALID, ...changes, ...(changes['iss'] === 'ISSUER/' && { iss: `${issuer.url}/` }) };
    expect(await createAuthorizer()(await issuer.sign(claims))).toEqual(invalid(description));
  });

  test.each<[string, Claims]>([
    ['one of several audiences', { aud: ['else', 'other'] }],
    ['a client_id instead of an audience', { aud: undefined, client_id: 'app' }],
    ['a time from which it is valid', { nbf: NOW_SECONDS }],
  ])('allows a token with %s', async (_, changes) => {
    expect(await createAuthorizer()(await issuer.sign({ ...VALID, ...changes }))).toMatchObject({ effect: 'allow' });
  });

  test.each<[string, () => Promise<string> | string, string]>([
    ['the algorithm none', () => unsignedToken({ ...VALID, iss: issuer.url }, 'key-1'), 'the token is invalid'],
    ['HS256 and the public key as its secret', () => issuer.signWithPublicKey(VALID), 'the token is invalid'],
    ['an unknown kid', () => issuer.sign(VALID, { header: { kid: 'key-9' } }), 'the token is invalid'],
    ['no kid', () => issuer.sign(VALID, { header: { kid: undefined } }), 'the token does not have a kid'],
    [
      'the kid of another key than its signer’s',
      async () => issuer.sign(VALID, { key: await generateSigningKey('key-1') }),
      'the token is invalid',
    ],
    ['two parts', () => 'a.b', 'the token is invalid'],
    ['no token at all', () => 'Bearer Bearer', 'the token is invalid'],
  ])('refuses a token with %s', async (_, create, description) => {
    expect(await createAuthorizer()(await create())).toEqual(invalid(description));
  });

  test('challenges a request without a token', async () => {
    expect(await createAuthorizer()(undefined)).toEqual({ effect: 'unauthorized', challenge: 'Bearer' });
  });

  test('requires one of the scopes of a route, and passes the token’s scopes', async () => {
    const authorize = createAuthorizer();
    const scoped = await issuer.sign({ ...VALID, scope: 'read write' });
    expect(await authorize(scoped, ['write', 'admin'])).toMatchObject({ effect: 'allow', scopes: ['read', 'write'] });
    const listed = await issuer.sign({ ...VALID, scp: ['read'] });
    expect(await authorize(listed, ['read'])).toMatchObject({ effect: 'allow', scopes: ['read'] });
    expect(await authorize(listed, ['admin'])).toEqual({
      effect: 'deny',
      challenge: 'Bearer scope="admin" error="insufficient_scope"',
    });
  });

  test('reads a changed key set for a token with an unknown kid', async () => {
    const changing = await startTestIssuer();
    const authorize = createAuthorizer({ issuer: changing.url });
    const old = changing.key();
    expect(await authorize(await changing.sign(VALID))).toMatchObject({ effect: 'allow' });
    await changing.rotate();
    expect(await authorize(await changing.sign(VALID))).toMatchObject({ effect: 'allow' });
    expect(await authorize(await changing.sign(VALID, { key: old }))).toEqual(invalid('the token is invalid'));
    await changing.stop();
  });

  test('refuses every token of an issuer that it can’t read, and logs the reason', async () => {
    const authorize = createAuthorizer({ issuer: `${issuer.url}/other` });
    const expected = invalid('OIDC discovery endpoint communication error');
    expect(await authorize(await issuer.sign(VALID))).toEqual(expected);
    expect(lines.at(-1)).toMatch(/^JWT authorizer: .*\/other\/\.well-known\/openid-configuration has no jwks_uri$/);
  });
});
