import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { timed, type BenchCase } from '../harness.ts';

const ISSUER = 'https://issuer.example.com';
const AUDIENCE = 'orders';
const SUBJECT = '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11';

type Algorithm = 'RS256' | 'ES256';

interface SignedToken {
  readonly token: string;
  readonly publicKey: KeyObject;
  readonly kid: string;
}

/** aws-jwt-verify on a token of a key made here, with the key set given: nothing is fetched. */
export async function awsJwtVerifyCase(algorithm: Algorithm): Promise<BenchCase> {
  const { JwtVerifier } = await import('aws-jwt-verify');
  const { token, publicKey, kid } = await signToken(algorithm);
  const verifier = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/jwks.json` });
  const { kty = '', ...members } = publicKey.export({ format: 'jwk' });
  verifier.cacheJwks({ keys: [{ ...members, kty, kid, alg: algorithm, use: 'sig' }] });
  return timed({
    name: `aws-jwt-verify ${algorithm}`,
    run: () => verifier.verifySync(token),
    check: ({ sub }) => requireSubject(sub),
    unitNs: 1000,
  });
}

/** jose on such a token, with the public key at hand. */
export async function joseCase(algorithm: Algorithm): Promise<BenchCase> {
  const { jwtVerify } = await import('jose');
  const { token, publicKey } = await signToken(algorithm);
  const wanted = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm] };
  return timed({
    name: `jose ${algorithm}`,
    run: () => jwtVerify(token, publicKey, wanted),
    check: ({ payload }) => requireSubject(payload.sub),
    unitNs: 1000,
  });
}

async function signToken(algorithm: Algorithm): Promise<SignedToken> {
  const { SignJWT } = await import('jose');
  const { publicKey, privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = 'bench';
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: algorithm, kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(SUBJECT)
    .setIssuedAt()
    .setExpirationTime('1d')
    .sign(privateKey);
  return { token, publicKey, kid };
}

function requireSubject(subject: string | undefined): void {
  if (subject !== SUBJECT) throw new Error('the token was verified for somebody else');
}
