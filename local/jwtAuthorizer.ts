import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { isPlainObject } from '../keys/json.ts';
import { createIdentityReader, type IdentityInput } from './gatewayRequest.ts';

/** A JWT authorizer of an HTTP API. */
export interface JwtAuthorizerConfig {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly identitySources: readonly string[];
}

/** The decision of a JWT authorizer. `challenge` is the header `www-authenticate` of a refusal. */
export type JwtAuthorization =
  | { readonly effect: 'allow'; readonly claims: JwtClaims; readonly scopes: readonly string[] | null }
  | { readonly effect: 'unauthorized' | 'deny'; readonly challenge: string };

/** The claims of a token as an event has them: every value is a text. */
export type JwtClaims = Readonly<Record<string, string>>;

interface JwtDeps {
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Logs the reason of a refusal that isn't the caller's mistake. */
  readonly writeLog: (line: string) => void;
}

/** API Gateway supports only RSA signatures. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512'];

/** API Gateway may use a key for two hours after it has read it. */
const KEY_SET_MAX_AGE_MS = 2 * 60 * 60 * 1000;

const DISCOVERY_TIMEOUT_MS = 5000;

/** A refusal, as `error_description` words it. */
class InvalidToken extends Error {}

/** The issuer's configuration can't be read. */
class DiscoveryError extends Error {}

/**
 * Creates a JWT authorizer: it checks the token's signature, `kid`, `iss`, `aud` or `client_id`, `exp`, `nbf`, `iat` and
 * the scopes of the route ("Control access to HTTP APIs with JWT authorizers").
 */
export function createJwtAuthorizer(
  config: JwtAuthorizerConfig,
  { now, writeLog }: JwtDeps,
): (input: IdentityInput, routeScopes: readonly string[]) => Promise<JwtAuthorization> {
  const readIdentities = createIdentityReader(config.identitySources);
  const keySet = createKeySet(config.issuer);

  return async (input, routeScopes) => {
    const token = readIdentities(input)?.[0]?.replace(/^Bearer +/i, '');
    if (token === undefined) return { effect: 'unauthorized', challenge: 'Bearer' };
    const scope = `Bearer scope="${routeScopes.join(' ')}"`;
    try {
      const payload = await verify(token, config, { keySet, now });
      const granted = readScopes(payload);
      const isGranted = routeScopes.length === 0 || routeScopes.some((each) => granted.includes(each));
      if (!isGranted) return { effect: 'deny', challenge: `${scope} error="insufficient_scope"` };
      return { effect: 'allow', claims: toClaims(payload), scopes: routeScopes.length === 0 ? null : granted };
    } catch (error) {
      if (error instanceof DiscoveryError) writeLog(`JWT authorizer: ${error.message}`);
      const description = describe(error);
      return { effect: 'unauthorized', challenge: `${scope} error="invalid_token" error_description="${description}"` };
    }
  };
}

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** Returns the issuer's keys, from its configuration. A failed attempt is repeated by the next request. */
function createKeySet(issuer: string): () => Promise<KeySet> {
  let known: Promise<KeySet> | undefined;
  return async () => {
    known ??= discover(issuer);
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
}

async function discover(issuer: string): Promise<KeySet> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const configuration = await readJson(url);
  const keysUrl = isPlainObject(configuration) ? configuration['jwks_uri'] : undefined;
  if (typeof keysUrl !== 'string' || !URL.canParse(keysUrl)) throw new DiscoveryError(`${url} has no jwks_uri`);
  // A new key of the issuer works at once, because waiting would only surprise a developer.
  return createRemoteJWKSet(new URL(keysUrl), { cacheMaxAge: KEY_SET_MAX_AGE_MS, cooldownDuration: 0 });
}

/** Returns the JSON at a URL, or `undefined` if it can't be read. */
async function readJson(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS) });
    return JSON.parse(await response.text());
  } catch {
    return undefined;
  }
}

async function verify(
  token: string,
  { issuer, audiences }: JwtAuthorizerConfig,
  { keySet, now }: { readonly keySet: () => Promise<KeySet>; readonly now: () => number },
): Promise<JWTPayload> {
  // Without a `kid`, jose would try the only key of the set.
  if (decodeProtectedHeader(token).kid === undefined) throw new InvalidToken('the token does not have a kid');
  const { payload } = await jwtVerify(token, await keySet(), {
    algorithms: ALGORITHMS,
    issuer,
    requiredClaims: ['exp'],
    currentDate: new Date(now()),
  });
  const { aud = payload['client_id'], iat } = payload;
  if (![aud].flat().some((audience) => audiences.includes(String(audience)))) {
    throw new InvalidToken('the token does not have a valid audience');
  }
  if (iat !== undefined && iat * 1000 > now()) throw new InvalidToken('the token was issued in the future');
  return payload;
}

function describe(error: unknown): string {
  if (error instanceof DiscoveryError) return 'OIDC discovery endpoint communication error';
  if (error instanceof InvalidToken) return error.message;
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'the token is invalid';
  if (error.claim === 'nbf') return 'the token is not valid yet';
  return error.claim === 'iss'
    ? 'the token does not have a valid issuer'
    : `the token does not have a valid ${error.claim}`;
}

/** Returns the scopes of `scope`, or of `scp` without it. Each may be a list, or a text with spaces. */
function readScopes({ scope, scp }: JWTPayload): readonly string[] {
  const scopes = scope ?? scp;
  if (typeof scopes === 'string') return scopes.split(' ').filter(Boolean);
  return Array.isArray(scopes) ? scopes.map(String) : [];
}

/** API Gateway writes a list as `[a b]`, numbers and booleans as text, and leaves out `null`. */
function toClaims(payload: JWTPayload): JwtClaims {
  const known = Object.entries(payload).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, toClaimText(value)]));
}

function toClaimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toClaimText).join(' ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
