import { marshall } from '@aws-sdk/util-dynamodb';
import { NOW_MS } from './keys.ts';

/** Fields of a stream's record that a test sets. */
export interface StreamFields {
  readonly eventID?: string;
  /** The time of the write in epoch milliseconds. The stream has whole seconds. */
  readonly writtenAtMs?: number;
  readonly sequence?: number;
  readonly isByTtl?: boolean;
}

/** The ARN of the table in the records. */
export const TABLE_ARN = 'arn:aws:dynamodb:us-east-1:123456789012:table/keys';

/** Who deletes an item after its TTL ("DynamoDB Streams and Time to Live", Amazon DynamoDB Developer Guide). */
const TTL_IDENTITY = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

/**
 * Returns a record of the stream in the shape that Lambda gets ("Using AWS Lambda with Amazon DynamoDB"): an insertion,
 * a change, or a removal.
 */
export function keyStreamRecord(before: object | undefined, after: object | undefined, fields: StreamFields = {}) {
  const { eventID = 'c9fbe7d0261a5163fcb6940593e41797', writtenAtMs = NOW_MS, sequence = 1, isByTtl = false } = fields;
  return {
    eventID,
    eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    ...(isByTtl && { userIdentity: TTL_IDENTITY }),
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(writtenAtMs / 1000),
      Keys: { keyHash: { S: String(Object(after ?? before).keyHash) } },
      ...(before === undefined ? {} : { OldImage: imageOf(before) }),
      ...(after === undefined ? {} : { NewImage: imageOf(after) }),
      SequenceNumber: String(sequence).padStart(21, '0'),
      SizeBytes: 300,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN: `${TABLE_ARN}/stream/2030-06-15T12:00:00.000`,
  };
}

function imageOf(item: object) {
  return JSON.parse(JSON.stringify(marshall(item, { removeUndefinedValues: true, allowImpreciseNumbers: true })));
}
