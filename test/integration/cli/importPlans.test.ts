import { describe, expect, test } from '@jest/globals';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();

const VALUES = [
  'kX2mQ9vT4wB7nZ1cR8jL5hF3gD6sA0pY',
  'Qp7Rt5Yu3Io1Pa9Sd8Fg6Hj4Kl2Zx0Cv',
  'Mn1Bv2Cx3Zl4Kj5Hg6Fd7Sa8Po9Iu0Yt',
];
const KEYS = JSON.stringify({
  items: VALUES.map((value, index) => ({
    id: `key${index}`,
    value,
    name: `n${index}`,
    enabled: true,
    createdDate: 1456184452,
  })),
});

async function importKeys(args: readonly string[], text: string = KEYS) {
  const table = await cli.makeTable();
  const run = await cli.run(['import', await cli.write('keys', text), ...args], { table });
  const plans = (await cli.records(table)).map(({ label, plan }) => `${label} ${plan}`).toSorted();
  return { ...run, plans };
}

describe('import with plans', () => {
  test('gives each key the plan of its usage plan', async () => {
    const file = await cli.write('plan-keys.txt', 'key0\tc7y23b\nkey1\tglvrsr\n\nkey1\tc7y23b\n');
    const run = await importKeys(['--plan-keys', file, '--plan-map', 'c7y23b=free', '--plan-map', 'glvrsr=free']);
    expect(run).toMatchObject({ exitCode: 0, plans: ['n0 free', 'n1 free', 'n2 undefined'] });
  });

  test('rejects a key with several plans', async () => {
    const file = await cli.write('plan-keys.txt', 'key1 glvrsr\nkey1 c7y23b\n');
    const run = await importKeys(['--plan-keys', file]);
    expect(run).toMatchObject({ exitCode: 1, plans: ['n0 undefined', 'n2 undefined'] });
    expect(run.stderr).toContain(
      '\nentry 2: --plan-keys: expected one plan, got 2; pass --plan-map to give them one name',
    );
  });

  test("rejects a usage plan whose id isn't a valid name of a plan", async () => {
    const file = await cli.write('plan-keys.txt', 'key1 gold/plan\n');
    const { stderr, plans } = await importKeys(['--plan-keys', file]);
    expect(stderr).toContain("\nentry 2: --plan-keys: expected a plan's name of 1 to 64 letters");
    expect(plans).toEqual(['n0 undefined', 'n2 undefined']);
  });

  test.each([
    ['key0\n', 'line 1'],
    ['key0 a\nkey1 b c\n', 'line 2'],
  ])('rejects a --plan-keys file of %j before it stores a key', async (text, line) => {
    const { exitCode, stderr, plans } = await importKeys(['--plan-keys', await cli.write('plan-keys.txt', text)]);
    expect(stderr).toContain(
      `error: --plan-keys: ${line}: expected the id of a key and the id of a plan, separated by a space or a tab`,
    );
    expect({ exitCode, plans }).toEqual({ exitCode: 1, plans: [] });
  });

  test.each([
    ['c7y23b', 'Expected ID=NAME, separated by commas'],
    ['=free', 'Expected ID=NAME, separated by commas'],
    ['a=b=c', 'Expected ID=NAME, separated by commas'],
    ['a=free plan', "Expected a plan's name of 1 to 64 letters"],
    ['a=b,a=c', 'Expected each ID once, got a twice'],
  ])('rejects --plan-map %j', async (map, message) => {
    const { exitCode, stderr } = await importKeys(['--plan-map', map]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
  });

  test('rejects --plan-keys from standard input, which can be the export', async () => {
    const { exitCode, stderr } = await importKeys(['--plan-keys', '-']);
    expect(stderr).toContain('error: --plan-keys: expected the path of a file, got -');
    expect(exitCode).toBe(2);
  });

  test.each([
    ['--plan-map', 'a=b', 'api-gateway or tyk'],
    ['--plan-keys', 'x.txt', 'api-gateway'],
  ])('rejects %s for a format without plans', async (option, value, formats) => {
    const { exitCode, stderr, plans } = await importKeys([option, value], 'ACME_KEY=x\n');
    expect(stderr).toContain(`error: ${option}: expected the format ${formats}, got env`);
    expect({ exitCode, plans }).toEqual({ exitCode: 2, plans: [] });
  });
});
