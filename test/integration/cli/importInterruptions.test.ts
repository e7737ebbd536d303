import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { LOCAL_AWS, runCli } from '../../support/cli.ts';
import { closedEndpoint } from '../../support/engine.ts';
import { type SessionOptions, useCli } from '../../support/useCli.ts';

const { cli } = useCli();
let table = '';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
const foreignKey = () => `sk_${randomBytes(32).toString('base64url')}`;
const line = (fields: object) => `${JSON.stringify({ keyHash: hashOf(foreignKey()), label: 'x', ...fields })}\n`;

/** Imports text from a file into a new table, or into the table of the options. */
async function importText(text: string | Uint8Array, args: readonly string[] = [], options: SessionOptions = {}) {
  table = options.table ?? (await cli.makeTable());
  const file = await cli.write('keys', text);
  return cli.run(['import', file, ...args], { ...options, table });
}

describe('a signal', () => {
  const many = Array.from({ length: 400 }, (_, at) => line({ label: `key ${at}` })).join('');

  test('a second import completes the import that a signal stopped', async () => {
    const stop: SessionOptions['onStart'] = (interruption, stderr) => {
      stderr.on('data', (text: Buffer) => {
        if (/[1-9]\d* of 400/.test(String(text))) interruption.receive('SIGINT');
      });
    };
    const stopped = await importText(many, [], { isTerminal: true, onStart: stop });
    expect(stopped.exitCode).toBe(130);
    expect(stopped.stderr).toMatch(/error: interrupted: to resume, run the same command again/);
    const imported = Number(/^Imported (\d+) keys?\.$/m.exec(stopped.stdout)?.[1]);
    expect(await cli.records(table)).toHaveLength(imported);
    expect(imported).toBeGreaterThan(0);
    expect(imported).toBeLessThan(400);
    const resumed = await importText(many, [], { table });
    expect(resumed.stdout).toMatch(
      new RegExp(`^Imported ${400 - imported} keys\\. Skipped ${imported} that (is|are) in the table\\.\n$`),
    );
    expect(new Set((await cli.records(table)).map(({ label }) => label)).size).toBe(400);
  });

  const waiting = async (format: string, input: string) => {
    table = await cli.makeTable();
    return runCli(['import', '-', '--format', format, '--json', '--table', table], {
      env: { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint },
      onStart: (process) => {
        process.stdin?.write(input);
        // Standard input stays open, so the process waits after this input.
        (process.stdin as { end: unknown }).end = () => process.stdin;
        process.stdout?.once('data', () => process.kill('SIGINT'));
      },
    });
  };

  test('import exits 130 on SIGINT while it waits for standard input', async () => {
    const { exitCode, stdout, stderr } = await waiting('jsonl', `${line({})}{"keyHash":`);
    expect(exitCode).toBe(130);
    const { imported, rejected } = JSON.parse(stdout);
    expect(rejected).toEqual([]);
    expect((await cli.records(table)).map(({ id }) => id)).toEqual(imported);
    expect(stderr).toMatch(/run the same command again/);
  });

  test('import reports an interruption if SIGINT arrives before the end of a JSON document', async () => {
    const { exitCode, stderr } = await waiting('json', '{\n"api_keys": [');
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/\nerror: interrupted: to resume, run the same command again/);
    expect(await cli.records(table)).toEqual([]);
  });
});

describe('a closed output', () => {
  const many = Array.from({ length: 200 }, () => line({})).join('');

  test('import exits 1 if the output is closed before the end of the JSON document', async () => {
    const stopped = await importText(many, ['--json'], { readWrites: 3 });
    expect(stopped.exitCode).toBe(1);
    const imported = Number(/^Imported (\d+) keys\.$/m.exec(stopped.stderr)?.[1]);
    expect(stopped.stderr).toMatch(/\nerror: the output was closed before the end: .*run the same command again/);
    expect(imported).toBeLessThan(200);
    expect(await cli.records(table)).toHaveLength(imported);
    const resumed = await importText(many, [], { table });
    expect(resumed.stdout).toContain(`Imported ${200 - imported} keys. `);
  });

  test('import exits 1 for a rejected entry even if the output is closed', async () => {
    const { exitCode, stderr } = await importText(line({ label: '' }), [], { readWrites: 0 });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\nerror: fix the rejected entries/);
  });

  test('import prints its summary to stderr if stdout is closed', async () => {
    const { exitCode, stderr } = await importText(line({}), [], { readWrites: 0 });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/^reading .*\nImported 1 key\.\nissued elsewhere: 1; .*\n$/),
    });
  });

  test('import reports a missing table even if the output is closed', async () => {
    const { exitCode, stderr } = await importText(line({}), ['--json'], { table: 'none', readWrites: 1 });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error: .*"none"/);
  });
});

test('import prints its summary even if DynamoDB is unreachable', async () => {
  const run = await runCli(['import', '-', '--table', 'none'], {
    env: { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: await closedEndpoint() },
    stdin: line({}),
  });
  expect(run).toMatchObject({ exitCode: 1, stdout: 'Imported no keys.\n' });
  expect(run.stderr).toMatch(/error: .*cannot be reached/);
});
