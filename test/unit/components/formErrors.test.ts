import { describe, expect, test } from '@jest/globals';
import { splitErrors } from '../../../components/formErrors.ts';
import { checkNewKey } from '../../../keys/fields.ts';
import { NOW_MS } from '../../support/keys.ts';

describe('splitErrors', () => {
  test('assigns each part of a message to its field', () => {
    expect(splitErrors('label: expected 1 to 256 characters; plan: expected a name')).toEqual({
      byField: { label: 'Expected 1 to 256 characters.', plan: 'Expected a name.' },
      rest: '',
    });
  });

  test('assigns the expiry to the same field for both names', () => {
    expect(splitErrors('expiresAt: expected a date').byField).toEqual({ expiry: 'Expected a date.' });
    expect(splitErrors('expiry: expected a date').byField).toEqual({ expiry: 'Expected a date.' });
  });

  test('keeps a message without a field whole', () => {
    const message = 'DynamoDB cannot be reached: check the network; the key may have been issued';
    expect(splitErrors(message)).toEqual({ byField: {}, rest: message });
  });

  test('keeps a semicolon in the message of a field', () => {
    expect(splitErrors('metadata: expected {"a":1}; try again').byField).toEqual({
      metadata: 'Expected {"a":1}; try again.',
    });
  });

  test("finds every field in the registry's message", () => {
    const isRejected = (): string => {
      try {
        checkNewKey({ label: '', owner: ' ', scopes: ['a b'], plan: '?', expiresAt: 'soon', metadata: [] }, NOW_MS);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const { byField, rest } = splitErrors(isRejected());
    expect(Object.keys(byField)).toEqual(['label', 'owner', 'scopes', 'plan', 'expiry', 'metadata']);
    expect(rest).toBe('');
  });
});
