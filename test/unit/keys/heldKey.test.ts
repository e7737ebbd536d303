import { describe, expect, test } from '@jest/globals';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LatchkeyError } from '../../../keys/errors.ts';
import { checkImportedKey } from '../../../keys/importedKey.ts';
import { checkChanges, revokeChange } from '../../../keys/changes.ts';
import { checkNewKey } from '../../../keys/fields.ts';
import { checkRegistryOptions } from '../../../keys/options.ts';
import { generateSecret } from '../../../keys/secret.ts';
import { NOW_MS } from '../../support/keys.ts';
import { tracesOf } from '../../support/traces.ts';

const SECRETS = [generateSecret('sk_'), generateSecret('live9_')];
const WRONG = SECRETS.map((secret) => secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0'));

/** Each place that a text can have in what is said of a key, with the text in it. */
function fieldsWith(text: string): readonly (readonly [string, Record<string, unknown>])[] {
  return [
    ['label', { label: text }],
    ['label', { label: `key ${text}, old` }],
    ['owner', { owner: text }],
    ['scopes', { scopes: ['orders:read', text] }],
    ['plan', { plan: text }],
    ['metadata', { metadata: { deep: [{ inside: `was ${text}` }] } }],
    ['metadata', { metadata: { [text]: 1 } }],
  ];
}

function messageOf(act: () => unknown, code: LatchkeyError['code']): string {
  try {
    act();
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === code) return error.message;
    throw error;
  }
  throw new Error('not refused');
}

describe.each(SECRETS)('an API key that was issued is no text, and is not repeated: %#', (secret) => {
  test.each(fieldsWith(secret))('in the %s of a new key, a changed one and an imported one', (name, fields) => {
    const imported = checkImportedKey(
      { keyHash: '0'.repeat(64), label: 'x', ...fields },
      { actor: 'a', nowMs: NOW_MS },
    );
    const problems = [
      messageOf(() => checkNewKey({ label: 'x', ...fields }, NOW_MS), 'INPUT_INVALID'),
      messageOf(() => checkChanges(fields, NOW_MS), 'INPUT_INVALID'),
      'problem' in imported ? imported.problem : '',
    ];
    for (const problem of problems) {
      expect(problem).toMatch(new RegExp(`^${name}: expected .+, got an API key in it$`));
      expect(tracesOf([secret], problem)).toEqual([]);
    }
  });

  test('in a reason, and in who acts', () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }));
    const options = { client, tableName: 'keys', actor: `ops ${secret}` };
    const problems = [
      messageOf(() => revokeChange({ reason: `leaked: ${secret}` }, 'ops', NOW_MS), 'INPUT_INVALID'),
      messageOf(() => checkRegistryOptions(options), 'CONFIG_INVALID'),
    ];
    for (const name of ['createdBy', 'disabledBy', 'revokedBy', 'revokedReason']) {
      const entry = { keyHash: '0'.repeat(64), label: 'x', [name]: secret };
      const checked = checkImportedKey(entry, { actor: 'a', nowMs: NOW_MS });
      expect(checked).toEqual({ problem: expect.stringMatching(new RegExp(`^${name}: `)) });
      problems.push(JSON.stringify(checked));
    }
    expect(tracesOf([secret], problems.join(' '))).toEqual([]);
  });
});

test.each(WRONG.flatMap((text) => fieldsWith(text)))('what only looks like a key may stand in the %s', (_, fields) => {
  expect(() => checkNewKey({ label: 'x', ...fields }, NOW_MS)).not.toThrow();
});
