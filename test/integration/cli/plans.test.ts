import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { at, makeKey } from '../../support/keys.ts';
import { LimitsTableUnderTest } from '../../support/limitsTableUnderTest.ts';
import { useCli } from '../../support/useCli.ts';

const PLANS = {
  free: { enforce: 'authorizer', per: 'key', quota: { limit: 1000, period: 'day' } },
  team: {
    enforce: 'authorizer',
    per: 'owner',
    quota: { limit: 60, period: 'minute' },
    throttle: { rateLimit: 5, burstLimit: 10 },
  },
  old: { enforce: 'gateway', per: 'plan', throttle: { rateLimit: 50, burstLimit: 100 } },
};

const { cli, table } = useCli();
let limits: LimitsTableUnderTest;
let state: { limitsTableName: string; plans?: object };
beforeAll(async () => {
  limits = await LimitsTableUnderTest.create(cli.database.client, `limits-${randomUUID()}`);
  state = { limitsTableName: limits.tableName, plans: PLANS };
});

describe('show', () => {
  const planLine = async (id: string, options: object = {}) => {
    const { stdout, stderr, exitCode } = await cli.run(['show', id], { table, state, ...options });
    expect(exitCode).toBe(0);
    return `${/^plan: +(.*)$/m.exec(stdout)?.[1]}${stderr === '' ? '' : `\n${stderr}`}`;
  };

  test('prints what is left of a plan, and when it resets', async () => {
    const { record } = await cli.putKey(table, { plan: 'free' });
    expect(await planLine(record.id)).toBe('free: 1,000 of 1,000 left today, resets in 12 h');
    await limits.putQuota({ who: `key/${record.id}`, granted: 188 });
    const expected = 'free: 812 of 1,000 left today, resets in 12 h';
    expect(await planLine(record.id)).toBe(expected);
    expect(await planLine(record.id, { state: { ...state, plans: undefined } })).toBe(expected);
    const { stdout } = await cli.run(['show', record.id, '--json'], { table, state });
    expect(JSON.parse(stdout)).toMatchObject({
      record: { id: record.id },
      plan: { name: 'free', quotas: [{ used: 188, remaining: 812, limit: 1000, period: 'day', per: 'key' }] },
    });
  });

  test.each([
    [
      'team',
      "team: 57 of 60 left this minute, shared by the owner's keys, resets in 1 min; 5 a second in bursts of 10",
    ],
    ['old', 'old: 50 a second in bursts of 100; counted by API Gateway'],
    ['gone', 'gone: not a plan of this deployment'],
  ])('prints the plan %s with its limits', async (plan, expected) => {
    const owner = randomUUID();
    const { record } = await cli.putKey(table, { plan, owner });
    await limits.putQuota({ who: `owner/team/${owner}`, granted: 3, plan: 'team', limit: 60, period: 'minute' });
    expect(await planLine(record.id)).toBe(expected);
  });

  test('prints only what is known about a plan', async () => {
    const { record } = await cli.putKey(table, { plan: 'free' });
    expect(await planLine(record.id, { state: { plans: PLANS } })).toBe('free: 1,000 a day');
    expect(await planLine(record.id, { state: { limitsTableName: limits.tableName } })).toBe(
      'free: not used in this window',
    );
    expect(await planLine(record.id, { state: {} })).toBe('free');
    const { record: unplanned } = await cli.putKey(table);
    const { stdout } = await cli.run(['show', unplanned.id, '--json'], { table, state });
    expect(JSON.parse(stdout).plan).toBeNull();
  });

  test('prints the record with a warning if it cannot read the table of limits', async () => {
    const { record } = await cli.putKey(table, { plan: 'free' });
    const args = ['show', record.id, '--limits-table', 'missing'];
    const { exitCode, stdout, stderr } = await cli.run(args, { table, state });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^plan: +free: 1,000 a day$/m);
    expect(stderr).toMatch(/^warning: what is left of the plan is unknown: there is no table "missing"/);
  });
});

