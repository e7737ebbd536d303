// What the bench uses of its peers: `npm run check` reads this, also where they are not installed.

declare module 'aws-jwt-verify' {
  interface JwtVerifier {
    cacheJwks(jwks: { keys: object[] }): void;
    verifySync(token: string): { sub?: string };
  }
  export const JwtVerifier: {
    create(options: { issuer: string; audience: string; jwksUri: string }): JwtVerifier;
  };
}

declare module 'jose' {
  import type { KeyObject } from 'node:crypto';
  export function jwtVerify(
    token: string,
    key: KeyObject,
    options: { issuer: string; audience: string; algorithms: string[] },
  ): Promise<{ payload: { sub?: string } }>;
  export class SignJWT {
    constructor(payload: Record<string, unknown>);
    setProtectedHeader(header: { alg: string; kid: string }): this;
    setIssuer(issuer: string): this;
    setAudience(audience: string): this;
    setSubject(subject: string): this;
    setIssuedAt(): this;
    setExpirationTime(time: string): this;
    sign(key: KeyObject): Promise<string>;
  }
}

declare module 'better-auth' {
  import type { ApiKeyPlugin } from '@better-auth/api-key';
  export function betterAuth(options: {
    baseURL: string;
    secret: string;
    database: unknown;
    plugins: ApiKeyPlugin[];
    telemetry: { enabled: boolean };
  }): {
    api: {
      createApiKey(input: { body: { userId: string; name: string } }): Promise<{ id: string; key: string }>;
      verifyApiKey(input: { body: { key: string } }): Promise<{ valid: boolean; key: { id: string } | null }>;
    };
  };
}

declare module 'better-auth/adapters/memory' {
  export function memoryAdapter(tables: Record<string, object[]>): unknown;
}

declare module '@better-auth/api-key' {
  export interface ApiKeyPlugin {
    readonly id: string;
  }
  export function apiKey(options: { rateLimit: { enabled: boolean } }): ApiKeyPlugin;
}

declare module 'prefixed-api-key' {
  export function generateAPIKey(options: { keyPrefix: string }): Promise<{ token?: string; longTokenHash?: string }>;
  export function checkAPIKey(token: string, expectedLongTokenHash: string): boolean;
}

declare module 'bcryptjs' {
  export function hashSync(secret: string, cost: number): string;
  export function compareSync(secret: string, hash: string): boolean;
}
