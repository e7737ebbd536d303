import { describe, expect, test } from '@jest/globals';
import type { SessionInfo } from '../../../console/page/api.ts';
import { cliCommand, curlCommand, envLine } from '../../../console/page/commands.ts';

const TABLE: SessionInfo['table'] = {
  name: 'keys',
  title: 'keys',
  kind: 'aws',
  region: 'eu-west-1',
  account: null,
  revocationDelaySeconds: null,
  acceptedKeys: null,
  plans: null,
  hasLimits: false,
  apiUrl: null,
  hasUsage: false,
};

describe('curlCommand', () => {
  test('calls the URL of the API with the key', () => {
    expect(curlCommand('sk_x', 'https://api.example/orders')).toBe(
      'curl -i -H "Authorization: Bearer sk_x" https://api.example/orders',
    );
  });

  test('has a placeholder for an unknown URL', () => {
    expect(curlCommand('$API_KEY', null)).toBe('curl -i -H "Authorization: Bearer $API_KEY" API_URL');
  });
});

test('the line of a .env file sets the variable of the curl command', () => {
  expect(envLine('sk_x')).toBe('API_KEY=sk_x');
});

describe('cliCommand', () => {
  test.each<[string, Partial<SessionInfo['table']>, string]>([
    ['the table and its Region', {}, '--table keys --region eu-west-1'],
    ['only the table if the Region is unknown', { region: null }, '--table keys'],
    ['the local gateway', { kind: 'local' }, '--local'],
  ])('names %s', (_, table, options) => {
    expect(cliCommand('show', '0f8c', { ...TABLE, ...table })).toBe(`latchkey show 0f8c ${options}`);
  });
});
