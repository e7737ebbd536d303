// The parts of the peers that the bench uses. `npm run check` needs these types if the peers aren't installed.

declare module 'aws-jwt-verify' {
  interface JwtVerifier {
    cacheJwks(jwks: { keys: object[] }): void;
    verifySync(token: string): { sub?: string };
  }
  export const JwtVerifier: {
    create(options: { issuer: string; audience: string; jwksUri: string }): JwtVerifier;
  };
}

declare module 'better-auth' {
  type ApiKeys = {
    createApiKey(input: { body: { userId: string; name: string } }): Promise<{ id: string; key: string }>;
    verifyApiKey(input: { body: { key: string } }): Promise<{ valid: boolean; key: { id: string } | null }>;
  };
  export function betterAuth(options: Record<string, unknown>): { api: ApiKeys };
}

declare module 'better-auth/adapters/memory' {
  export function memoryAdapter(tables: Record<string, object[]>): unknown;
}

declare module '@better-auth/api-key' {
  export function apiKey(options: { rateLimit: { enabled: boolean } }): unknown;
}

declare module 'prefixed-api-key' {
  export function generateAPIKey(options: { keyPrefix: string }): Promise<{ token?: string; longTokenHash?: string }>;
  export function checkAPIKey(token: string, expectedLongTokenHash: string): boolean;
}

declare module 'bcryptjs' {
  export function hashSync(secret: string, cost: number): string;
  export function compareSync(secret: string, hash: string): boolean;
}

declare module 'lru-cache' {
  export class LRUCache {
    constructor(options: { max: number });
    get(key: string): number | undefined;
    set(key: string, value: number): unknown;
  }
}
