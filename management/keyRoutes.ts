import { type Context, Hono } from 'hono';
import { type ErrorCode, LatchkeyError } from '../keys/errors.ts';
import type { NewKey } from '../keys/fields.ts';
import { printable } from '../keys/printable.ts';
import { publicRecord, type PublicRecord } from '../keys/record.ts';
import type { IssueOptions, KeyChanges, KeyRegistry, RotateOptions } from '../keys/registry.ts';
import { keyState, type KeyState } from '../keys/state.ts';
import { lostKeyNotice, lostRotationNotice } from '../operator/notices.ts';
import type { Caller, ManagementEnv } from './caller.ts';
import type { IdempotentOutcome, IdempotentRequest, IdempotentWork } from './idempotency.ts';
import { keyOperations, type Operation, VERIFY_KEY } from './operations.ts';
import type { AdmissionRefusal, CountedAs, KeyAdmission } from './ownerKeys.ts';
import { checkMayEnable, toOwnersChanges, toOwnersNewKey, toOwnersRecord, toOwnersRotation } from './ownerAccess.ts';
import { confirmed, RequestProblem } from './problems.ts';
import { readBody, readExpectedVersion, readIdempotencyKey, readQuery } from './requestParts.ts';
import type { VerifyAnswer, VerifyRequest } from './verifyKey.ts';

/** The registry's methods that the routes use. */
export type ManagedRegistry = Pick<
  KeyRegistry,
  | 'list'
  | 'get'
  | 'prepare'
  | 'store'
  | 'prepareRotation'
  | 'storeRotation'
  | 'update'
  | 'disable'
  | 'enable'
  | 'revoke'
  | 'usage'
>;

/** The dependencies of the routes on keys. */
export interface KeyRoutesDeps {
  /** Returns the registry whose changes name the actor. */
  readonly registryFor: (actor: string) => ManagedRegistry;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /**
   * Makes a change at most once for each caller and `Idempotency-Key`. Without it, the routes reject the header.
   */
  readonly runOnce?: <P, R>(request: IdempotentRequest, work: IdempotentWork<P, R>) => Promise<IdempotentOutcome<R>>;
  /** Enforces the maximum number of an owner's keys. It is required if owners call. */
  readonly admitKey?: (admission: KeyAdmission) => Promise<AdmissionRefusal | undefined>;
  /** Decides on keys. Without it, there is no `POST /keys/verify`. */
  readonly verifyKey?: ((request: VerifyRequest) => Promise<VerifyAnswer>) | undefined;
}

/** A key in responses. */
export type ShownKey = PublicRecord & { readonly state: KeyState };

/** The advice for a change that may have been made, other than the creation of a key. */
const OUTCOME_UNKNOWN = 'the key may have been changed: check it before you try again';

type RouteContext = Context<ManagementEnv>;

/**
 * Creates the routes on keys for one kind of caller, below `/keys`. A front authenticates the caller before. Only the
 * responses to create and to rotate contain a key's secret.
 */
