import type { KeyRecord } from '../keys/record.ts';
import { type AuthorizerOptions, KeyVerifier, readOptions } from '../lambda/verifier.ts';
import { createHandler, type Handler } from '../lambda/createHandler.ts';
import { Authenticator } from '../middleware/authenticate.ts';
import { MemoryLimits, type TestLimits } from './memoryLimits.ts';
import { MemoryLookup } from './memoryLookup.ts';

/** The settings of the deployment under test, and the records in its table. */
export interface TestAuthorizerOptions extends AuthorizerOptions {
  /**
   * The records in the table.
   *
   * @default []
   */
  readonly records?: readonly KeyRecord[];
  /**
   * Returns the current time in epoch milliseconds.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** The authorizer with an in-memory table. */
export interface TestAuthorizer {
  /** The Lambda function. Call it with an event, for example from `restRequestEvent`. */
  readonly handler: Handler;
  /** A verifier, the same as from `createKeyVerifier`. */
  readonly verifier: KeyVerifier;
  /** An authenticator, the same as from `createAuthenticator`. Pass it to the middleware of the app under test. */
  readonly authenticator: Authenticator;
  /**
   * The table of the handler, the verifier and the authenticator. Put records into it, count its reads and writes, or
   * make it unavailable.
   */
  readonly table: MemoryLookup;
  /** The table of limits. Count its writes, clear its counters, or make it unavailable. */
  readonly limits: TestLimits;
  /** The lines that the function has logged, in order. Metrics aren't included. */
  readonly log: readonly string[];
}

/**
 * Creates the authorizer that you deploy, with records and limits in memory instead of DynamoDB. The function, the
 * verifier and the authenticator have separate caches. Pass `recordCacheSeconds: 0` if a test must see a changed record
 * immediately. They share the limits of each plan with `enforce: 'authorizer'`.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, expected format, actual value
 */
export function createTestAuthorizer({
  records = [],
  now = Date.now,
  ...options
}: TestAuthorizerOptions = {}): TestAuthorizer {
  // Metrics would add lines to the log that tests read.
  const config = { ...readOptions({ tableName: 'in-memory', limitsTable: 'in-memory', ...options }), metrics: false };
  const lookup = new MemoryLookup(...records);
  const limitStore = new MemoryLimits();
  const shared = { config, lookup, limitStore, now };
  const log: string[] = [];
  return {
    handler: createHandler({
      ...shared,
      functionName: 'test',
      random: Math.random,
      writeLog: (line) => log.push(line),
    }),
    verifier: new KeyVerifier({ ...shared, onLastUsedWriteFailed: ignore }),
    authenticator: new Authenticator({
      ...shared,
      onLastUsedWriteFailed: ignore,
      onLimitUnchecked: ignore,
      onRefused: ignore,
    }),
    table: lookup,
    limits: limitStore,
    log,
  };
}

function ignore(): void {}
