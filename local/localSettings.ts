import type { HttpApiConfig } from './apiConfig.ts';
import type { CloudAssembly } from './cloudAssembly.ts';
import type { FunctionConfig } from './functionEnvironment.ts';
import { PLACEHOLDER_ISSUER } from './localIssuer.ts';

interface LocalOptions {
  /** The issuer that replaces the placeholder in JWT authorizers. */
  readonly issuer: string;
  /** `true` if the functions accept imported keys that were issued elsewhere. */
  readonly acceptExternalKeys: boolean;
}

/** Longest TTL of the record cache on this machine, in seconds. Developers expect to see a revocation immediately. */
const MAX_RECORD_CACHE_SECONDS = 5;
/** The function's default TTL of the record cache. */
const DEFAULT_RECORD_CACHE_SECONDS = 60;

/**
 * Returns the stack with the settings that differ on this machine. The record cache of each function with a table keeps
 * records for at most 5 seconds. The revocation delay decreases by the same time.
 */
export function withLocalSettings(assembly: CloudAssembly, options: LocalOptions): CloudAssembly {
  const httpApis = assembly.httpApis.map((api) => withLocalIssuer(api, options));
  return { ...withLocalCache(assembly, options), httpApis };
}

/** Other issuers stay, so that the gateway accepts their tokens as API Gateway does. */
function withLocalIssuer(api: HttpApiConfig, { issuer }: LocalOptions): HttpApiConfig {
  const authorizers = [...api.jwtAuthorizers].map(
    ([id, config]) => [id, config.issuer === PLACEHOLDER_ISSUER ? { ...config, issuer } : config] as const,
  );
  return { ...api, jwtAuthorizers: new Map(authorizers) };
}

function withLocalCache(assembly: CloudAssembly, { acceptExternalKeys }: LocalOptions): CloudAssembly {
  const readers = [...assembly.functions.values()].filter(hasTable);
  const functions = new Map(assembly.functions);
  for (const reader of readers) {
    const environment = {
      ...reader.environment,
      ...toManagementSettings(reader),
      LATCHKEY_RECORD_CACHE_SECONDS: getLocalText(reader),
      ...(acceptExternalKeys ? { LATCHKEY_EXTERNAL_KEYS: 'true' } : {}),
    };
    functions.set(reader.name, { ...reader, environment });
  }
  const { revocationDelaySeconds } = assembly;
  if (revocationDelaySeconds === undefined || readers.length === 0) return { ...assembly, functions };
  // The stack doesn't name the function of its delay, so only the smallest decrease is certain.
  const decrease = Math.min(...readers.map(getDecreaseSeconds));
  return { ...assembly, functions, revocationDelaySeconds: Math.max(0, revocationDelaySeconds - decrease) };
}

/** Decreases the revocation delay that the management API shows to owners. */
function toManagementSettings(reader: FunctionConfig): Readonly<Record<string, string>> {
  const { LATCHKEY_MANAGEMENT: text } = reader.environment;
  if (text === undefined) return {};
  const settings: { readonly revocationDelaySeconds?: number } = JSON.parse(text);
  if (settings.revocationDelaySeconds === undefined) return {};
  const revocationDelaySeconds = Math.max(0, settings.revocationDelaySeconds - getDecreaseSeconds(reader));
  return { LATCHKEY_MANAGEMENT: JSON.stringify({ ...settings, revocationDelaySeconds }) };
}

function hasTable({ environment }: FunctionConfig): boolean {
  return environment['LATCHKEY_TABLE'] !== undefined;
}

/** Returns an invalid setting unchanged, because the function rejects it with an explanation. */
function getLocalText({ environment }: FunctionConfig): string {
  const text = environment['LATCHKEY_RECORD_CACHE_SECONDS'] ?? String(DEFAULT_RECORD_CACHE_SECONDS);
  return Number(text) > MAX_RECORD_CACHE_SECONDS ? String(MAX_RECORD_CACHE_SECONDS) : text;
}

function getDecreaseSeconds(reader: FunctionConfig): number {
  const seconds = Number(reader.environment['LATCHKEY_RECORD_CACHE_SECONDS'] ?? DEFAULT_RECORD_CACHE_SECONDS);
  return Math.max(0, seconds - MAX_RECORD_CACHE_SECONDS) || 0;
}
