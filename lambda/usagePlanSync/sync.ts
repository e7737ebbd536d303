import {
  type APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  DeleteUsagePlanKeyCommand,
  paginateGetApiKeys,
  paginateGetUsagePlans,
} from '@aws-sdk/client-api-gateway';
import { LatchkeyError } from '../../keys/errors.ts';
import { isKeyId } from '../../keys/keyId.ts';
import { usageIdentifier } from '../plans.ts';

export interface UsagePlanSyncOptions {
  readonly client: APIGatewayClient;
  /** The deployment's namespace. The authorizer uses the same one. */
  readonly namespace: string;
  /** The usage plan of each plan that limits its keys separately, by the plan's name. */
  readonly usagePlanIds: ReadonlyMap<string, string>;
  /**
   * The usage plans of the shared plans. An API key is removed from a plan that became shared. Other usage plans aren't
   * changed.
   */
  readonly sharedUsagePlanIds: readonly string[];
  /** Resolves after about this many milliseconds, with some jitter. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** Delays between attempts at a conflicting write, in milliseconds. */
const PAUSES_MS: readonly number[] = [100, 200, 400, 800];

/** The search function of a write that doesn't create anything. */
const nothingFound = () => Promise.resolve(undefined);

/**
 * Keeps API Gateway's API keys in sync with the Latchkey keys on plans that limit each key. Each such key has one API
 * key, on the usage plan of its plan. Every call is idempotent.
 */
export class UsagePlanSync {
  readonly #options: UsagePlanSyncOptions;

  constructor(options: UsagePlanSyncOptions) {
    this.#options = options;
  }

  /**
   * Puts the key's API key on the usage plan of its plan, so API Gateway counts its requests there. Deletes the API key
   * if the plan is shared, unknown or absent.
   *
   * @throws LatchkeyError `CONFLICT` if an API key outside Latchkey seems to have the identifier; errors of the SDK
   */
  async put({ keyId, plan, isNew }: PlanChange): Promise<void> {
    const usagePlanId = plan === undefined ? undefined : this.#options.usagePlanIds.get(plan);
    if (usagePlanId === undefined) return isNew ? undefined : this.#remove(keyId);
    const apiKey = await this.#make(keyId);
    if (apiKey.isNew) return this.#enter(apiKey.id, usagePlanId);
    const entered = await this.#usagePlansOf(apiKey.id);
    for (const other of entered) if (other !== usagePlanId) await this.#leave(apiKey.id, other);
    if (!entered.includes(usagePlanId)) await this.#enter(apiKey.id, usagePlanId);
  }

  async #remove(keyId: string): Promise<void> {
    const apiKey = await this.#find(keyId);
    if (apiKey === undefined) return;
    const command = new DeleteApiKeyCommand({ apiKey });
    await this.#write(() => this.#client.send(command).catch(ignoreNotFound), nothingFound);
  }

  /** Creates or finds the API key. Returns it, and whether this call created it. */
  async #make(keyId: string): Promise<{ readonly id: string; readonly isNew: boolean }> {
    const command = new CreateApiKeyCommand({
      name: this.#nameOf(keyId),
      value: usageIdentifier(this.#options.namespace, { kind: 'key', id: keyId }),
      description: 'Created by Latchkey: counts the requests of one key',
      enabled: true,
    });
    const create = async () => ({ id: (await this.#client.send(command)).id ?? '', isNew: true });
    const find = async () => {
      const id = await this.#find(keyId);
      return id === undefined ? undefined : { id, isNew: false };
    };
    return this.#write(create, find).catch((error: unknown) => {
      if (!isNamed(error, 'ConflictException') || isConcurrentModification(error)) throw error;
      const message = `the identifier of key ${keyId} is the value of an API key that is not Latchkey's`;
      throw new LatchkeyError('CONFLICT', message, { keyId, cause: error });
    });
  }

  async #find(keyId: string): Promise<string | undefined> {
    const name = this.#nameOf(keyId);
    for await (const { items = [] } of paginateGetApiKeys({ client: this.#client }, { nameQuery: name })) {
      const found = items.find((apiKey) => apiKey.name === name);
      if (found !== undefined) return found.id;
    }
    return undefined;
  }

  /** Returns the deployment's usage plans that the API key is on. */
  async #usagePlansOf(keyId: string): Promise<readonly string[]> {
    const { usagePlanIds, sharedUsagePlanIds } = this.#options;
    const entered = new Set<string | undefined>();
    for await (const { items = [] } of paginateGetUsagePlans({ client: this.#client }, { keyId })) {
      for (const { id } of items) entered.add(id);
    }
    return [...usagePlanIds.values(), ...sharedUsagePlanIds].filter((id) => entered.has(id));
  }

  async #enter(keyId: string, usagePlanId: string): Promise<void> {
    const command = new CreateUsagePlanKeyCommand({ usagePlanId, keyId, keyType: 'API_KEY' });
    const isEntered = async () => (await this.#usagePlansOf(keyId)).includes(usagePlanId) || undefined;
    await this.#write(() => this.#client.send(command), isEntered);
  }

  async #leave(keyId: string, usagePlanId: string): Promise<void> {
    const command = new DeleteUsagePlanKeyCommand({ usagePlanId, keyId });
    await this.#write(() => this.#client.send(command).catch(ignoreNotFound), nothingFound);
  }

  /**
   * Makes a write and handles conflicts. AWS uses one error name for a write that was already made and for a concurrent
   * write of the account. This method therefore searches for the result after a conflict. It retries the write a few
   * times if it doesn't find one.
   */
  async #write<Made, Found>(
    write: () => Promise<Made>,
    find: () => Promise<Found | undefined>,
    [pauseMs, ...laterMs]: readonly number[] = PAUSES_MS,
  ): Promise<Made | Found> {
    try {
      return await write();
    } catch (error) {
      if (!isNamed(error, 'ConflictException')) throw error;
      const found = await find();
      if (found !== undefined) return found;
      if (pauseMs === undefined) throw error;
    }
    await this.#options.wait(pauseMs);
    return this.#write(write, find, laterMs);
  }

  /**
   * Returns the API key's name. It contains the key's id, so people and `nameQuery` can find it. Ids can't contain a
   * slash, so the name belongs to only one key.
   */
  #nameOf(keyId: string): string {
    return `latchkey-${keyId}/${this.#options.namespace}`;
  }

