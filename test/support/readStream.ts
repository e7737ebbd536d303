/** Returns all records of a table's stream in an emulator, oldest first. Lambda gets the same records. */
export async function readStream(endpoint: string, StreamArn: string): Promise<readonly unknown[]> {
  const send = async (operation: string, body: object): Promise<unknown> => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
        authorization: 'AWS4-HMAC-SHA256 Credential=local/20300615/us-east-1/dynamodb/aws4_request, Signature=0',
      },
      body: JSON.stringify(body),
    });
    // Parses here, because Jest gives `json()` the prototypes of another realm.
    return JSON.parse(await response.text());
  };
  const { StreamDescription } = (await send('DescribeStream', { StreamArn })) as {
    StreamDescription: { Shards: readonly { ShardId: string }[] };
  };
  const ShardId = StreamDescription.Shards[0]?.ShardId;
  const from = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
  const { ShardIterator } = (await send('GetShardIterator', from)) as { ShardIterator: string };
  const { Records } = (await send('GetRecords', { ShardIterator })) as { Records: readonly unknown[] };
  return Records;
}
