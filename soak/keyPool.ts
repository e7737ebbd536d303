import { DeleteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { IssuedKey, KeyRegistry } from '../keys/registry.ts';
import { generateSecret, hashSecret, type KeySecret } from '../keys/secret.ts';
import { KeyModel, type KeyFacts } from './keyModel.ts';

/** The table of the pool. */
export interface KeyPoolOptions {
  /** A registry that bypasses the faults, so the outcome of each change is known. */
  readonly registry: KeyRegistry;
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

/** Makes a change. Returns `false` if the pool doesn't contain a suitable key. */
type Change = (pool: KeyPool) => Promise<boolean>;

const ACTIVE: KeyFacts = {
  exists: true,
  isRevoked: false,
  isDisabled: false,
  isInScope: true,
  expiresAtMs: Infinity,
};
/** Maximum number of keys. The pool deletes revoked and expired keys above this number. */
const MOST_KEYS = 100;
const FIRST_KEYS = 60;
const GRACE_SECONDS = 1;
/** The time for which the traffic still uses a deleted key, in milliseconds. */
const PRESENTED_AFTER_MS = 10_000;

/** The soak's existing and deleted keys, and the changes to them. */
export class KeyPool {
  /** The number of changes of each kind. */
  readonly changes = new Map<string, number>();
  readonly #options: KeyPoolOptions;
  readonly #keys: KeyModel[] = [];
  /** Secrets that were generated but never stored. */
  readonly #invented: KeySecret[] = Array.from({ length: 100 }, () => generateSecret('sk_'));

  constructor(options: KeyPoolOptions) {
    this.#options = options;
  }

  get keys(): readonly KeyModel[] {
    return this.#keys;
  }

  /** Returns a well-formed key that was never issued: one of a fixed set, or a new one. */
  inventedKey(): KeySecret {
    return (Math.random() < 0.5 ? pickOne(this.#invented) : undefined) ?? generateSecret('sk_');
  }

  /** Issues the first keys, before any traffic. */
  async fill(): Promise<void> {
    for (let at = 0; at < FIRST_KEYS; at++) {
      const { prepared, facts } = this.#prepare();
      await this.#options.registry.store(prepared);
      this.#add(prepared, facts);
    }
  }

  /** Makes one random change. */
  async changeOne(): Promise<void> {
    const isFull = this.#keys.length > MOST_KEYS;
    const [name, change] = (isFull ? undefined : pickOne(Object.entries(CHANGES))) ?? DELETION;
    if (await change(this)) this.changes.set(name, (this.changes.get(name) ?? 0) + 1);
  }

  /** Returns one line for each difference between the table and the expected records. */
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

  /**
   * Issues a key. The traffic uses it before it's stored, which detects a cached unknown hash that outlives its TTL.
   */
  async issue(): Promise<boolean> {
    const { prepared, facts } = this.#prepare();
    const key = this.#add(prepared, { ...facts, exists: false });
    await key.change({ exists: true }, () => this.#options.registry.store(prepared));
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

  /** Rotates a key. The old key works for one more second. */
  async rotate(): Promise<boolean> {
    const { registry } = this.#options;
    const key = this.#any((facts) => isActive(facts) && facts.expiresAtMs === Infinity);
    if (key === undefined) return false;
    const prepared = await registry.prepareRotation(key.id, { graceSeconds: GRACE_SECONDS });
    const successor = this.#add(prepared, { ...ACTIVE, isInScope: key.facts.isInScope, exists: false });
    const store = () => successor.change({ exists: true }, () => registry.storeRotation(prepared));
    await key.change({ expiresAtMs: Date.parse(prepared.previousEndsAt) }, store);
    return true;
  }

  /** Deletes a revoked or expired key, the same as the table's TTL without its delay. */
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

  #prepare(): { readonly prepared: IssuedKey; readonly facts: KeyFacts } {
    const random = Math.random();
    const isInScope = random > 0.2;
    const scopes = random > 0.5 ? undefined : [isInScope ? 'whoami' : 'other'];
    const expiresAtMs = random > 0.8 ? Date.now() + 500 + Math.floor(5000 * Math.random()) : Infinity;
    const expiresAt = expiresAtMs === Infinity ? undefined : new Date(expiresAtMs).toISOString();
    const prepared = this.#options.registry.prepare({ label: 'soak', scopes, expiresAt });
    return { prepared, facts: { ...ACTIVE, isInScope, expiresAtMs } };
  }

  #add({ secret, record }: IssuedKey, facts: KeyFacts): KeyModel {
    const key = new KeyModel({ secret, id: record.id }, facts);
    this.#keys.push(key);
    return key;
  }

  #any(isEligible: (facts: KeyFacts) => boolean): KeyModel | undefined {
    return pickOne(this.#keys.filter(({ facts }) => facts.exists && isEligible(facts)));
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

/** Returns whether a key is active and doesn't expire during the change. */
function isActive({ isRevoked, isDisabled, expiresAtMs }: KeyFacts): boolean {
  return !isRevoked && !isDisabled && expiresAtMs > Date.now() + 1000;
}

/** Returns a random choice, or `undefined` if the list is empty. */
export function pickOne<T>(choices: readonly T[]): T | undefined {
  return choices[Math.floor(Math.random() * choices.length)];
}