  get #client(): APIGatewayClient {
    return this.#options.client;
  }
}

/**
 * Returns whether API Gateway rejected a write because of a concurrent one. According to AWS support, API Gateway puts
 * one key on a plan at a time in a Region (serverless/serverless#12065, hashicorp/terraform-provider-aws#776). AWS
 * doesn't document this behaviour.
 */
export function isConcurrentModification(error: unknown): boolean {
  return isNamed(error, 'ConflictException') && /concurrent modification/i.test(error.message);
}

/** Ignores a `NotFoundException` in the `catch` of a deletion, because the resource is already deleted. */
function ignoreNotFound(error: unknown): undefined {
  if (isNamed(error, 'NotFoundException')) return undefined;
  throw error;
}

function isNamed(error: unknown, name: 'ConflictException' | 'NotFoundException'): error is Error {
  return error instanceof Error && error.name === name;
}

/** The effect of a write to the table on the key's API key in API Gateway. */
export interface PlanChange {
  readonly keyId: string;
  /** The key's new plan; `undefined` if the key was deleted or isn't on a plan. */
  readonly plan: string | undefined;
  /** `true` if the write created the key, so its API key doesn't exist yet. */
  readonly isNew: boolean;
}

/**
 * Reads a record of the table's stream. Returns `undefined` if the key's plan hasn't changed, for example after a
 * last-used write.
 *
 * @throws LatchkeyError `RECORD_CORRUPT` if the id of a key on a plan isn't readable
 */
export function readPlanChange(streamRecord: unknown): PlanChange | undefined {
  const { NewImage: after, OldImage: before } = toFields(toFields(streamRecord)['dynamodb']);
  const plan = getString(after, 'plan');
  if (plan === getString(before, 'plan')) return undefined;
  const keyId = getString(after ?? before, 'id');
  if (!isKeyId(keyId)) throw new LatchkeyError('RECORD_CORRUPT', 'a key on a plan has an unreadable id');
  return { keyId, plan, isNew: before === undefined };
}

/** Returns the position at which the stream resumes if the record fails. */
export function sequenceNumberOf(streamRecord: unknown): string {
  const { SequenceNumber } = toFields(toFields(streamRecord)['dynamodb']);
  return typeof SequenceNumber === 'string' ? SequenceNumber : '';
}

/**
 * Returns the time of the key's write in epoch milliseconds, or `undefined` if the record doesn't have it. AWS rounds
 * it to seconds ("StreamRecord").
 */
export function writtenAtOf(streamRecord: unknown): number | undefined {
  const { ApproximateCreationDateTime: seconds } = toFields(toFields(streamRecord)['dynamodb']);
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}

/** Returns an attribute of an image in DynamoDB's own format, if it is a string. */
function getString(image: unknown, attribute: string): string | undefined {
  const { S } = toFields(toFields(image)[attribute]);
  return typeof S === 'string' ? S : undefined;
}

function toFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
