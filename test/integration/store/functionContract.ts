import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { logLines, type Outcome, type RunningFunction } from '../../support/bundledFunction.ts';
import { ACTIVE, bearing, CORRUPT, FUNCTION_CASES, RECORDS, REVOKED, UNKNOWN } from '../../support/functionCases.ts';
import { restRequestEvent } from '../../../testing/authorizerEvents.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { tracesOf } from '../../support/traces.ts';

/** Describes the bundle on every runtime. `start` gets DynamoDB's endpoint. */
export function describeFunction(name: string, start: (endpoint: string) => Promise<RunningFunction>): void {
  describe(name, () => {
    let table: FunctionTable;
    let bundle: RunningFunction;
    beforeAll(async () => {
      table = await startFunctionTable(...RECORDS);
      bundle = await start(table.endpoint);
    }, 30_000);
    afterAll(async () => {
      await bundle?.stop();
      await table?.stop();
    });

    test.each(FUNCTION_CASES)('$name', async ({ event, outcome }) => {
      expect(toldBy(await bundle.invoke(event))).toEqual(outcome);
    });

    test('writes only the last use of the active key', async () => {
      const lastUsedAt = await table.lastUsedAt(ACTIVE.record);
      expect(Date.parse(String(lastUsedAt))).toBeLessThanOrEqual(Date.now());
      for (let uses = 0; uses < 10; uses++) await bundle.invoke(restRequestEvent(bearing(ACTIVE.secret)));
      expect(await table.lastUsedAt(ACTIVE.record)).toBe(lastUsedAt);
      const used = (await table.items()).filter((item) => item['lastUsedAt'] !== undefined);
      expect(used).toEqual([{ ...ACTIVE.record, lastUsedAt }]);
    });

    test('logs only the codes of denials and faults', async () => {
      await bundle.stop();
      const logged = FUNCTION_CASES.flatMap(({ logged }) => logged ?? []);
      expect(logLines(bundle.output()).map(({ code }) => code)).toEqual(logged);
    });

    test('never prints a part of a key to the output of its process', async () => {
      const secrets = [
        ...RECORDS.map(({ keyHash }) => keyHash),
        ACTIVE.secret,
        REVOKED.secret,
        CORRUPT.secret,
        UNKNOWN,
      ];
      expect(bundle.output()).toContain(CORRUPT.record.id);
      expect(tracesOf(secrets, bundle.output())).toEqual([]);
    });
  });
}

function toldBy(outcome: Outcome): object {
  if ('answer' in outcome) return outcome;
  const { errorType, errorMessage } = outcome;
  return { errorType, errorMessage };
}
