import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach } from '@jest/globals';
import { REGISTRY_TRANSLATION } from '../../keys/registry.ts';
import { answeringClient, failure, type Answer, type SentCall } from './answeringClient.ts';

/** A client with prepared responses. */
export interface AnswersInOrder {
  readonly client: DynamoDBDocumentClient;
  /** The calls so far. */
  readonly sent: readonly SentCall[];
}

/** One check for each client of the running test. */
const checks: (() => void)[] = [];

// A call without a prepared response could look like an expected failure without this check.
afterEach(() => {
  for (const check of checks.splice(0)) check();
});

/** Returns a client whose calls get these responses in order. The test fails if it makes more or fewer calls. */
export function answersInOrder(...answers: readonly Answer[]): AnswersInOrder {
  const sent: SentCall[] = [];
  const client = answeringClient((call) => {
    sent.push(call);
    return answers[sent.length - 1] ?? failure('NoAnswerLeft');
  });
  checks.push(() => {
    if (sent.length === answers.length) return;
    const made = sent.map(({ operation }) => operation).join(', ');
    throw new Error(`expected ${answers.length} calls of a client, got ${sent.length}: ${made}`);
  });
  return { client: DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION), sent };
}