export function keyRoutes(kind: Caller['kind'], deps: KeyRoutesDeps): Hono<ManagementEnv> {
  const routes = new Hono<ManagementEnv>();
  const operations = keyOperations(kind);
  const handlers: Readonly<Record<keyof typeof operations, (c: RouteContext) => Promise<Response>>> = {
    listKeys: (c) => listKeys(c, deps, readQuery(c, operations.listKeys.query)),
    createKey: async (c) => createKey(c, deps, await readBody(c, operations.createKey.body)),
    getKey: async (c) => respond(c, deps, await ownKey(c, deps)),
    updateKey: async (c) => updateKey(c, deps, (await readBody(c, operations.updateKey.body)) as KeyChanges),
    rotateKey: async (c) => rotateKey(c, deps, (await readBody(c, operations.rotateKey.body)) as RotateOptions),
    disableKey: async (c) => {
      await readBody(c, operations.disableKey.body);
      const { id } = await ownKey(c, deps);
      return respond(c, deps, await confirmed(registry(c, deps).disable(id), OUTCOME_UNKNOWN));
    },
    enableKey: async (c) => {
      await readBody(c, operations.enableKey.body);
      const read = await ownKey(c, deps);
      const isOwner = c.get('caller').kind === 'owner';
      if (isOwner) checkMayEnable(read);
      // An operator may disable the key after this read.
      const enabled = registry(c, deps).enable(read.id, isOwner ? { expected: read } : {});
      return respond(c, deps, await confirmed(enabled, OUTCOME_UNKNOWN));
    },
    revokeKey: async (c) => {
      const options = await readBody(c, operations.revokeKey.body);
      const { id } = await ownKey(c, deps);
      return respond(c, deps, await confirmed(registry(c, deps).revoke(id, options), OUTCOME_UNKNOWN));
    },
    getKeyUsage: (c) => getKeyUsage(c, deps, readQuery(c, operations.getKeyUsage.query)),
  };
  const { verifyKey } = deps;
  if (kind === 'operator' && verifyKey !== undefined) {
    add(routes, VERIFY_KEY, async (c) => {
      const answer = await verifyKey(await readBody(c, VERIFY_KEY.body));
      return c.json(answer.valid ? { valid: true, record: shownKey(answer.record, c.get('caller'), deps) } : answer);
    });
  }
  for (const [name, operation] of Object.entries(operations)) {
    const handler = handlers[name as keyof typeof operations];
    add(routes, operation, kind === 'operator' ? handler : withoutActors(handler));
  }
  return routes;
}

function add(
  routes: Hono<ManagementEnv>,
  { method, path }: Operation,
  handler: (c: RouteContext) => Promise<Response>,
): void {
  routes.on(method.toUpperCase(), path.replace('{id}', ':id'), handler);
}

/** Removes the actor from the errors for an owner. An operator's ARN contains an account id. */
function withoutActors(handler: (c: RouteContext) => Promise<Response>) {
  return async (c: RouteContext): Promise<Response> => {
    try {
      return await handler(c);
    } catch (error) {
      if (!(error instanceof LatchkeyError) || error.code === 'STORE_UNAVAILABLE') throw error;
      const message = error.message.replace(/(, at [^ ]{1,40}) by [^]*/, '$1');
      throw new LatchkeyError(error.code, message, { keyId: error.keyId, cause: error });
    }
  };
}

function registry(c: RouteContext, { registryFor }: KeyRoutesDeps): ManagedRegistry {
  return registryFor(c.get('caller').actor);
}

/** Codes of a read that an owner can't tell apart. The owner of an unreadable record is unknown. */
const HIDDEN_CODES = new Set<ErrorCode>(['NOT_FOUND', 'INPUT_INVALID', 'RECORD_CORRUPT']);

/**
 * Returns the key of the path, or of an id.
 *
 * @throws LatchkeyError `NOT_FOUND`, the same for an unknown key and for the key of another owner
 */
async function ownKey(c: RouteContext, deps: KeyRoutesDeps, id = c.req.param('id') ?? ''): Promise<PublicRecord> {
  const caller = c.get('caller');
  const keys = registry(c, deps);
  if (caller.kind === 'operator') return keys.get(id);
  try {
    const record = await keys.get(id);
    if (record.owner === caller.owner) return record;
  } catch (error) {
    if (!(error instanceof LatchkeyError && HIDDEN_CODES.has(error.code))) throw error;
    if (error.code !== 'RECORD_CORRUPT') throw notYours();
  }
  // The index is asked several times for an unknown key. The time mustn't tell that the key exists.
  await keys.get(NO_KEY).catch(() => {});
  throw notYours();
}

/** An id that no key has. */
const NO_KEY = '00000000-0000-4000-8000-000000000000';

function notYours(): LatchkeyError {
  return new LatchkeyError('NOT_FOUND', 'you have no key with that id');
}

async function listKeys(
  c: RouteContext,
  deps: KeyRoutesDeps,
  query: { readonly limit?: number | undefined; readonly owner?: string | undefined } & object,
): Promise<Response> {
  const caller = c.get('caller');
  const owner = caller.kind === 'owner' ? { owner: caller.owner } : {};
  const { records, corrupt, cursor } = await registry(c, deps).list({ ...query, ...owner });
  return c.json({
    records: records.map((record) => shownKey(record, caller, deps)),
    ...(caller.kind === 'operator' && { corrupt: corrupt.map(({ message }) => printable(message)) }),
    cursor,
  });
}

