import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';
import { isPlainObject } from '../keys/json.ts';
import { getHeader, parseQuery, type Api, type GatewayReply, type GatewayRequest } from './gatewayRequest.ts';

/** The issuer of a stack that the gateway synthesizes. The gateway replaces it with its own issuer. */
export const PLACEHOLDER_ISSUER = 'https://local-issuer.invalid';

/** The audience of the issuer's tokens. */
export const LOCAL_AUDIENCE = 'latchkey-local';

/** The first segment of the issuer's paths. */
export const ISSUER_PREFIX = 'local';

const LIFETIME_SECONDS = 3600;
const ALGORITHM = 'RS256';

/** An issuer of test tokens. Its signing key is in memory, so its tokens end with the gateway. */
export class LocalIssuer {
  readonly #now: () => number;
  #signer: Promise<Signer> | undefined;

  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
  }

  /**
   * Returns the issuer's API at the gateway's URL: its configuration, its keys, and `token`. `POST` takes the claims as
   * JSON or as a form and returns JSON, as OAuth does. `GET` takes them from the query and returns only the token.
   */
  createApi(gatewayUrl: string): Api {
    const issuer = toIssuerUrl(gatewayUrl);
    return async (request) => {
      const { method, path } = request;
      if (method === 'GET' && path === '/.well-known/openid-configuration') {
        return json(200, { issuer, jwks_uri: `${issuer}/jwks.json`, token_endpoint: `${issuer}/token` });
      }
      if (method === 'GET' && path === '/jwks.json') return json(200, (await this.#getSigner()).keySet);
      if (path !== '/token' || (method !== 'GET' && method !== 'POST')) return json(404, { message: 'Not Found' });
      const claims = method === 'GET' ? Object.fromEntries(parseQuery(request)) : readClaims(request);
      const { sub } = claims ?? {};
      if (claims === undefined || typeof sub !== 'string' || sub === '') return json(400, SUB_EXPECTED);
      const token = await this.#sign(issuer, claims);
      if (method === 'GET') return reply(200, 'text/plain', token);
      return json(200, { access_token: token, token_type: 'Bearer', expires_in: LIFETIME_SECONDS });
    };
  }

  async #sign(issuer: string, claims: JWTPayload): Promise<string> {
    const { privateKey, kid } = await this.#getSigner();
    const seconds = Math.floor(this.#now() / 1000);
    const times = { iat: seconds, exp: seconds + LIFETIME_SECONDS };
    return new SignJWT({ iss: issuer, aud: LOCAL_AUDIENCE, ...times, ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
      .sign(privateKey);
  }

  /** Generating a key takes a moment, so the first request for a token or the keys does it. */
  #getSigner(): Promise<Signer> {
    return (this.#signer ??= createSigner());
  }
}

/** Returns the URL of the issuer at a gateway, without a slash at its end. */
export function toIssuerUrl(gatewayUrl: string): string {
  return `${gatewayUrl}/${ISSUER_PREFIX}`;
}

interface Signer {
  readonly privateKey: CryptoKey;
  readonly kid: string;
  readonly keySet: JSONWebKeySet;
}

async function createSigner(): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const kid = randomUUID();
  const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid, use: 'sig', alg: ALGORITHM }] };
  return { privateKey, kid, keySet };
}

const SUB_EXPECTED = {
  error: 'invalid_request',
  error_description: 'sub: expected the id of a user, such as sub=alice, as JSON, as a form or in the query of a GET',
};

function readClaims(request: GatewayRequest): JWTPayload | undefined {
  const text = request.body.toString();
  const isJson = getHeader(request, 'content-type').some((type) => type.startsWith('application/json'));
  if (!isJson) return Object.fromEntries(new URLSearchParams(text));
  try {
    const claims: unknown = JSON.parse(text);
    return isPlainObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

function json(statusCode: number, body: object): GatewayReply {
  return reply(statusCode, 'application/json', JSON.stringify(body));
}

function reply(statusCode: number, contentType: string, body: string): GatewayReply {
  const headers = [
    ['Content-Type', contentType],
    ['Cache-Control', 'no-store'],
  ] as const;
  return { statusCode, headers, body };
}
