import { randomUUID } from 'node:crypto';
import { NO_WAIT } from './noWait.ts';
import type { RetryOptions } from '../../keys/dynamodb.ts';
import { LimitStore } from '../../keys/limitStore.ts';
import { createLimitsTableInput } from '../../keys/limits.ts';
import { KeyRegistry } from '../../keys/registry.ts';
import { createManagement, type ManagementDeps } from '../../management/function/createManagement.ts';
import { RequestLog } from '../../management/function/requestLog.ts';
import { readManagementSettings } from '../../management/function/settings.ts';
import type { Engine } from './engine.ts';
import { type ManagementAnswer, managementEvent, type ManagementRequest, toAnswer } from './managementCall.ts';
import { type ManagementTables, openManagementTables } from './managementTables.ts';
import { lookupOn } from '../integration/store/tableUnderTest.ts';

/** The identity of a caller, as an authorizer of API Gateway vouches for it. */
export type Identity =
  | { readonly arn: string }
  | { readonly claims: Readonly<Record<string, unknown>> }
  /** A request that no authorizer has seen. */
  | 'nobody';

/** The function with its tables. */
export interface ManagementUnderTest extends ManagementTables {
  readonly call: (as: Identity, request: ManagementRequest) => Promise<ManagementAnswer>;
  /** The lines of the log. */
  readonly lines: string[];
  readonly limitsTable: string;
}

export interface ManagementOptions {
  /** The value of `LATCHKEY_MANAGEMENT`. */
  readonly management?: object;
  /** Other variables of the function, such as the authorizer's. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly retryOptions?: RetryOptions;
  /** Replaces stores, for example to make them fail. */
  readonly replace?: (deps: ManagementDeps) => Partial<ManagementDeps>;
}

let opened = 0;

/** Creates the function on empty tables of an engine. */
export async function openManagement(
  engine: Engine,
  {
    management = { owners: {} },
    environment = {},
    retryOptions = NO_WAIT,
    replace = () => ({}),
  }: ManagementOptions = {},
): Promise<ManagementUnderTest> {
  const tables = await openManagementTables(engine);
  const { clock, client, keysTable, stateTable, state } = tables;
  const limitsTable = `limits-${++opened}`;
  await engine.createTable(limitsTable, createLimitsTableInput);
  const now = () => clock.nowMs;
  const lines: string[] = [];
  const settings = readManagementSettings({
    LATCHKEY_TABLE: keysTable,
    LATCHKEY_STATE_TABLE: stateTable,
    LATCHKEY_LIMITS_TABLE: limitsTable,
    ...environment,
    LATCHKEY_MANAGEMENT: JSON.stringify(management),
  });
  const deps: ManagementDeps = {
    settings,
    log: new RequestLog({ write: (line) => lines.push(line), now }),
    store: state,
    registryFor: (actor) => new KeyRegistry({ client, tableName: keysTable, actor, now, retryOptions }),
    lookup: lookupOn(client, keysTable),
    limitStore: new LimitStore({ client, tableName: limitsTable, timeoutMs: 30_000 }),
    retryOptions,
    now,
    randomId: randomUUID,
  };
  const handle = createManagement({ ...deps, ...replace(deps) });
  return {
    ...tables,
    lines,
    limitsTable,
    call: async (as, request) => toAnswer(await handle(managementEvent(request, authorizerOf(as)))),
  };
}

function authorizerOf(as: Identity): object | undefined {
  if (as === 'nobody') return undefined;
  if ('claims' in as) return { jwt: { claims: as.claims, scopes: null } };
  return { iam: { userArn: as.arn, accountId: '111122223333', accessKey: 'AKIA', callerId: 'AIDA', userId: 'AIDA' } };
}
