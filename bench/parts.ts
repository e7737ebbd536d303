import { gateway } from './gateway/gateway.ts';
import { peers } from './peers/peers.ts';
import type { Measured } from './results.ts';
import { store } from './store/store.ts';

/** How a part is run. */
export interface PartOptions {
  readonly rounds: number;
  /** The Node binary that what a part starts runs on; the part itself runs on it too. */
  readonly node: string;
}

/** What can be run by itself. */
export interface Part {
  readonly measure: (options: PartOptions) => Promise<Measured>;
  /** Unless `--rounds` is given. */
  readonly rounds: number;
  /** Whose versions matter to it; a peer that is not installed is left out. */
  readonly packages: readonly string[];
  readonly peers?: readonly string[];
}

const SDK = ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb'];

/** In the order in which a whole run takes them. */
export const PARTS = {
  store: { measure: store, rounds: 15, packages: SDK },
  peers: {
    measure: peers,
    rounds: 21,
    packages: [],
    peers: ['aws-jwt-verify', 'jose', 'better-auth', '@better-auth/api-key', 'prefixed-api-key', 'bcryptjs'],
  },
  gateway: { measure: gateway, rounds: 9, packages: ['dynalite'] },
} as const satisfies Record<string, Part>;

/** The name of a part. */
export type PartName = keyof typeof PARTS;

/** Whether a part is called so. */
export function isPartName(name: string): name is PartName {
  return Object.hasOwn(PARTS, name);
}
