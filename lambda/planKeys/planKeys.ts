import {
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  DeleteUsagePlanKeyCommand,
  paginateGetApiKeys,
  paginateGetUsagePlans,
  type APIGatewayClient,
} from '@aws-sdk/client-api-gateway';
import { LatchkeyError } from '../../keys/errors.ts';
import { usageIdentifier } from '../usageIdentifier.ts';

export interface PlanKeysOptions {
  readonly client: APIGatewayClient;
  /** The deployment's, as the authorizer has it. */
  readonly namespace: string;
  /** By plan, the usage plan that limits each of its keys. No other usage plan is touched. */
  readonly usagePlanIds: ReadonlyMap<string, string>;
}

/**
 * The API keys of API Gateway that stand for Latchkey keys whose plan is per key: one for each, on the usage plan of its plan.
 * Every call brings about what is wanted whatever there is already, so it can be made again.
 */
export class PlanKeys {
  readonly #client: APIGatewayClient;
  readonly #namespace: string;
  readonly #usagePlanIds: ReadonlyMap<string, string>;

  constructor({ client, namespace, usagePlanIds }: PlanKeysOptions) {
    this.#client = client;
    this.#namespace = namespace;
    this.#usagePlanIds = usagePlanIds;
  }

  /**
   * Has the key counted on this plan. On none, on one that is not per key, and on one that is unknown, it needs no API key of its own.
   *
   * @throws LatchkeyError `CONFLICT` where its identifier belongs to somebody else; what the SDK throws
   */
  async put(keyId: string, plan: string | undefined): Promise<void> {
    const usagePlanId = plan === undefined ? undefined : this.#usagePlanIds.get(plan);
    if (usagePlanId === undefined) return this.#remove(keyId);
    const created = await this.#create(keyId);
    if (created !== undefined) return this.#enter(created, usagePlanId);
    const apiKeyId = await this.#find(keyId);
    if (apiKeyId === undefined) {
      const message = `the identifier of key ${keyId} is the value of an API key that is not Latchkey's`;
      throw new LatchkeyError('CONFLICT', message, { keyId });
    }
    const entered = await this.#usagePlansOf(apiKeyId);
    for (const other of entered) if (other !== usagePlanId) await this.#leave(apiKeyId, other);
    if (!entered.includes(usagePlanId)) await this.#enter(apiKeyId, usagePlanId);
  }

  async #remove(keyId: string): Promise<void> {
    const apiKey = await this.#find(keyId);
    if (apiKey === undefined) return;
    await this.#client.send(new DeleteApiKeyCommand({ apiKey })).catch(passOver('NotFoundException'));
  }

  /** The id of the new API key; `undefined` where its value is taken. */
  async #create(keyId: string): Promise<string | undefined> {
    const command = new CreateApiKeyCommand({
      name: this.#nameOf(keyId),
      value: usageIdentifier(this.#namespace, { kind: 'key', id: keyId }),
      description: 'Made by Latchkey: counts the requests of one key',
      enabled: true,
    });
    const created = await this.#client.send(command).catch(passOver('ConflictException'));
    return created?.id;
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
    const own = new Set(this.#usagePlanIds.values());
    const entered: string[] = [];
    for await (const { items = [] } of paginateGetUsagePlans({ client: this.#client }, { keyId })) {
      for (const { id } of items) if (id !== undefined && own.has(id)) entered.push(id);
    }
    return entered;
  }

  async #enter(keyId: string, usagePlanId: string): Promise<void> {
    const command = new CreateUsagePlanKeyCommand({ usagePlanId, keyId, keyType: 'API_KEY' });
    await this.#client.send(command).catch(passOver('ConflictException'));
  }

  async #leave(keyId: string, usagePlanId: string): Promise<void> {
    const command = new DeleteUsagePlanKeyCommand({ usagePlanId, keyId });
    await this.#client.send(command).catch(passOver('NotFoundException'));
  }

  /** Begins with the key's id for whoever looks for it, and with no other's: an id has no slash. */
  #nameOf(keyId: string): string {
    return `latchkey-${keyId}/${this.#namespace}`;
  }
}

/** Makes a refusal that says "it is so already" an `undefined`. For the end of a promise. */
function passOver(errorName: 'ConflictException' | 'NotFoundException'): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && error.name === errorName) return undefined;
    throw error;
  };
}