async function createKey(
  c: RouteContext,
  deps: KeyRoutesDeps,
  { prefix, ...body }: Partial<NewKey> & IssueOptions,
): Promise<Response> {
  const caller = c.get('caller');
  const fields = body as NewKey;
  const keys = registry(c, deps);
  const newKey = caller.kind === 'owner' ? toOwnersNewKey(fields, caller, deps.now()) : fields;
  const outcome = await once(
    c,
    deps,
    {
      prepare: () => keys.prepare(newKey, { prefix }),
      recordIdOf: ({ record }) => record.id,
      store: async (issued) => {
        await admit(caller, issued.record.id, 'key', deps);
        await confirmed(keys.store(issued), lostKeyNotice(issued));
        return issued;
      },
      isStored: (id) => isStored(id, keys),
    },
    JSON.stringify({ prefix, ...body }),
  );
  if (outcome.outcome === 'replayed') return replay(c, deps, await ownKey(c, deps, outcome.recordId));
  const { secret, record } = outcome.result;
  setETag(c, record);
  return c.json({ key: secret, record: shownKey(record, caller, deps) }, 201);
}

async function updateKey(c: RouteContext, deps: KeyRoutesDeps, changes: KeyChanges): Promise<Response> {
  const caller = c.get('caller');
  const version = readExpectedVersion(c);
  const read = await ownKey(c, deps);
  const { id } = read;
  const checked = caller.kind === 'owner' ? toOwnersChanges(changes, read, caller) : changes;
  if (checked.expiresAt !== undefined) await admit(caller, id, 'key', deps);
  const keys = registry(c, deps);
  const expected = version === undefined ? undefined : { id, version };
  // An owner's new expiry was checked against the record that was read.
  const isChecked = caller.kind === 'owner' && checked.expiresAt !== undefined;
  const change = keys.update(id, checked, { expected: expected ?? (isChecked ? read : undefined) });
  const record = await confirmed(change, OUTCOME_UNKNOWN).catch(async (error: unknown) => {
    throw expected !== undefined && (await hasOtherVersion(error, expected, keys))
      ? new RequestProblem('PRECONDITION_FAILED', (error as Error).message)
      : error;
  });
  return respond(c, deps, record);
}

/** Returns whether a change failed because the key has another version. A key's state can also refuse a change. */
async function hasOtherVersion(
  error: unknown,
  { id, version }: { readonly id: string; readonly version: number },
  keys: ManagedRegistry,
): Promise<boolean> {
  if (!(error instanceof LatchkeyError) || error.code !== 'CONFLICT') return false;
  try {
    const { version: current = 0 } = await keys.get(id);
    return current !== version;
  } catch {
    return false;
  }
}

async function rotateKey(c: RouteContext, deps: KeyRoutesDeps, { ...options }: RotateOptions): Promise<Response> {
  const caller = c.get('caller');
  const keys = registry(c, deps);
  const old = await ownKey(c, deps);
  const checked = caller.kind === 'owner' ? toOwnersRotation(options, old, caller, deps.now()) : options;
  const outcome = await once(
    c,
    deps,
    {
      prepare: () => keys.prepareRotation(old.id, checked),
      recordIdOf: ({ record }) => record.id,
      store: async (prepared) => {
        if (checked.graceSeconds > 0) await admit(caller, old.id, 'rotated', deps);
        return confirmed(keys.storeRotation(prepared), lostRotationNotice(prepared));
      },
      isStored: async (id) => {
        if ((await keys.get(old.id)).rotatedTo === id) return true;
        // Nobody has the secret of a successor whose rotation was interrupted.
        if (await isStored(id, keys)) await keys.revoke(id, { reason: 'interrupted rotation' });
        return false;
      },
    },
    JSON.stringify(options),
  );
  if (outcome.outcome === 'replayed') {
    const previous = shownKey(await keys.get(old.id), caller, deps);
    return replay(c, deps, await ownKey(c, deps, outcome.recordId), { previous });
  }
  const { secret, record, previous } = outcome.result;
  setETag(c, record);
  const shown = { record: shownKey(record, caller, deps), previous: shownKey(previous, caller, deps) };
  return c.json({ key: secret, ...shown }, 201);
}

