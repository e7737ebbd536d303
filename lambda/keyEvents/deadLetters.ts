import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** A message in the dead-letter queue: a record of the stream whose event could not be sent. It has no values of it. */
export interface DeadLetter {
  /** The stream's id of the record, if it has one. */
  readonly eventId?: string | undefined;
  /** The id of the key, if it's readable. */
  readonly keyId?: string | undefined;
  /** The sequence number of the record. You can read the record with it for 24 hours. */
  readonly sequenceNumber: string;
  /** The code of the error: Latchkey's own, or EventBridge's. */
  readonly code: string;
  /** The detail type of the event, if there is one. */
  readonly type?: string | undefined;
}

export interface DeadLetterDeps {
  readonly client: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
}

/** Maximum number of messages in one call ("SendMessageBatch", Amazon SQS API Reference). */
const MAX_MESSAGES = 10;

/**
 * Sends messages to the dead-letter queue.
 *
 * @throws an error with the code as its name if the queue doesn't accept one of them; errors of the SDK
 */
export async function bury(letters: readonly DeadLetter[], { client, queueUrl }: DeadLetterDeps): Promise<void> {
  for (let at = 0; at < letters.length; at += MAX_MESSAGES) {
    const Entries = letters
      .slice(at, at + MAX_MESSAGES)
      .map((letter, index) => ({ Id: String(index), MessageBody: JSON.stringify(letter) }));
    const { Failed: [failed] = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    if (failed !== undefined) {
      throw Object.assign(new Error('messages were not sent'), { name: failed.Code ?? 'SendFailed' });
    }
  }
}
