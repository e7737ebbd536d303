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
import { isKeyId } from '../../keys/fields.ts';
import { usageIdentifier } from '../plans.ts';

export interface UsagePlanSyncOptions {
  readonly client: APIGatewayClient;
  /** The deployment's, as the authorizer has it. */
  readonly namespace: string;
  /** By plan, the usage plan that limits each of its keys. */
  readonly usagePlanIds: ReadonlyMap<string, string>;
  /** Of shared plans: an API key leaves them that was put there when they were not. No other usage plan is touched. */
  readonly sharedUsagePlanIds: readonly string[];
  /** Resolves after about so many milliseconds, and not after the same for everybody. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** Between attempts at a write that was in conflict with another. */
const PAUSES_MS: readonly number[] = [100, 200, 400, 800];

/** For the end of a write that has nothing to find where it was made already. */
const nothingFound = () => Promise.resolve(undefined);

/**
 * The API keys of API Gateway that stand for Latchkey keys whose plan is per key: one for each, on the usage plan of its plan.
 * Every call brings about what is wanted whatever there is already, so it can be made again.
 */
export class UsagePlanSync {
  readonly #options: UsagePlanSyncOptions;

  constructor(options: UsagePlanSyncOptions) {
    this.#options = options;
  }

  /**
   * Has the key counted on its plan. On none, on one that is not per key, and on one that is unknown, it needs no API key of its own.
   *
   * @throws LatchkeyError `CONFLICT` where its identifier seems to belong to somebody else; what the SDK throws
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
    await this.#write(() => this.#client.send(command).catch(passOverNotFound), nothingFound);
  }

  /** The API key, and whether there was none. */
  async #make(keyId: string): Promise<{ readonly id: string; readonly isNew: boolean }> {
    const command = new CreateApiKeyCommand({
      name: this.#nameOf(keyId),
      value: usageIdentifier(this.#options.namespace, { kind: 'key', id: keyId }),
      description: 'Made by Latchkey: counts the requests of one key',
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

  /** Of the deployment's own usage plans, those that the API key is on. */
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
    await this.#write(() => this.#client.send(command).catch(passOverNotFound), nothingFound);
  }

  /**
   * AWS has one name for a conflict with what is there already and with another write of the account's at the same time. So a
   * conflict is looked into: where what was to be done is not found, the write is made again, a few times.
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

  /** Begins with the key's id for whoever looks for it, and with no other's: an id has no slash. */
  #nameOf(keyId: string): string {
    return `latchkey-${keyId}/${this.#options.namespace}`;
  }

  get #client(): APIGatewayClient {
    return this.#options.client;
  }
}

/**
 * Whether API Gateway refused a write for another one at the same time, which is over soon. That it can put one key on a plan at a
 * time in a Region is what AWS's support says (serverless/serverless#12065, hashicorp/terraform-provider-aws#776); no page does.
 */
export function isConcurrentModification(error: unknown): boolean {
  return isNamed(error, 'ConflictException') && /concurrent modification/i.test(error.message);
}

/** What is to go and is gone already is no failure. For the end of a promise. */
function passOverNotFound(error: unknown): undefined {
  if (isNamed(error, 'NotFoundException')) return undefined;
  throw error;
}

function isNamed(error: unknown, name: 'ConflictException' | 'NotFoundException'): error is Error {
  return error instanceof Error && error.name === name;
}

/** What a write to the table means for the key's API key at API Gateway. */
export interface PlanChange {
  readonly keyId: string;
  /** The plan that the key is on from now on; `undefined` where it is on none, or is gone. */
  readonly plan: string | undefined;
  /** Whether the key was only just put into the table, so that nothing can stand for it yet. */
  readonly isNew: boolean;
}

/**
 * Reads a record of the table's stream; `undefined` where the key's plan stays as it was, as a last-used write leaves it.
 *
 * @throws LatchkeyError `RECORD_CORRUPT` for a key on a plan without a readable id
 */
export function planChangeOf(streamRecord: unknown): PlanChange | undefined {
  const { NewImage: after, OldImage: before } = fieldsOf(fieldsOf(streamRecord)['dynamodb']);
  const plan = textOf(after, 'plan');
  if (plan === textOf(before, 'plan')) return undefined;
  const keyId = textOf(after ?? before, 'id');
  if (!isKeyId(keyId)) throw new LatchkeyError('RECORD_CORRUPT', 'a key that is on a plan has an unreadable id');
  return { keyId, plan, isNew: before === undefined };
}

/** What the stream is told of again where a record fails. */
export function sequenceNumberOf(streamRecord: unknown): string {
  const { SequenceNumber } = fieldsOf(fieldsOf(streamRecord)['dynamodb']);
  return typeof SequenceNumber === 'string' ? SequenceNumber : '';
}

/**
 * When the key was written, in epoch milliseconds, to about a second; `undefined` where the record does not tell. AWS gives seconds
 * ("StreamRecord").
 */
export function writtenAtOf(streamRecord: unknown): number | undefined {
  const { ApproximateCreationDateTime: seconds } = fieldsOf(fieldsOf(streamRecord)['dynamodb']);
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}

/** The attribute of an image, in DynamoDB's own form, where it is a text. */
function textOf(image: unknown, attribute: string): string | undefined {
  const { S } = fieldsOf(fieldsOf(image)[attribute]);
  return typeof S === 'string' ? S : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
