import { interleave, type BenchCase } from '../harness.ts';
import { peerVersion } from '../peer.ts';
import type { Measured } from '../results.ts';
import { bcryptCase, betterAuthCase, prefixedApiKeyCase } from './apiKeyPeers.ts';
import { awsJwtVerifyCase, joseCase } from './jsonWebTokens.ts';
import { decisionCase, hashAndMapCase, hashCase, testKey } from './latchkeyCases.ts';

/** Each peer's cases and the packages that they take. */
const PEER_CASES: readonly (readonly [packages: readonly string[], make: () => Promise<BenchCase>])[] = [
  [['prefixed-api-key'], prefixedApiKeyCase],
  [['aws-jwt-verify', 'jose'], () => awsJwtVerifyCase('RS256')],
  [['aws-jwt-verify', 'jose'], () => awsJwtVerifyCase('ES256')],
  [['jose'], () => joseCase('RS256')],
  [['jose'], () => joseCase('ES256')],
  [['better-auth', '@better-auth/api-key'], betterAuthCase],
  [['bcryptjs'], () => bcryptCase(testKey.secret)],
];

/** One verification each, in µs: ours and the peers that are installed, in the same rounds. */
export async function peers({ rounds }: { readonly rounds: number }): Promise<Measured> {
  const cases: BenchCase[] = [hashCase(), hashAndMapCase(), decisionCase()];
  const leftOut: Record<string, string> = {};
  for (const [packages, make] of PEER_CASES) {
    const missing = packages.filter((name) => peerVersion(name) === undefined);
    if (missing.length === 0) cases.push(await make());
    else for (const name of missing) leftOut[name] = 'it is not installed';
  }
  return { groups: { verification: { unit: 'µs', rounds: await interleave(cases, { rounds }) } }, leftOut };
}