describe('plans', () => {
  let table = '';
  beforeAll(async () => {
    table = await cli.makeTable();
    await cli.putKey(table, { plan: 'free' });
    await cli.putKey(table, { plan: 'free', revokedAt: at(-1) });
    await cli.putKey(table, { plan: 'gone' });
    await cli.putKey(table);
  });

  test("prints the deployment's plans with their limits and their active keys on a terminal", async () => {
    const { exitCode, stdout, stderr } = await cli.run(['plans'], { table, state, isTerminal: true, columns: 72 });
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain('unknown');
    expect(stdout).toBe(`PLAN    KEYS  LIMITS
free       1  1,000 a day for each key, by the authorizer
team       0  60 a minute and 5 a second in bursts of 10 for each owner,
              by the authorizer
old        0  50 a second in bursts of 100 for all its keys together, by
              API Gateway
gone       1  not a plan of this deployment
(none)     1  no limits
`);
  });

  test('prints tab-separated fields or JSON for programs', async () => {
    const { stdout } = await cli.run(['plans'], { table, state });
    expect(stdout.split('\n')).toEqual([
      'free\t1\t2\tauthorizer\tkey\t1000\tday\t\t',
      'team\t0\t0\tauthorizer\towner\t60\tminute\t5\t10',
      'old\t0\t0\tgateway\tplan\t\t\t50\t100',
      'gone\t1\t1\t\t\t\t\t\t',
      '\t1\t1\t\t\t\t\t\t',
      '',
    ]);
    const { plans } = JSON.parse((await cli.run(['plans', '--json'], { table, state })).stdout);
    expect(plans[0]).toEqual({ name: 'free', keys: { active: 1, total: 2 }, isDeployed: true, ...PLANS.free });
    expect(plans[3]).toEqual({ name: 'gone', keys: { active: 1, total: 1 }, isDeployed: false });
    expect(plans[4]).toEqual({ name: null, keys: { active: 1, total: 1 }, isDeployed: null });
  });

  test("prints the plans of keys if the deployment's plans are unknown", async () => {
    const { exitCode, stdout, stderr } = await cli.run(['plans'], { table, isTerminal: true });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: 'PLAN    KEYS\nfree       1\ngone       1\n(none)     1\n',
    });
    expect(stderr).toMatch(/the deployment's plans are unknown: pass --stack/);
  });
});

test.each(['create', 'update'])('%s warns about a plan that the deployment lacks', async (command) => {
  const { record } = await cli.putKey(table, { plan: 'free' });
  const args = command === 'create' ? ['create', '--label', 'ci'] : ['update', record.id];
  const gold = await cli.run([...args, '--plan', 'gold'], { table, state });
  const warning = 'warning: the deployment has no plan "gold"; it has free, team, old\n';
  expect(gold).toMatchObject({ exitCode: 0, stderr: warning });
  expect(await cli.run([...args, '--plan', 'team'], { table, state })).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await cli.run([...args, '--plan', 'gold'], { table })).toMatchObject({ exitCode: 0, stderr: '' });
});

test.each(['seed', 'import'])('%s warns about the plans of its file that the deployment lacks', async (command) => {
  const lines = ['team', 'gold', 'gold', 'silver'].map((plan, at) => {
    const keyHash = makeKey().record.keyHash;
    return JSON.stringify({ label: `${command} ${at}`, plan, ...(command === 'import' ? { keyHash } : {}) });
  });
  const warning = 'warning: the deployment has no plan "gold", "silver"; it has free, team, old\n';
  const known = await cli.run([command, '-'], { table, state, input: `${lines.join('\n')}\n` });
  expect(known).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(warning) });
  const unknown = await cli.run([command, '-', '--json'], { table, input: `${lines.join('\n')}\n` });
  expect(unknown).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('no plan') });
});

