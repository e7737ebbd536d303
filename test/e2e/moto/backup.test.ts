import { gunzipSync } from 'node:zlib';
import {
  DescribeExportCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ExportTableToPointInTimeCommand,
  PutItemCommand,
  RestoreTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TTL_ATTRIBUTE } from '../../../keys/table.ts';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { startMoto, type Engine } from '../../support/engine.ts';
import { fullItem, makeKey } from '../../support/keys.ts';
import { Tables, type Table } from '../../integration/store/tableUnderTest.ts';

let engine: Engine;
let tables: Tables;
beforeAll(async () => {
  engine = await startMoto();
  tables = new Tables(engine);
}, 60_000);
afterAll(async () => {
  tables?.close();
  await engine?.stop();
});

/** Creates a table with the settings of `ApiKeyTable`, one key with all attributes and two with only the required ones. */
async function openBackedUp(): Promise<{ table: Table; arn: string }> {
  const table = await tables.open();
  const { client, tableName: TableName } = table;
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  await client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
  const TimeToLiveSpecification = { AttributeName: TTL_ATTRIBUTE, Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  // The command uses the machine's clock, and an import rejects a last use in the future.
  await table.put({ ...fullItem(), lastUsedAt: '2026-01-31T12:00:00.000Z' });
  for (const id of ['deleted', 'revoked']) await table.put({ ...makeKey({ id }).record });
  const { Table: described } = await client.send(new DescribeTableCommand({ TableName }));
  return { table, arn: described?.TableArn ?? '' };
}

describe('a table restored to a point in time', () => {
  let source: Table;
  let restored: string;
  beforeAll(async () => {
    ({ table: source } = await openBackedUp());
    restored = `${source.tableName}-restored`;
    await source.client.send(
      new RestoreTableToPointInTimeCommand({
        SourceTableName: source.tableName,
        TargetTableName: restored,
        UseLatestRestorableTime: true,
      }),
    );
  });

  const latchkey = (args: readonly string[], stdin?: string) =>
    runCli(args, {
      env: { ...LOCAL_AWS, USER: 'alice', AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint },
      ...(stdin === undefined ? {} : { stdin }),
    });

  test('contains all records in both indexes', async () => {
    const { exitCode, stdout } = await latchkey(['list', '--table', restored, '--json', '--all']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).records).toHaveLength(3);
    const shown = await latchkey(['show', 'revoked', '--table', restored, '--json']);
    expect(JSON.parse(shown.stdout).record).toMatchObject({ id: 'revoked' });
    const owned = await latchkey(['list', '--table', restored, '--owner', 'acme', '--json']);
    expect(JSON.parse(owned.stdout).records).toHaveLength(1);
  });

  test('starts with TTL turned off', async () => {
    const { TimeToLiveDescription } = await source.client.send(new DescribeTimeToLiveCommand({ TableName: restored }));
    expect(TimeToLiveDescription?.TimeToLiveStatus).toBe('DISABLED');
  });

  test('lets import restore deleted keys without undoing a revocation', async () => {
    const { keyHash } = await source.registry.get('deleted');
    await source.remove(keyHash);
    await source.registry.revoke('revoked');
    const before = await source.items();
    const { stdout } = await latchkey(['export', '--table', restored]);
    const run = await latchkey(['import', '-', '--table', source.tableName, '--json'], stdout);
    expect(JSON.parse(run.stdout)).toMatchObject({ imported: ['deleted'], skipped: 2, rejected: [] });
    const after = await source.items();
    expect(after).toHaveLength(before.length + 1);
    expect(after).toEqual(expect.arrayContaining([...before]));
  });
});

/** Any signature works. moto returns objects only to signed requests, but doesn't verify the signature. */
const SIGNED = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20300101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
};

test('a table can be restored from the lines of an export to S3', async () => {
  const { table, arn } = await openBackedUp();
  const bucket = `${engine.endpoint}/exports`;
  await fetch(bucket, { method: 'PUT' });
  const { ExportDescription } = await table.client.send(
    new ExportTableToPointInTimeCommand({ TableArn: arn, S3Bucket: 'exports', S3Prefix: 'keys' }),
  );
  const ExportArn = ExportDescription?.ExportArn;
  let status = ExportDescription?.ExportStatus;
  while (status === 'IN_PROGRESS') {
    const { ExportDescription: described } = await table.client.send(new DescribeExportCommand({ ExportArn }));
    status = described?.ExportStatus;
  }
  expect(status).toBe('COMPLETED');
  const listing = await (await fetch(`${bucket}?list-type=2`)).text();
  const [, key = ''] = /<Key>(.*?\.gz)<\/Key>/.exec(listing) ?? [];
  const file = Buffer.from(await (await fetch(`${bucket}/${key}`, { headers: SIGNED })).arrayBuffer());
  const lines = gunzipSync(file).toString().trimEnd().split('\n');
  const copy = await tables.open();
  for (const line of lines) {
    await copy.client.send(new PutItemCommand({ TableName: copy.tableName, Item: JSON.parse(line).Item }));
  }
  const { records, corrupt } = await copy.registry.list();
  expect({ count: records.length, corrupt }).toEqual({ count: 3, corrupt: [] });
  expect(await copy.items()).toEqual(expect.arrayContaining([...(await table.items())]));
});
