import { LatchkeyError } from '../../keys/errors.ts';
import { isKeyId } from '../../keys/keyId.ts';

/** What a write to the table means for the key's API key at API Gateway. */
export interface PlanChange {
  readonly keyId: string;
  /** The plan that the key is on from now on; `undefined` where it is on none, or is gone. */
  readonly plan: string | undefined;
  /** Whether the key was only just put into the table, so that nothing can stand for it yet. */
  readonly isNew: boolean;
}

/**
 * Reads a record of the table's stream; `undefined` where the key's plan stays as it was, as a last-used write leaves it.
 *
 * @throws LatchkeyError `RECORD_CORRUPT` for a key on a plan without a readable id
 */
export function planChangeOf(streamRecord: unknown): PlanChange | undefined {
  const { NewImage: after, OldImage: before } = fieldsOf(fieldsOf(streamRecord)['dynamodb']);
  const plan = textOf(after, 'plan');
  if (plan === textOf(before, 'plan')) return undefined;
  const keyId = textOf(after ?? before, 'id');
  if (!isKeyId(keyId)) throw new LatchkeyError('RECORD_CORRUPT', 'a key that is on a plan has an unreadable id');
  return { keyId, plan, isNew: before === undefined };
}

/** What the stream is told of again where a record fails. */
export function sequenceNumberOf(streamRecord: unknown): string {
  const { SequenceNumber } = fieldsOf(fieldsOf(streamRecord)['dynamodb']);
  return typeof SequenceNumber === 'string' ? SequenceNumber : '';
}

/**
 * When the key was written, in epoch milliseconds, to about a second; `undefined` where the record does not tell. AWS gives seconds
 * ("StreamRecord").
 */
export function writtenAtOf(streamRecord: unknown): number | undefined {
  const { ApproximateCreationDateTime: seconds } = fieldsOf(fieldsOf(streamRecord)['dynamodb']);
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}

/** The attribute of an image, in DynamoDB's own form, where it is a text. */
function textOf(image: unknown, attribute: string): string | undefined {
  const { S } = fieldsOf(fieldsOf(image)[attribute]);
  return typeof S === 'string' ? S : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
