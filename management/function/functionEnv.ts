import type { ManagementEnv } from '../caller.ts';
import type { GatewayContext } from './httpEvent.ts';

/** The environment of a request in the function: what API Gateway vouches for, and the caller. */
export interface FunctionEnv extends ManagementEnv {
  readonly Bindings: { readonly gateway: GatewayContext };
}
