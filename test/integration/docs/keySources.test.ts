import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import {
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../../testing/authorizerEvents.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { makeKey } from '../../support/keys.ts';

const PAGE = fileURLToPath(new URL('../../../docs/responses.md', import.meta.url));

/** Reads the rows of the page's table: the key source, the header and the response. */
function readRows(): readonly (readonly [source: string, header: string, response: string])[] {
  const [, after = ''] = readFileSync(PAGE, 'utf8').split('<!-- key sources');
  const [table = ''] = after.split('\n').slice(1).join('\n').trim().split('\n\n', 1);
  return table
    .split('\n')
    .slice(2)
    .map((line) => {
      const [source = '', header = '', response = ''] = line.split('|').slice(1, -1);
      return [source.trim().slice(1, -1), header.trim().slice(1, -1), response.trim()] as const;
    });
}

const rows = readRows();
const { secret, record } = makeKey();

/** Replaces `KEY` as a value and `base64(TEXT)`. A cookie's name stays. */
function toHeader(header: string): readonly [name: string, value: string] {
  const [name = '', value = ''] = header.split(/: (.*)/);
  const withKey = value.replaceAll(/KEY(?!=)/g, () => secret);
  return [name, withKey.replaceAll(/base64\((.*)\)/g, (_, text: string) => btoa(text))];
}

test('docs/responses.md lists each key source with accepted, missing and malformed keys', () => {
  const kinds = new Set(rows.map(([source, , response]) => `${source.split(':')[0]} ${response}`));
  expect(kinds.size).toBe(4 * 3);
});

describe.each([
  ['a REST API', restRequestEvent],
  ['a TOKEN authorizer', restTokenEvent],
  ['an HTTP API', httpApiEvent],
  ['an HTTP API of format 1.0', httpApiV1Event],
  ['a WebSocket API', webSocketEvent],
] as const)('the response to %s', (_, makeEvent) => {
  const isToken = makeEvent === restTokenEvent;
  const sent = rows.filter(([, header]) => !isToken || header.startsWith('Authorization: '));

  test.each(sent)('matches docs/responses.md for %s and %s: %s', async (source, header, response) => {
    const { invoke } = handlerUnderTest([record], { LATCHKEY_KEY_SOURCES: source });
    const outcome = await invoke(makeEvent({ headers: [toHeader(header)] })).catch((error: Error) => error.message);
    expect(toWords(outcome)).toBe(response);
  });
});

/** Returns the response in the words of the page. */
function toWords(outcome: unknown): string {
  if (typeof outcome === 'string') return outcome;
  const { policyDocument, context } = outcome as {
    readonly policyDocument: { readonly Statement: readonly { readonly Effect: string }[] };
    readonly context: { readonly errorCode?: string };
  };
  return [policyDocument.Statement[0]?.Effect, context.errorCode].filter(Boolean).join(' ');
}
