import type { NewKey } from '../../keys/fields.ts';
import type { IssueOptions, KeyChanges, RevokeOptions, RotateOptions } from '../../keys/registry.ts';
import type { DescribedSession } from '../server/describeSession.ts';
import type { ConsoleKey } from './consoleKey.ts';
import type { ConsolePlan } from '../server/planRoutes.ts';
import type { ConsoleUsage } from '../server/usageRoutes.ts';
import { connection } from './connection.ts';

export type { DescribedSession as SessionInfo } from '../server/describeSession.ts';

/** One page of the list of keys. */
export interface KeyPage {
  readonly records: readonly ConsoleKey[];
  /** One line for each record that couldn't be read. */
  readonly corrupt: readonly string[];
  readonly cursor: string | null;
}

/** A new key. Other responses don't contain its secret. The page shows the secret once and then drops it. */
export interface Issued {
  readonly key: string;
  readonly record: ConsoleKey;
  /** The rotated key after the rotation. */
  readonly previous?: ConsoleKey;
}

/** The error of a request that the server rejected or didn't respond to. The page shows its message. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The code of the server's problem details, or `OFFLINE`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The operations of the server's API. Each of them can throw an ApiError. */
export const api = {
  session: () => call<DescribedSession>('GET', '/session'),
  page: (cursor: string | null) =>
    call<KeyPage>('GET', cursor === null ? '/keys' : `/keys?cursor=${encodeURIComponent(cursor)}`),
  read: (id: string) => record('GET', pathOf(id)),
  plan: async (id: string) => (await call<ConsolePlan>('GET', `${pathOf(id)}/plan`)).plan,
  /** Reads the requests of a key, or of all keys, in the last 24 hours or 30 days. */
  usage: (id: string | undefined, by: 'hour' | 'day') =>
    call<ConsoleUsage>('GET', `${id === undefined ? '' : pathOf(id)}/usage?by=${by}`),
  create: (fields: NewKey & IssueOptions) => call<Issued>('POST', '/keys', fields),
  update: ({ id, version = 0 }: ConsoleKey, changes: KeyChanges) =>
    record('PATCH', pathOf(id), changes, { 'if-match': `"${version}"` }),
  disable: (id: string) => record('POST', `${pathOf(id)}/disable`, {}),
  enable: (id: string) => record('POST', `${pathOf(id)}/enable`, {}),
  revoke: (id: string, options: RevokeOptions) => record('POST', `${pathOf(id)}/revoke`, options),
  resetQuota: (id: string) => record('POST', `${pathOf(id)}/reset-quota`, {}),
  rotate: (id: string, options: RotateOptions) => call<Issued>('POST', `${pathOf(id)}/rotate`, options),
};

const OFFLINE = "the console isn't responding: check that the command that started it is still running";
const MAYBE_DONE =
  'the change may have been made: check the list before you try again, and revoke a key that it created, because nobody has its secret';

/** Returns the path of a key. An id from the address can contain any characters, such as `../session`. */
function pathOf(id: string): string {
  return `/keys/${encodeURIComponent(id)}`;
}

type Headers = Readonly<Record<string, string>>;

async function record(method: string, path: string, body?: object, headers?: Headers): Promise<ConsoleKey> {
  const answer = await call<{ readonly record: ConsoleKey }>(method, path, body, headers);
  return answer.record;
}

async function call<T>(method: string, path: string, body?: object, headers?: Headers): Promise<T> {
  const init =
    body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
  const response = await fetch(`/api${path}`, { method, ...init }).catch(failOffline(method));
  const answer = await (response.json() as Promise<ReturnType<typeof JSON.parse>>).catch(failOffline(method));
  if (response.ok) {
    connection.report('connected');
    return answer as T;
  }
  const { code, detail } = answer;
  connection.report(code === 'SESSION_REQUIRED' ? 'ended' : 'connected');
  throw new ApiError(code, detail);
}

/** Returns a function that throws `OFFLINE`. The message for a change adds that the change may have been made. */
function failOffline(method: string): () => never {
  const isChange = method !== 'GET';
  return () => {
    connection.report('disconnected');
    throw new ApiError('OFFLINE', isChange ? `${OFFLINE}; ${MAYBE_DONE}` : OFFLINE);
  };
}
