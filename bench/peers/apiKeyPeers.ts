import { timed, type BenchCase } from '../harness.ts';

const LABEL = 'ci';

/** better-auth's api-key plugin on tables in memory, without its rate limit, which would refuse the bench. */
export async function betterAuthCase(): Promise<BenchCase> {
  const { betterAuth } = await import('better-auth');
  const { memoryAdapter } = await import('better-auth/adapters/memory');
  const { apiKey } = await import('@better-auth/api-key');
  const now = new Date();
  const user = {
    id: 'user-1',
    name: LABEL,
    email: 'ci@example.com',
    emailVerified: true,
    createdAt: now,
    updatedAt: now,
  };
  const auth = betterAuth({
    baseURL: 'http://127.0.0.1',
    secret: 'a secret of the bench, which signs nothing',
    database: memoryAdapter({ user: [user], session: [], account: [], verification: [], apikey: [] }),
    plugins: [apiKey({ rateLimit: { enabled: false } })],
    telemetry: { enabled: false },
  });
  const { key, id } = await auth.api.createApiKey({ body: { userId: user.id, name: LABEL } });
  return timed({
    name: 'better-auth api-key, memory adapter',
    run: () => auth.api.verifyApiKey({ body: { key } }),
    check: (answer) => {
      if (!answer.valid || answer.key?.id !== id) throw new Error('better-auth does not verify its own key');
    },
    unitNs: 1000,
  });
}

/** prefixed-api-key against the hash that it made itself, without a look-up. */
export async function prefixedApiKeyCase(): Promise<BenchCase> {
  const { generateAPIKey, checkAPIKey } = await import('prefixed-api-key');
  const { token, longTokenHash } = await generateAPIKey({ keyPrefix: 'sk' });
  if (token === undefined || longTokenHash === undefined) throw new Error('prefixed-api-key made no key');
  return timed({
    name: 'prefixed-api-key',
    run: () => checkAPIKey(token, longTokenHash),
    check: (isRight) => requireTrue(isRight, 'prefixed-api-key does not verify its own key'),
    unitNs: 1000,
  });
}

/** bcryptjs at its usual cost, without a look-up. */
export async function bcryptCase(secret: string): Promise<BenchCase> {
  const { hashSync, compareSync } = await import('bcryptjs');
  const hash = hashSync(secret, 10);
  return timed({
    name: 'bcryptjs, cost 10',
    run: () => compareSync(secret, hash),
    check: (isRight) => requireTrue(isRight, 'bcryptjs does not verify its own hash'),
    unitNs: 1000,
  });
}

function requireTrue(value: boolean, message: string): void {
  if (!value) throw new Error(message);
}
