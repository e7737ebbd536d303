import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serialiseRecord, type KeyRecord } from '../../../keys/record.ts';
import { AMBIGUOUS_ARN_ENDS } from '../../../lambda/routes.ts';
import type { Outcome, RunningFunction } from '../../support/bundledFunction.ts';
import { closedEndpoint } from '../../support/engine.ts';
import { FunctionPool } from '../../support/functionPool.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { type Column, COLUMNS, NOT_CARRIED } from '../../support/responseColumns.ts';
import { readMatrix, ROWS, SCOPES, type Presented } from '../../support/responseMatrix.ts';

const SETTINGS = { LATCHKEY_SCOPES: JSON.stringify(SCOPES) };

const { heads, rows } = readMatrix('test/integration/store/responses.test.ts');

test('the test has the same rows and columns as docs/responses.md', () => {
  expect(heads).toEqual(Object.keys(COLUMNS));
  expect([...rows.keys()]).toEqual(Object.keys(ROWS));
});

const functions = new FunctionPool();
let table: FunctionTable;
let down: string;
beforeAll(async () => {
  table = await startFunctionTable();
  down = await closedEndpoint();
});
afterAll(async () => {
  await functions.stop();
  await table.stop();
});

function functionOf({ runs }: Presented, { isSimple }: Column): Promise<RunningFunction> {
  return functions.get(runs === 'down' ? down : table.endpoint, {
    ...SETTINGS,
    ...(isSimple ? { LATCHKEY_HTTP_API_RESPONSE: 'simple' } : {}),
    ...(runs === 'external' ? { LATCHKEY_EXTERNAL_KEYS: 'true' } : {}),
  });
}

describe.each(Object.entries(COLUMNS))('the response to %s', (head, column) => {
  const cells = [...rows].map(([presented, answers]) => [presented, answers[heads.indexOf(head)] ?? ''] as const);

  test.each(cells.filter(([, expected]) => expected !== NOT_CARRIED))(
    'matches docs/responses.md for %s: %s',
    async (presented, expected) => {
      const row = ROWS[presented] ?? { carried: {} };
      if (row.record !== undefined) await table.put(row.record);
      const { invoke } = await functionOf(row, column);
      expect(told(await invoke(column.makeEvent(row.carried)), row.record, column)).toBe(expected);
    },
  );
});

/** Checks the response, and returns it in the words of the page. */
function told(outcome: Outcome, record: KeyRecord | undefined, column: Column): string {
  if (!('answer' in outcome)) return toldError(outcome.errorMessage, outcome.inspected);
  const answer = outcome.answer as PolicyAnswer & SimpleAnswer;
  if (answer.policyDocument === undefined) return toldSimple(answer, record);
  const [{ Effect, Resource } = { Effect: '', Resource: '' }, denied] = answer.policyDocument.Statement;
  const stageArn = `arn:aws:execute-api:us-east-1:123456789012:abcdef1234/${column.stage}`;
  const { errorCode, errorMessage, ...context } = answer.context;
  expect(answer.principalId).toBe(errorCode === 'INVALID_KEY' ? 'anonymous' : record?.id);
  if (errorCode === undefined) {
    expect({ Resource, context }).toEqual({ Resource: `${stageArn}/*`, context: contextOf(record) });
    return Effect;
  }
  expect(errorMessage).toMatch(/^[A-Z].+\.$/);
  if (Effect === 'Deny') {
    expect(Resource).toBe(`${stageArn}/*`);
    return `Deny ${errorCode}`;
  }
  const own = (record?.scopes ?? []).flatMap((scope) => column.ends[scope as keyof typeof SCOPES] ?? []);
  expect({ errorCode, context }).toEqual({ errorCode: 'INSUFFICIENT_SCOPE', context: contextOf(record) });
  expect([Resource].flat()).toEqual(own.map((end) => `${stageArn}/${end}`));
  const ambiguous = { Effect: 'Deny', Resource: AMBIGUOUS_ARN_ENDS.map((end) => `${stageArn}/${end}`) };
  if (own.some((end) => end.includes('*'))) expect(denied).toMatchObject(ambiguous);
  else expect(denied).toBeUndefined();
  return 'Allow own routes';
}

function toldSimple(answer: SimpleAnswer, record: KeyRecord | undefined): string {
  const { isAuthorized, context, resolverContext, handlerContext } = answer;
  const { errorCode, errorMessage, ...rest } = context ?? resolverContext ?? handlerContext ?? {};
  expect(rest).toEqual(isAuthorized ? contextOf(record) : {});
  if (isAuthorized) return 'true';
  expect(errorMessage).toMatch(/^[A-Z].+\.$/);
  return `false ${errorCode}`;
}

function toldError(message: string, inspected: string): string {
  if (message === 'Unauthorized') return 'Unauthorized';
  return `throw ${/code: '([A-Z_]+)'/.exec(inspected)?.[1]}`;
}

function contextOf(record: KeyRecord | undefined): object {
  const { id, label, keyPrefix, scopes } = serialiseRecord(record ?? ({} as KeyRecord)) as Partial<KeyRecord>;
  return { keyId: id, label, keyPrefix, ...(scopes === undefined ? {} : { scopes: scopes.join(' ') }) };
}

interface PolicyAnswer {
  readonly principalId: string;
  readonly policyDocument?: {
    readonly Statement: readonly { readonly Effect: string; readonly Resource: string | string[] }[];
  };
  readonly context: Readonly<Record<string, string>>;
}

interface SimpleAnswer {
  readonly isAuthorized?: boolean;
  readonly context?: Readonly<Record<string, string>>;
  readonly resolverContext?: Readonly<Record<string, string>>;
  readonly handlerContext?: Readonly<Record<string, string>>;
}
