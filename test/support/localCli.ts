import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
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
  /** The table that the command uses. */
  readonly table?: string;
  /** The standard input, or the typed text on a terminal. */
  readonly input?: string | Uint8Array;
  /** Environment variables in addition to the user's name. */
  readonly env?: Readonly<Record<string, string>>;
  /** The revocation delay in the gateway's state file. */
  readonly revocationDelaySeconds?: number;
  /** The accepted keys in the gateway's state file. */
  readonly acceptedKeys?: string;
  /** `false` runs the command without a local gateway, the same as the published package. */
  readonly hasLocalGateway?: boolean;
  /** Whether all streams are a terminal of 80 columns. */
  readonly isTerminal?: boolean;
  /** The number of writes to stdout before its reader leaves. By default the reader stays. */
  readonly readWrites?: number;
  /** Called with each URL that the command opens in a browser. */
  readonly opened?: (url: string) => void;
  /** Called when the command runs, with the way to interrupt it. */
  readonly onStart?: (interruption: Interruption, stderr: PassThrough, stdout: Transform) => void;
}

/** The result of a run. */
export interface SessionResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the CLI in this process on tables of an embedded engine. Its clock stands at `NOW_MS`. */
export class LocalCli {
  readonly database: LocalDynamoDb;
  /** A temporary directory, which `stop` removes. */
  readonly directory: string;

  private constructor(database: LocalDynamoDb, directory: string) {
    this.database = database;
    this.directory = directory;
  }

  static async start(): Promise<LocalCli> {
    const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
    return new LocalCli(database, await mkdtemp(join(tmpdir(), 'latchkey-cli-')));
  }

  async stop(): Promise<void> {
    await this.database.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Creates an empty table, and returns its name. */
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

  /** Returns the record with this id from the table. */
  async record(table: string, id: string): Promise<KeyRecord> {
    const record = (await this.records(table)).find((candidate) => candidate.id === id);
    if (record === undefined) throw new Error(`no record ${id}`);
    return record;
  }

  /** Returns all records of the table, sorted by id. */
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

  /** Runs a command, with `--local` if a table is given. */
  async run(args: readonly string[], options: SessionOptions = {}): Promise<SessionResult> {
    const { table, input = '', env, revocationDelaySeconds, isTerminal = false } = options;
    const { readWrites, onStart, opened } = options;
    const noteFile = join(this.directory, `${randomUUID()}.json`);
    const { endpoint } = this.database;
    const place = { url: 'http://127.0.0.1:1', endpoint, tableName: table, region: 'us-east-1', pid: process.pid };
    const note = { ...place, revocationDelaySeconds, acceptedKeys: options.acceptedKeys };
    await writeFile(noteFile, JSON.stringify(note));
    const terminal = isTerminal ? { isTTY: true, columns: 80 } : {};
    const stdout = Object.assign(pipeOf(readWrites), terminal);
    const stderr = Object.assign(new PassThrough(), terminal);
    let outText = '';
    stdout.setEncoding('utf8').on('data', (text: string) => (outText += text));
    const errTexts = readText(stderr);
    const output = new Output({ stdout, stderr });
    const interruption = new Interruption({ exit: () => {}, note: (line) => output.note(line) });
    const stdin = Object.assign(new PassThrough(), isTerminal ? { isTTY: true } : {});
    stdin.end(input);
    const running = runProgram([...args, ...(table === undefined ? [] : ['--local'])], {
      env: { USER: 'alice', ...env },
      now: () => NOW_MS,
      output,
      interruption,
      stdin,
      noteFile: options.hasLocalGateway === false ? undefined : noteFile,
      startConsole,
      openUrl: (url) => opened?.(url),
    });
    onStart?.(interruption, stderr, stdout);
    const exitCode = await running;
    stderr.end();
    const stderrText = await errTexts;
    return { exitCode, stdout: outText, stderr: stderrText };
  }
}

/** Returns a pipe whose reader leaves after this many writes. */
function pipeOf(readWrites = Infinity): Transform {
  let count = 0;
  return new Transform({
    transform: (chunk, _, done) => {
      if (count++ < readWrites) done(null, chunk);
      else done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
}