describe('reset-quota', () => {
  test('resets the quota of a key after a confirmation that says what is left', async () => {
    const { record } = await cli.putKey(table, { plan: 'free' });
    const subject = await limits.putQuota({ who: `key/${record.id}`, granted: 988 });
    const run = (input: string) =>
      cli.run(['reset-quota', record.id], {
        table,
        state,
        input,
        isTerminal: true,
        columns: 200,
        revocationDelaySeconds: 60,
      });
    const no = await run('n\n');
    expect(no).toMatchObject({ exitCode: 1, stdout: '' });
    expect(no.stderr).toBe(
      `Reset the quota of key ${record.id}, "ci"? free: 12 of 1,000 left today, resets in 12 h. [y/N] Cancelled, nothing changed.\n`,
    );
    expect(await limits.item(subject)).toMatchObject({ granted: 988 });
    const yes = await run('y\n');
    expect(yes.exitCode).toBe(0);
    expect(yes.stdout).toMatch(
      /^✓ Reset the quota of “ci”\. Used before: 988 of 1,000 today\. In effect everywhere by [\d:]{8} \(within 60 s\)\.\n$/,
    );
    expect(await limits.item(subject)).toMatchObject({ granted: 0 });
    expect(await cli.record(table, record.id)).toMatchObject({ limitsResetAt: at(0) });
  });

  test('resets the quotas of the keys of an owner with --owner, and prints JSON for programs', async () => {
    const owner = randomUUID();
    for (const label of ['a', 'b', 'c', 'd']) await cli.putKey(table, { label, owner, plan: 'team' });
    await limits.putQuota({ who: `owner/team/${owner}`, granted: 9, plan: 'team', limit: 60, period: 'minute' });
    const asked = await cli.run(['reset-quota', '--owner', owner], {
      table,
      state,
      input: '',
      isTerminal: true,
      columns: 200,
    });
    expect(asked.stderr).toMatch(
      /^Reset the quotas of 4 keys of \S+ \((?:"[a-d]", ){2}"[a-d]" and 1 more\)\? \[y\/N\]/,
    );
    const { exitCode, stdout } = await cli.run(['reset-quota', '--owner', owner, '--yes', '--json'], { table, state });
    expect(exitCode).toBe(0);
    const { records, quotas, revocationDelaySeconds } = JSON.parse(stdout);
    expect(records).toHaveLength(4);
    expect(stdout).not.toContain('keyHash');
    expect(quotas).toMatchObject([{ per: 'owner', used: 9, limit: 60 }]);
    expect(revocationDelaySeconds).toBeNull();
  });

  test.each<[string, string[], object, number, RegExp]>([
    [
      'both an id and an owner',
      ['KEY', '--owner', 'acme'],
      {},
      2,
      /expected the id of a key or --owner OWNER, got both/,
    ],
    ['neither an id nor an owner', [], {}, 2, /got neither/],
    [
      'an unknown table of limits',
      ['KEY'],
      { limitsTableName: undefined },
      2,
      /pass --limits-table NAME or --stack NAME/,
    ],
    ['a missing table of limits', ['KEY', '--limits-table', 'missing'], {}, 1, /there is no table "missing"/],
    ['a plan of API Gateway', ['OLD'], {}, 1, /API Gateway counts the requests of the plan old/],
    [
      'an owner whose keys are on such plans',
      ['--owner', 'old plan'],
      {},
      1,
      /no active key of "old plan" is on a plan that/,
    ],
    ['a plan that the deployment lacks', ['GOLD'], {}, 1, /the deployment has no plan "gold", so key \S+ has no quota/],
    ['a key without a plan', ['UNPLANNED'], {}, 1, /has no plan, so it has no quota/],
    ['an owner whose keys have no plan', ['--owner', 'no plan'], {}, 1, /no active key of "no plan" is on a plan/],
  ])('rejects %s without a change', async (_, args, changes, exitCode, message) => {
    const ids: Record<string, string> = {
      KEY: (await cli.putKey(table, { plan: 'free' })).record.id,
      OLD: (await cli.putKey(table, { plan: 'old', owner: 'old plan' })).record.id,
      GOLD: (await cli.putKey(table, { plan: 'gold' })).record.id,
      UNPLANNED: (await cli.putKey(table, { owner: 'no plan' })).record.id,
    };
    const before = await cli.records(table);
    const given = args.map((arg) => ids[arg] ?? arg);
    const run = await cli.run(['reset-quota', ...given, '--yes'], { table, state: { ...state, ...changes } });
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr).toMatch(message);
    expect(await cli.records(table)).toEqual(before);
  });

  test('repairs an unreadable count', async () => {
    const { record } = await cli.putKey(table, { plan: 'free' });
    const subject = await limits.putQuota({ who: `key/${record.id}`, granted: 5 });
    await limits.put({ subject, granted: 'many' });
    const run = await cli.run(['reset-quota', record.id, '--yes'], { table, state });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await limits.item(subject)).toMatchObject({ granted: 0 });
  });

  test('requires --yes without a terminal', async () => {
    const { exitCode, stderr } = await cli.run(['reset-quota', 'x'], { table, state });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/pass --yes/);
  });
});
