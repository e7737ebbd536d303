import type { KeyRecord } from '../../keys/record.ts';
import type { TestKey } from '../../testing/createTestKey.ts';
import { expectedCredentials } from './expectedCredentials.ts';
import type { FuzzSettings, Opened } from './fuzzSettings.ts';

/** The parts of a response that depend on the event. `principalId` and the fields after it belong to a policy. */
export interface AnswerSummary {
  readonly code?: string | undefined;
  /** The id in the context. */
  readonly keyId?: string | undefined;
  readonly isAuthorized?: boolean | undefined;
  readonly principalId?: string | undefined;
  readonly effect?: string | undefined;
  readonly resources?: readonly string[] | undefined;
}

/** A response, or the error message for a request without a key. */
export type ExpectedAnswer = AnswerSummary | 'Unauthorized';

type Api = 'methods' | 'connect' | 'simple' | 'graphql';
type Fields = Readonly<Record<string, unknown>>;

const STAGE = /^(arn:[\w-]+:execute-api:[\w-]*:[\w-]*:[\w-]+\/[\w$-]+)\/([^]*)$/;

/**
 * Returns the expected response to an API's event, if the table contains these keys. It's independent of the
 * authorizer's code, so tests can compare both. Other events may be faults instead.
 */
export function expectedAnswer(event: unknown, settings: FuzzSettings, keys: readonly TestKey[]): ExpectedAnswer {
  const fields: Fields = { ...Object(event) };
  const api = apiOf(fields, settings);
  const credentials = expectedCredentials(
    fields,
    settings.environment['LATCHKEY_KEY_SOURCES'] ?? 'bearer,query:api_key',
  );
  if (credentials.length === 0) {
    return api === 'graphql' ? { code: 'AUTH_REQUIRED', isAuthorized: false } : 'Unauthorized';
  }
  const key = credentials.length > 1 ? undefined : keys.find(({ secret }) => secret === credentials[0]);
  const code = key === undefined ? 'INVALID_KEY' : codeOf(key.record);
  if (key === undefined || code !== undefined) return refusal(code, key?.record, fields, api);
  const opened = openedTo(key.record, settings);
  if (api === 'methods' || api === 'connect') return activePolicy(key.record, opened, fields, api);
  const isAuthorized = opened === undefined || opened.some((one) => isOpen(one, fields, api));
  return isAuthorized ? { keyId: key.record.id, isAuthorized } : { code: 'INSUFFICIENT_SCOPE', isAuthorized };
}

function apiOf({ type, version, methodArn }: Fields, { environment }: FuzzSettings): Api {
  if (type === undefined) return 'graphql';
  if (type !== 'REQUEST') return 'methods';
  if (version === '2.0') return environment['LATCHKEY_HTTP_API_RESPONSE'] === 'simple' ? 'simple' : 'methods';
  return version === undefined && STAGE.exec(String(methodArn))?.[2] === '$connect' ? 'connect' : 'methods';
}

function codeOf({ revokedAt, expiresAt, disabledAt }: KeyRecord): string | undefined {
  if (revokedAt !== undefined) return 'KEY_REVOKED';
  if (expiresAt !== undefined) return 'KEY_EXPIRED';
  return disabledAt === undefined ? undefined : 'KEY_DISABLED';
}

function refusal(code: string | undefined, record: KeyRecord | undefined, fields: Fields, api: Api): AnswerSummary {
  if (api === 'simple' || api === 'graphql') return { code, isAuthorized: false };
  return { code, principalId: record?.id ?? 'anonymous', effect: 'Deny', resources: [`${stageOf(fields)}/*`] };
}

/** Returns the routes of each of the key's scopes. Returns `undefined` if the key has full access. */
function openedTo({ scopes }: KeyRecord, { opened }: FuzzSettings): readonly Opened[] | undefined {
  return opened === undefined ? undefined : scopes?.flatMap((scope) => opened.get(scope) ?? []);
}

function activePolicy(
  { id }: KeyRecord,
  opened: readonly Opened[] | undefined,
  fields: Fields,
  api: 'methods' | 'connect',
): AnswerSummary {
  const ends = opened === undefined ? ['*'] : [...new Set(opened.flatMap((one) => one[api] ?? []))];
  // serverless-offline uses this account (see lambda/policy.ts).
  const isEmulated = stageOf(fields).includes(':random-account-id:');
  const denied = opened !== undefined && !isEmulated && ends.some((end) => end.includes('*')) ? DENIED_ENDS : [];
  return {
    code: opened === undefined ? undefined : 'INSUFFICIENT_SCOPE',
    keyId: id,
    principalId: id,
    effect: ends.length > 0 ? ['Allow', ...(denied.length > 0 ? ['Deny'] : [])].join() : 'Deny',
    resources: [...(ends.length > 0 ? ends : ['*']), ...denied].map((end) => `${stageOf(fields)}/${end}`),
  };
}

/** Paths that a server may normalize to another path, and that a policy can deny in addition to a wildcard. */
const DENIED_ENDS = [
  '*/..*',
  '*/./*',
  '*/.;*',
  '*/.',
  '*//*',
  ...['2e', '2E', '2f', '2F', '5c', '5C'].map((x) => `*%${x}*`),
];

/** Returns whether a route key's path is ambiguous or invalid. It ignores the names of parameters. */
function isAmbiguous(routeKey: string): boolean {
  const [, ...rest] = routeKey.replaceAll(/\{[^{}]*\}/g, '{}').split(' ');
  const path = rest.join(' ');
  const [, ...segments] = path.split('/');
  return (
    /[\s?#\\\p{Cc}]/u.test(path) ||
    /%(2e|2f|5c)/i.test(path) ||
    segments.slice(0, -1).includes('') ||
    segments.some((segment) => segment.startsWith('..') || segment.split(';')[0] === '.')
  );
}

function isOpen(
  { isGraphqlOpen = false, routeKeys }: Opened,
  { routeKey }: Fields,
  api: 'simple' | 'graphql',
): boolean {
  if (api === 'graphql') return isGraphqlOpen;
  return typeof routeKey === 'string' && routeKeys?.test(routeKey) === true && !isAmbiguous(routeKey);
}

function stageOf({ type, version, methodArn, routeArn }: Fields): string {
  const arn = type === 'REQUEST' && version === '2.0' ? routeArn : methodArn;
  return STAGE.exec(String(arn))?.[1] ?? '';
}
