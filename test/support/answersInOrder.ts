import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { REGISTRY_TRANSLATION } from '../../keys/registry.ts';
import { answeringClient, failure, type Answer, type SentCall } from './answeringClient.ts';

export interface AnswersInOrder {
  readonly client: DynamoDBDocumentClient;
  /** The calls so far. */
  readonly sent: readonly SentCall[];
}

/** A client whose calls have these answers, one after the other. */
export function answersInOrder(...answers: readonly Answer[]): AnswersInOrder {
  const left = [...answers];
  const sent: SentCall[] = [];
  const client = answeringClient((_, call) => {
    sent.push(call);
    return left.shift() ?? failure('NoAnswerLeft');
  });
  return { client: DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION), sent };
}
