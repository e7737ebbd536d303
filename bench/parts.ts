import { coldStart } from './cold/coldStart.ts';
import { costPart } from './costPart.ts';
import { gateway } from './gateway/gateway.ts';
import type { PartOptions } from './partOptions.ts';
import { peers } from './peers/peers.ts';
import type { Measured } from './results.ts';
import { store } from './store/store.ts';
import { maps } from './warm/maps.ts';
import { warmPath } from './warm/warmPath.ts';

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
  cold: { measure: coldStart, rounds: 15, packages: [...SDK, 'esbuild'] },
  warm: { measure: warm, rounds: 31, packages: [] },
  maps: { measure: floodedMaps, rounds: 9, packages: [], peers: ['lru-cache'] },
  store: { measure: store, rounds: 15, packages: SDK },
  peers: {
    measure: peers,
    rounds: 21,
    packages: [],
    peers: ['aws-jwt-verify', 'jose', 'better-auth', '@better-auth/api-key', 'prefixed-api-key', 'bcryptjs'],
  },
  cost: { measure: costPart, rounds: 9, packages: [] },
  gateway: { measure: gateway, rounds: 9, packages: ['dynalite'] },
} as const satisfies Record<string, Part>;

/** The name of a part. */
export type PartName = keyof typeof PARTS;

/** Whether a part is called so. */
export function isPartName(name: string): name is PartName {
  return Object.hasOwn(PARTS, name);
}

async function warm({ rounds }: PartOptions): Promise<Measured> {
  return { groups: { requests: { unit: 'ns', rounds: await warmPath({ rounds }) } } };
}

async function floodedMaps({ rounds }: PartOptions): Promise<Measured> {
  const { nanoseconds, retainedMegabytes, leftOut } = await maps({ rounds });
  return {
    groups: {
      operations: { unit: 'ns', rounds: nanoseconds },
      retained: { unit: 'MB', rounds: retainedMegabytes },
    },
    leftOut: Object.fromEntries(leftOut.map((line) => line.split(/: (.*)/, 2))),
  };
}
