import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';

/** A signing key of an issuer. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** An OIDC issuer of tokens for tests. */
export interface TestIssuer {
  readonly url: string;
  /** The key that signs. Replace it with `rotate`. */
  readonly key: () => SigningKey;
  /** Returns a token of RS256 with these claims. `header` replaces parts of its header, and `key` its signer. */
  readonly sign: (claims: Claims, options?: SignOptions) => Promise<string>;
  /** Returns a token of HS256 whose secret is the issuer's public key. */
  readonly signWithPublicKey: (claims: Claims) => Promise<string>;
  /** Replaces the only key of the key set. */
  readonly rotate: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The claims of a token. `undefined` leaves one out. */
export type Claims = Readonly<Record<string, unknown>>;

interface SignOptions {
  readonly header?: { readonly kid?: string | undefined };
  readonly key?: SigningKey;
}

/** Generates a key of RS256. */
export async function generateSigningKey(kid: string): Promise<SigningKey> {
  return { kid, ...(await generateKeyPair('RS256', { extractable: true })) };
}

/** Starts an issuer on a free port. */
export async function startTestIssuer(): Promise<TestIssuer> {
  let generation = 1;
  let key = await generateSigningKey('key-1');
  const server = createServer((request, response) => {
    void answer(request.url ?? '').then((body) => response.end(JSON.stringify(body)));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = async (path: string): Promise<object> => {
    if (path === '/.well-known/openid-configuration') return { issuer: url, jwks_uri: `${url}/keys` };
    return path === '/keys' ? toKeySet(key) : {};
  };
  const sign = (claims: Claims, { header = {}, key: signer = key }: SignOptions = {}) =>
    new SignJWT({ iss: url, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: signer.kid, ...header } as { alg: string })
      .sign(signer.privateKey);
  const signWithPublicKey = async (claims: Claims) =>
    new SignJWT({ iss: url, ...claims })
      .setProtectedHeader({ alg: 'HS256', kid: key.kid })
      .sign(new TextEncoder().encode(await exportSPKI(key.publicKey)));
  return {
    url,
    key: () => key,
    sign,
    signWithPublicKey,
    rotate: async () => {
      key = await generateSigningKey(`key-${++generation}`);
    },
    stop: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** Returns an unsigned token, whose algorithm is `none`. */
export function unsignedToken(claims: Claims, kid: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none', kid })}.${encode(claims)}.`;
}

async function toKeySet({ kid, publicKey }: SigningKey): Promise<JSONWebKeySet> {
  return { keys: [{ ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' }] };
}
