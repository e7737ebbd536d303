import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll } from '@jest/globals';
import { Interruption } from '../../cli/signals.ts';
import { Output } from '../../cli/output.ts';
import { runProgram } from '../../cli/program.ts';
import { startConsole } from '../../console/server/startConsole.ts';
import { parseRecord, serialiseRecord, type KeyRecord } from '../../keys/record.ts';
import type { KeySecret } from '../../keys/secret.ts';
import { LocalDynamoDb } from '../../local/table.ts';
import { makeKey, NOW_MS } from './keys.ts';

/** The options of a run. */
export interface SessionOptions {
  /** The table that the command uses with `--local`. The command doesn't get a table option if it is absent. */
  readonly table?: string;
  /** Standard input, or the typed text if there is a terminal. An empty string is Ctrl-D. */
  readonly input?: string | Uint8Array;
  /** Additional environment variables. The command always gets `USER`. */
  readonly env?: Readonly<Record<string, string>>;
  /** The revocation delay in the gateway's state file. */
  readonly revocationDelaySeconds?: unknown;
  /** The accepted keys in the gateway's state file. The file doesn't contain them if absent. */
  readonly acceptedKeys?: string;
  /** More fields of the gateway's state file. */
  readonly state?: object;
  /** `false` runs the command as in the published package, which doesn't include the local gateway. */
  readonly hasLocalGateway?: boolean;
  /** `true` if all streams are a terminal. */
  readonly isTerminal?: boolean;
  /** The width of the terminal. The default is 80. */
  readonly columns?: number;
  /** `true` if the terminal shows colours. */
  readonly hasColors?: boolean;
  /** The height of the terminal. Unknown by default. */
  readonly rows?: number;
  /** `true` if stderr is a file despite `isTerminal`. */
  readonly isStderrFile?: boolean;
  /** The number of writes to stdout after which its reader closes it. Unlimited by default. */
  readonly readWrites?: number;
  /** Called with each URL that the command opens in a browser. */
  readonly opened?: (url: string) => void;
  /** Called when the command starts. */
  readonly onStart?: (interruption: Interruption, stderr: PassThrough, stdout: Transform) => void;
}

/** The result of a run. */
export interface SessionResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Provides the command line, an embedded engine and an empty table. They exist from before a file's first test until
 * after its last one.
 */
export function useCli(): { readonly cli: LocalCli; readonly table: string } {
  const cli = new LocalCli();
  const table = `keys-${randomUUID()}`;
  beforeAll(async () => {
    await cli.start();
    await cli.database.ensureTable(table);
  });
  afterAll(() => cli.stop());
  return { cli, table };
}

/** Runs commands in this process, at `NOW_MS`, on tables of an embedded engine. */
export class LocalCli {
  #started: { readonly database: LocalDynamoDb; readonly directory: string } | undefined;

  get database(): LocalDynamoDb {
    return this.#running.database;
  }

  /** The path of a directory that `stop` removes. */
  get directory(): string {
    return this.#running.directory;
  }

  get #running() {
    if (this.#started === undefined) throw new Error('the engine has not started');
    return this.#started;
  }

  async start(): Promise<void> {
    const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
    this.#started = { database, directory: await mkdtemp(join(tmpdir(), 'latchkey-cli-')) };
  }

  async stop(): Promise<void> {
    if (this.#started === undefined) return;
    await this.#started.database.stop();
    await rm(this.#started.directory, { recursive: true, force: true });
  }

  /** Makes an empty table, and returns its name. */
  async makeTable(): Promise<string> {
    const table = `keys-${randomUUID()}`;
    await this.database.ensureTable(table);
    return table;
  }

  async putKey(table: string, fields: Partial<KeyRecord> = {}): Promise<{ secret: KeySecret; record: KeyRecord }> {
    const key = makeKey({ id: randomUUID(), ...fields });
    await this.database.client.send(new PutCommand({ TableName: table, Item: serialiseRecord(key.record) }));
    return key;
  }

  /** Returns the stored record of an id. */
  async record(table: string, id: string): Promise<KeyRecord> {
    const record = (await this.records(table)).find((candidate) => candidate.id === id);
    if (record === undefined) throw new Error(`no record ${id}`);
    return record;
  }

  /** Returns every record of the table, sorted by id. */
  async records(table: string): Promise<readonly KeyRecord[]> {
    const { Items = [] } = await this.database.client.send(new ScanCommand({ TableName: table }));
    return Items.map(parseRecord).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Writes a file into the directory, and returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, content);
    return path;
  }

  /** Runs a command. Passes `--local` if `options` has a table. */
  async run(args: readonly string[], options: SessionOptions = {}): Promise<SessionResult> {
    const { table, input = '', env, revocationDelaySeconds, isTerminal = false, isStderrFile = false } = options;
    const { readWrites, onStart, opened, rows = 0 } = options;
    const gatewayStateFile = join(this.directory, `${randomUUID()}.json`);
    const { endpoint } = this.database;
    const state = { url: 'http://127.0.0.1:1', endpoint, tableName: table, region: 'us-east-1', pid: process.pid };
    await writeFile(
      gatewayStateFile,
      JSON.stringify({ ...state, revocationDelaySeconds, acceptedKeys: options.acceptedKeys, ...options.state }),
    );
    const terminal = isTerminal ? { isTTY: true, columns: options.columns ?? 80, rows } : {};
    const stdout = Object.assign(makePipe(readWrites), terminal);
    const stderr = Object.assign(new PassThrough(), isStderrFile ? {} : terminal);
    let outText = '';
    stdout.setEncoding('utf8').on('data', (text: string) => (outText += text));
    const errTexts = readText(stderr);
    const colors = options.hasColors === true ? {} : { NO_COLOR: '1' };
    const output = new Output({ stdout, stderr, env: { ...colors, ...env } });
    const interruption = new Interruption({ exit: () => {}, note: (line) => output.note(line) });
    const stdin = Object.assign(new PassThrough(), isTerminal ? { isTTY: true } : {});
    stdin.end(input);
    const running = runProgram([...args, ...(table === undefined ? [] : ['--local'])], {
      env: { USER: 'alice', ...env },
      now: () => NOW_MS,
      output,
      interruption,
      stdin,
      gatewayStateFile: options.hasLocalGateway === false ? undefined : gatewayStateFile,
      startConsole,
      openUrl: (url) => opened?.(url),
      version: '1.2.3',
    });
    onStart?.(interruption, stderr, stdout);
    const exitCode = await running;
    stderr.end();
    const stderrText = await errTexts;
    return { exitCode, stdout: outText, stderr: stderrText };
  }
}

/** Creates a pipe. Its reader closes it after a number of writes. */
function makePipe(readWrites = Infinity): Transform {
  let count = 0;
  return new Transform({
    transform: (chunk, _, done) => {
      if (count++ < readWrites) done(null, chunk);
      else done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
}
