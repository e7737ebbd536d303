import { LimitStore } from '../keys/limitStore.ts';
import { KeyReader } from '../keys/reader.ts';
import { createClient, type ClientOptions, onConnectionsOf, type OrUndefined } from './client.ts';
import type { Config } from './config.ts';

/** The tables that decisions depend on. */
export interface Stores {
  readonly lookup: KeyReader;
  /** The store of limits, or `undefined` if no plan is enforced outside API Gateway. */
  readonly limitStore: LimitStore | undefined;
}

/** Opens the tables of a verifier. Both use the same connections, unless the options have a client of their own. */
export function openStores(options: OrUndefined<ClientOptions>, { tableName, plans, limitsTable }: Config): Stores {
  const client = createClient(options);
  const lookup = new KeyReader({ client, tableName });
  if (plans?.hasLimits !== true || limitsTable === undefined) return { lookup, limitStore: undefined };
  const limitsClient = createClient(options, onConnectionsOf(client));
  return { lookup, limitStore: new LimitStore({ client: limitsClient, tableName: limitsTable }) };
}
