/** The fields of a key's record that the stream's function reads. */
export interface StreamedKey {
  readonly id: string;
  readonly plan?: string;
}

let lastSequenceNumber = 0;

/** Returns a record of a DynamoDB stream: an insertion, a change, or a removal if `after` is absent. */
export function streamRecord(before: StreamedKey | undefined, after: StreamedKey | undefined) {
  return {
    eventID: 'c9fbe7d0261a5163fcb6940593e41797',
    eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    dynamodb: {
      ApproximateCreationDateTime: 1_907_755_200,
      Keys: { keyHash: { S: 'a'.repeat(64) } },
      ...(before === undefined ? {} : { OldImage: imageOf(before) }),
      ...(after === undefined ? {} : { NewImage: imageOf(after) }),
      SequenceNumber: String(++lastSequenceNumber).padStart(21, '0'),
      SizeBytes: 300,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN: 'arn:aws:dynamodb:us-east-1:123456789012:table/keys/stream/2030-06-15T12:00:00.000',
  };
}

function imageOf({ id, plan }: StreamedKey) {
  return {
    keyHash: { S: 'a'.repeat(64) },
    id: { S: id },
    label: { S: 'ci' },
    scopes: { L: [{ S: 'orders:read' }] },
    ...(plan === undefined ? {} : { plan: { S: plan } }),
  };
}
