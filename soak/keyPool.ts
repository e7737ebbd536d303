import { DeleteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { IssuedKey, KeyRegistry } from '../keys/registry.ts';
import { generateSecret, hashSecret, type KeySecret } from '../keys/secret.ts';
import { KeyModel, type KeyFacts } from './keyModel.ts';

export interface KeyPoolOptions {
  /** Straight to the table: a change that the soak makes is one that it knows to be made. */
  readonly registry: KeyRegistry;
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

/** Whether it was made: there may be no key for it. */
type Change = (pool: KeyPool) => Promise<boolean>;

const ACTIVE: KeyFacts = {
  exists: true,
  isRevoked: false,
  isDisabled: false,
  isInScope: true,
  expiresAtMs: Infinity,
};
/** Of more than that, those that are over are deleted. */
const MOST_KEYS = 100;
const FIRST_KEYS = 60;
const GRACE_SECONDS = 1;
/** How long a key that was deleted is presented yet. */
const PRESENTED_AFTER_MS = 10_000;

/** The keys of the soak, those in the table and those that were, and what is done to them. */
export class KeyPool {
  /** By what was done last, how often. */
  readonly changes = new Map<string, number>();
  readonly #options: KeyPoolOptions;
  readonly #keys: KeyModel[] = [];
  /** Secrets that were drawn and are in no table. */
  readonly #invented: KeySecret[] = Array.from({ length: 100 }, () => generateSecret('sk_'));

  constructor(options: KeyPoolOptions) {
    this.#options = options;
  }

  get keys(): readonly KeyModel[] {
    return this.#keys;
  }

  /** A well-formed key that was never issued: one of a few that come again and again, or one of its own. */
  inventedKey(): KeySecret {
    return (Math.random() < 0.5 ? anyOf(this.#invented) : undefined) ?? generateSecret('sk_');
  }

  /** Issues the first keys. Nobody has presented them before. */
  async fill(): Promise<void> {
    for (let at = 0; at < FIRST_KEYS; at++) {
      const { drawn, facts } = this.#draw();
      await this.#options.registry.store(drawn);
      this.#add(drawn, facts);
    }
  }

  /** Makes one change that somebody might make. */
  async changeOne(): Promise<void> {
    const isFull = this.#keys.length > MOST_KEYS;
    const [name, change] = (isFull ? undefined : anyOf(Object.entries(CHANGES))) ?? DELETION;
    if (await change(this)) this.changes.set(name, (this.changes.get(name) ?? 0) + 1);
  }

  /** What is in the table and should not be, or the other way round. */
  async differences(): Promise<readonly string[]> {
    const records = new Map<string, { readonly revokedAt?: string; readonly disabledAt?: string }>();
    const unreadable: string[] = [];
    const onCorrupt = ({ message }: Error) => void unreadable.push(`left in the table: ${message}`);
    for await (const record of this.#options.registry.records({ onCorrupt })) records.set(record.id, record);
    const different = this.#keys.flatMap(({ id, facts: { exists, isRevoked, isDisabled } }) => {
      const record = records.get(id);
      if ((record !== undefined) !== exists) return [`key ${id}: ${exists ? 'lost' : 'back from the dead'}`];
      if (record === undefined) return [];
      const isSame = (record.revokedAt !== undefined) === isRevoked && (record.disabledAt !== undefined) === isDisabled;
      return isSame ? [] : [`key ${id}: its record is in another state`];
    });
    return [...unreadable, ...different];
  }

  /** From before it is stored it is presented: that it is not known yet must not be held against it for long. */
  async issue(): Promise<boolean> {
    const { drawn, facts } = this.#draw();
    const key = this.#add(drawn, { ...facts, exists: false });
    await key.change({ exists: true }, () => this.#options.registry.store(drawn));
    return true;
  }

  async revoke(): Promise<boolean> {
    const key = this.#any(({ isRevoked }) => !isRevoked);
    await key?.change({ isRevoked: true }, () => this.#options.registry.revoke(key.id));
    return key !== undefined;
  }

  async disable(): Promise<boolean> {
    const key = this.#any(isActive);
    await key?.change({ isDisabled: true }, () => this.#options.registry.disable(key.id));
    return key !== undefined;
  }

  async enable(): Promise<boolean> {
    const key = this.#any(({ isDisabled, isRevoked }) => isDisabled && !isRevoked);
    await key?.change({ isDisabled: false }, () => this.#options.registry.enable(key.id));
    return key !== undefined;
  }

  /** The successor counts at once, and its predecessor for a second more. */
  async rotate(): Promise<boolean> {
    const { registry } = this.#options;
    const key = this.#any((facts) => isActive(facts) && facts.expiresAtMs === Infinity);
    if (key === undefined) return false;
    const drawn = await registry.prepareRotation(key.id, { graceSeconds: GRACE_SECONDS });
    const successor = this.#add(drawn, { ...ACTIVE, isInScope: key.facts.isInScope, exists: false });
    const store = () => successor.change({ exists: true }, () => registry.storeRotation(drawn));
    await key.change({ expiresAtMs: Date.parse(drawn.previousEndsAt) }, store);
    return true;
  }

  /** As the table does with what is long over; here at once, so that the table stays as large as it is. */
  async deleteOldest(): Promise<boolean> {
    const { client, tableName } = this.#options;
    const over = this.#keys.filter(({ facts }) => facts.isRevoked || facts.expiresAtMs < Date.now());
    const gone = over.filter(({ facts, sinceMs }) => !facts.exists && sinceMs < Date.now() - PRESENTED_AFTER_MS);
    for (const key of gone) this.#keys.splice(this.#keys.indexOf(key), 1);
    const oldest = over.find(({ facts }) => facts.exists);
    if (oldest === undefined) return false;
    const command = new DeleteCommand({ TableName: tableName, Key: { keyHash: hashSecret(oldest.secret) } });
    await oldest.change({ exists: false }, () => client.send(command));
    return true;
  }

  #draw(): { readonly drawn: IssuedKey; readonly facts: KeyFacts } {
    const random = Math.random();
    const isInScope = random > 0.2;
    const scopes = random > 0.5 ? undefined : [isInScope ? 'whoami' : 'other'];
    const expiresAtMs = random > 0.8 ? Date.now() + 500 + Math.floor(5000 * Math.random()) : Infinity;
    const expiresAt = expiresAtMs === Infinity ? undefined : new Date(expiresAtMs).toISOString();
    const drawn = this.#options.registry.prepare({ label: 'soak', scopes, expiresAt });
    return { drawn, facts: { ...ACTIVE, isInScope, expiresAtMs } };
  }

  #add({ secret, record }: IssuedKey, facts: KeyFacts): KeyModel {
    const key = new KeyModel({ secret, id: record.id }, facts);
    this.#keys.push(key);
    return key;
  }

  #any(isWanted: (facts: KeyFacts) => boolean): KeyModel | undefined {
    return anyOf(this.#keys.filter(({ facts }) => facts.exists && isWanted(facts)));
  }
}

const DELETION = ['deleted', (pool: KeyPool) => pool.deleteOldest()] as const;

const CHANGES: Readonly<Record<string, Change>> = {
  issued: (pool) => pool.issue(),
  revoked: (pool) => pool.revoke(),
  rotated: (pool) => pool.rotate(),
  disabled: (pool) => pool.disable(),
  enabled: (pool) => pool.enable(),
};

/** Not one that ends while it is being changed. */
function isActive({ isRevoked, isDisabled, expiresAtMs }: KeyFacts): boolean {
  return !isRevoked && !isDisabled && expiresAtMs > Date.now() + 1000;
}

/** One of them, or `undefined` of none. */
export function anyOf<T>(choices: readonly T[]): T | undefined {
  return choices[Math.floor(Math.random() * choices.length)];
}
