import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach } from '@jest/globals';
import { REGISTRY_TRANSLATION } from '../../keys/registry.ts';
import { answeringClient, failure, type Answer, type SentCall } from './answeringClient.ts';

export interface AnswersInOrder {
  readonly client: DynamoDBDocumentClient;
  /** The calls so far. */
  readonly sent: readonly SentCall[];
}

/** One for each client of the running test. */
const checks: (() => void)[] = [];

// A call without an answer may come out of the registry as the very failure that a test expects: this fails it all the same.
afterEach(() => {
  for (const check of checks.splice(0)) check();
});

/** A client whose calls have these answers, one after the other. A test that makes fewer calls, or more, fails. */
export function answersInOrder(...answers: readonly Answer[]): AnswersInOrder {
  const sent: SentCall[] = [];
  const client = answeringClient((call) => {
    sent.push(call);
    return answers[sent.length - 1] ?? failure('NoAnswerLeft');
  });
  checks.push(() => {
    if (sent.length === answers.length) return;
    const made = sent.map(({ operation }) => operation).join(', ');
    throw new Error(`${answers.length} answers for the ${sent.length} calls of a client: ${made}`);
  });
  return { client: DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION), sent };
}
