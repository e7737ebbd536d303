import assert from 'node:assert/strict';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { createSignedGetItem } from '../cold/signedAuthorizer.ts';
import { eventWith, functionEnvironment, importFunction, usedKey } from '../deployedFunction.ts';
import { cpuMicroseconds, interleave, type BenchCase } from '../harness.ts';
import type { Group } from '../report.ts';
import { startStore } from '../store.ts';

const TABLE = functionEnvironment('')['LATCHKEY_TABLE'] ?? '';
const READS_PER_ROUND = 300;
const SIGNED = 'GetItem signed by hand';

/**
 * Measures the CPU time of reads, and of whole requests that read. The store is in another process and responds
 * immediately.
 */
export async function readGroup(rounds: number): Promise<Group> {
  const { secret, record } = usedKey();
  const store = await startStore([record]);
  try {
    const handler = await importFunction(store.endpoint, { LATCHKEY_RECORD_CACHE_SECONDS: '0' });
    const getItem = createSignedGetItem(store.endpoint, TABLE);
    // The SDK's own client and the naive authorizer use the environment variables that importFunction sets.
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient());
    const input = { TableName: TABLE, Key: { keyHash: record.keyHash } };
    const naive = await import('../cold/naiveAuthorizer.ts');
    const methodArn = 'arn:aws:execute-api:us-east-1:1:a/s/GET/';
    const naiveEvent = { methodArn, headers: { authorization: `Bearer ${secret}` } };
    const event = eventWith(secret);
    const getCommand = async () => (await documents.send(new GetCommand(input))).Item?.['id'];
    const findIds = {
      [SIGNED]: async () => signedId(await getItem(record.keyHash)),
      'GetCommand, DocumentClient': getCommand,
      'request to the deployed file, a read': async () => principalId(await handler(event)),
      'request to the naive authorizer, a read and a write': async () => principalId(await naive.handler(naiveEvent)),
    };
    const cases = Object.entries(findIds).map(([name, findId]) => readCase(name, record.id, findId));
    return { title: 'CPU time of a read', unit: 'µs', base: SIGNED, rounds: await interleave(cases, rounds) };
  } finally {
    store.stop();
  }
}

function signedId(item: unknown): unknown {
  return (item as { id?: { S?: string } } | undefined)?.id?.S;
}

function principalId(answer: object): unknown {
  return 'principalId' in answer ? answer.principalId : undefined;
}

function readCase(name: string, expectedId: string, findId: () => Promise<unknown>): BenchCase {
  const readMany = async (count: number) => {
    for (let read = 0; read < count; read++) assert.equal(await findId(), expectedId, name);
  };
  return {
    name,
    check: () => readMany(3 * READS_PER_ROUND),
    measure: async () => (await cpuMicroseconds(() => readMany(READS_PER_ROUND))) / READS_PER_ROUND,
  };
}
