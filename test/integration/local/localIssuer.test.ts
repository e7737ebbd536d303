import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Api, Header } from '../../../local/gatewayRequest.ts';
import { LocalIssuer } from '../../../local/localIssuer.ts';

const NOW_MS = 1_900_000_000_000;
const URL_OF_GATEWAY = 'http://127.0.0.1:3000';

let api: Api;
beforeEach(() => {
  api = new LocalIssuer({ now: () => NOW_MS }).createApi(URL_OF_GATEWAY);
});

/** Sends a request whose body is JSON, a form or absent. */
async function send(method: string, target: string, body?: object | string) {
  const [path = '', rawQuery = ''] = target.split('?');
  const isJson = typeof body === 'object';
  const type = isJson ? 'application/json; charset=utf-8' : 'application/x-www-form-urlencoded';
  const headers: readonly Header[] = body === undefined ? [] : [['content-type', type]];
  const reply = await api({
    id: 'request-1',
    method,
    sentPath: `/local${path}`,
    path,
    rawQuery,
    headers,
    body: Buffer.from(isJson ? JSON.stringify(body) : (body ?? '')),
    sourceIp: '127.0.0.1',
    protocol: 'HTTP/1.1',
    receivedMs: NOW_MS,
  });
  return { ...reply, text: String(reply.body) };
}

describe('the local issuer', () => {
  test('signs tokens that its key set verifies', async () => {
    const { jwks_uri: keysUrl } = JSON.parse((await send('GET', '/.well-known/openid-configuration')).text);
    expect(keysUrl).toBe('http://127.0.0.1:3000/local/jwks.json');
    const keySet = createLocalJWKSet(JSON.parse((await send('GET', '/jwks.json')).text));
    const { access_token: token } = JSON.parse((await send('POST', '/token', { sub: 'alice', org: 'acme' })).text);
    const { payload } = await jwtVerify(token, keySet, {
      issuer: 'http://127.0.0.1:3000/local',
      audience: 'latchkey-local',
      currentDate: new Date(NOW_MS),
    });
    expect(payload).toMatchObject({ sub: 'alice', org: 'acme', exp: NOW_MS / 1000 + 3600 });
  });

  test('never publishes its private key', async () => {
    const { keys } = JSON.parse((await send('GET', '/jwks.json')).text);
    expect(Object.keys(keys[0]).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  test.each([
    ['JSON', 'POST', '/token', { sub: 'alice' }],
    ['a form', 'POST', '/token', 'sub=alice'],
    ['a query', 'GET', '/token?sub=alice', undefined],
  ])('takes the claims from %s, and forbids to store the token', async (_, method, target, body) => {
    const { text, headers } = await send(method, target, body);
    const token = method === 'GET' ? text : JSON.parse(text).access_token;
    expect(decodeJwt(token)).toMatchObject({ sub: 'alice', aud: 'latchkey-local' });
    expect(headers).toContainEqual(['Cache-Control', 'no-store']);
  });

  test.each([
    ['POST', '/token', {}],
    ['POST', '/token', { sub: 1 }],
    ['POST', '/token', []],
    ['GET', '/token?sub=', undefined],
    ['GET', '/token', undefined],
  ])('rejects %s %s with the body %j, because it has no user', async (method, target, body) => {
    const { statusCode, text } = await send(method, target, body);
    expect({ statusCode, ...JSON.parse(text) }).toMatchObject({ statusCode: 400, error: 'invalid_request' });
  });

  test.each([
    ['DELETE', '/token'],
    ['POST', '/jwks.json'],
    ['GET', '/other'],
  ])('has no path %s %s', async (method, path) => {
    expect((await send(method, path)).statusCode).toBe(404);
  });
});