async function getKeyUsage(
  c: RouteContext,
  deps: KeyRoutesDeps,
  query: { readonly by?: 'hour' | 'day' | 'month' | undefined } & object,
): Promise<Response> {
  // An operator may ask for a key that the table has already deleted.
  const id = c.get('caller').kind === 'owner' ? (await ownKey(c, deps)).id : (c.req.param('id') ?? '');
  const report = await registry(c, deps).usage({ id, ...query });
  return c.json({ ...report, corrupt: report.corrupt.map(({ message }) => printable(message)) });
}

/** Makes a change once if the request has an `Idempotency-Key`. */
async function once<P, R>(
  c: RouteContext,
  { runOnce }: KeyRoutesDeps,
  work: IdempotentWork<P, R>,
  body: string,
): Promise<Extract<IdempotentOutcome<R>, { outcome: 'done' | 'replayed' }>> {
  const key = readIdempotencyKey(c);
  if (key === undefined) return { outcome: 'done', result: await work.store(await work.prepare()) };
  if (runOnce === undefined) throw new LatchkeyError('INPUT_INVALID', 'Idempotency-Key: this API does not support it');
  const caller = c.get('caller');
  const identity = [caller.kind, caller.actor, ...(caller.kind === 'owner' ? [caller.owner] : [])];
  const request = [c.req.method, c.req.path, body];
  const outcome = await runOnce({ caller: identity, key, request }, work);
  if (outcome.outcome === 'mismatch') {
    throw new RequestProblem('IDEMPOTENCY_MISMATCH', 'Idempotency-Key: an earlier request with this key was different');
  }
  if (outcome.outcome === 'in progress') {
    const { retryAfterSeconds } = outcome;
    const detail = 'Idempotency-Key: the first request with this key has not ended yet';
    throw new RequestProblem('IDEMPOTENCY_IN_PROGRESS', detail, { retryAfterSeconds });
  }
  return outcome;
}

async function isStored(id: string, keys: ManagedRegistry): Promise<boolean> {
  try {
    await keys.get(id);
    return true;
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

const TOO_MANY: Readonly<Record<AdmissionRefusal, (most: number) => string>> = {
  key: (most) => `you have ${most} keys, which is the maximum: revoke one first`,
  rotated: (most) => `${most} rotated keys still work, which is the maximum: revoke one, or wait until one expires`,
  record: () => 'you have too many keys, with revoked ones: wait until the table has deleted some',
};

/** @throws RequestProblem `TOO_MANY_KEYS` */
async function admit(caller: Caller, keyId: string, countedAs: CountedAs, { admitKey }: KeyRoutesDeps): Promise<void> {
  if (caller.kind === 'operator') return;
  if (admitKey === undefined) throw new LatchkeyError('INTERNAL_ERROR', 'owners need admitKey');
  const { owner, rules } = caller;
  const most = rules.maxKeysPerOwner;
  const refusal = await admitKey({ owner, keyId, countedAs, most });
  if (refusal !== undefined) throw new RequestProblem('TOO_MANY_KEYS', TOO_MANY[refusal](most));
}

function shownKey(record: PublicRecord, caller: Caller, { now }: KeyRoutesDeps): object {
  const state = keyState(record, now());
  return { ...(caller.kind === 'owner' ? toOwnersRecord(record) : publicRecord(record)), state };
}

function respond(c: RouteContext, deps: KeyRoutesDeps, record: PublicRecord): Response {
  setETag(c, record);
  return c.json({ record: shownKey(record, c.get('caller'), deps) });
}

/** Responds to a repeated request. Nobody keeps the secret of the first one. */
function replay(c: RouteContext, deps: KeyRoutesDeps, record: PublicRecord, more: object = {}): Response {
  setETag(c, record);
  c.header('Idempotency-Replayed', 'true');
  return c.json({ record: shownKey(record, c.get('caller'), deps), ...more }, 201);
}

function setETag(c: RouteContext, { version = 0 }: PublicRecord): void {
  c.header('ETag', `"${version}"`);
}
