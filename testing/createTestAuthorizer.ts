import type { KeyRecord } from '../keys/record.ts';
import { type AuthorizerOptions, KeyVerifier, readOptions } from '../lambda/verifier.ts';
import { createHandler, type Handler } from '../lambda/createHandler.ts';
import { MemoryLookup } from './memoryLookup.ts';

/** The settings of the deployment under test, and what its table holds. */
export interface TestAuthorizerOptions extends AuthorizerOptions {
  /**
   * What the table holds.
   *
   * @default []
   */
  readonly records?: readonly KeyRecord[];
  /**
   * The time, in epoch milliseconds.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** The authorizer with a table in memory. */
export interface TestAuthorizer {
  /** The function, for events such as `restRequestEvent` makes. */
  readonly handler: Handler;
  /** Decides on a key itself, as what `createKeyVerifier` makes does. */
  readonly verifier: KeyVerifier;
  /** What both read and write: put records into it, count its reads and writes, or take it down. */
  readonly table: MemoryLookup;
  /** The lines that the function has logged, in order. */
  readonly log: readonly string[];
}

/**
 * The decision itself, run against records in memory: the function that is deployed, without DynamoDB. The function and the
 * verifier have caches of their own; with `recordCacheSeconds: 0` a change of a record counts at once.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, value got, value wanted
 */
export function createTestAuthorizer({
  records = [],
  now = Date.now,
  ...options
}: TestAuthorizerOptions = {}): TestAuthorizer {
  // The log is read by tests: lines of metrics would be in their way.
  const config = { ...readOptions({ tableName: 'in-memory', ...options }), metrics: false };
  const lookup = new MemoryLookup(...records);
  const log: string[] = [];
  return {
    handler: createHandler({
      config,
      functionName: 'test',
      lookup,
      now,
      random: Math.random,
      writeLog: (line) => log.push(line),
    }),
    verifier: new KeyVerifier({ config, lookup, now, onLastUsedWriteFailed: () => {} }),
    table: lookup,
    log,
  };
}
