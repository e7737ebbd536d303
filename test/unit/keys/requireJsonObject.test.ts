import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { requireJsonObject } from '../../../keys/dynamodb.ts';
import { answeringClient, failure, type Answer } from '../../support/answeringClient.ts';

/** What a read says that asks for an object, and is answered so. */
async function read(answer: Answer): Promise<unknown> {
  const command = new GetItemCommand({ TableName: 'keys', Key: { keyHash: { S: 'a' } } });
  requireJsonObject(command);
  const { Item } = await answeringClient(() => answer).send(command);
  return Item;
}

const ITEM = { Item: { keyHash: { S: 'a' } } };
const TEXT = JSON.stringify(ITEM);

describe('requireJsonObject', () => {
  test.each<[string, unknown, unknown]>([
    ['an object', ITEM, { keyHash: { S: 'a' } }],
    ['an object after white space', ` \r\n\t${TEXT}`, { keyHash: { S: 'a' } }],
    ['an object with nothing in it', '{}', undefined],
  ])('lets %s through', async (_, body, item) => {
    expect(await read({ body })).toEqual(item);
  });

  test.each([
    ['nothing', ''],
    ['white space', '  '],
    ['null', 'null'],
    ['a list', '[]'],
    ['a list with an object in it', `[${TEXT}]`],
    ['a list with an object in it, after white space', ` [${TEXT}]`],
    ['a text with an object in it', JSON.stringify(TEXT)],
    ['a number', '7'],
    ['a page', '<html>{}</html>'],
  ])('fails on %s', async (_, body) => {
    await expect(read({ body })).rejects.toMatchObject({ name: 'UnreadableAnswer' });
  });

  test.each([201, 204, 206, 299])('fails on an object under the status %i', async (statusCode) => {
    await expect(read({ statusCode, body: ITEM })).rejects.toMatchObject({ name: 'UnreadableAnswer' });
  });

  test.each([300, 400, 500])('leaves an error under the status %i to the SDK', async (statusCode) => {
    const name = 'ResourceNotFoundException';
    await expect(read(failure(name, statusCode))).rejects.toMatchObject({ name });
  });

  test('keeps an answer that is none from what a client has of its own behind it', async () => {
    let passed = 0;
    const client = answeringClient(() => ({ body: 'null' }));
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        passed++;
        return result;
      },
      { step: 'deserialize', priority: 'low' },
    );
    const command = new GetItemCommand({ TableName: 'keys', Key: { keyHash: { S: 'a' } } });
    requireJsonObject(command);
    await expect(client.send(command)).rejects.toMatchObject({ name: 'UnreadableAnswer' });
    expect(passed).toBe(0);
  });
});
