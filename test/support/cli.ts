import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Output } from '../../cli/output.ts';
import { runProgram } from '../../cli/program.ts';
import { Interruption } from '../../cli/signals.ts';
import { startConsole } from '../../console/server/startConsole.ts';
import { GATEWAY_STATE_PATH } from '../../operator/findTable.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The result of a run of the CLI. */
export interface CliRun {
  /** The exit code. `null` if a signal ended the process. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly onStart?: (child: ChildProcess) => void;
}

/** Credentials and a Region for the engines on this machine. */
export const LOCAL_AWS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** Runs the built `latchkey` in a child process, with the given environment and without the machine's AWS settings. */
export async function runCli(args: readonly string[], { env, stdin, onStart }: CliOptions = {}): Promise<CliRun> {
  const child = spawn(process.execPath, ['dist/cli/main.js', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: tmpdir(), AWS_EC2_METADATA_DISABLED: 'true', ...env },
  });
  onStart?.(child);
  const run = { exitCode: null as number | null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (run.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text));
  child.stdin.on('error', () => {}).end(stdin ?? '');
  run.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return run;
}

/**
 * Runs `latchkey` in this process, which starts four times as fast. It swaps `process.env` for the run because the AWS
 * SDK reads its settings there. Run only one command at a time. Commands must not read stdin.
 */
export async function runCliInProcess(args: readonly string[], { env }: Pick<CliOptions, 'env'> = {}): Promise<CliRun> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const texts = Promise.all([readText(streams.stdout), readText(streams.stderr)]);
  const output = new Output(streams);
  const processEnv = process.env;
  process.env = { HOME: tmpdir(), AWS_EC2_METADATA_DISABLED: 'true', ...env };
  try {
    const exitCode = await runProgram(args, {
      env: { USER: userInfo().username, ...process.env },
      now: Date.now,
      output,
      interruption: new Interruption({ exit: () => {}, note: (line) => output.note(line) }),
      stdin: new PassThrough().end(),
      gatewayStateFile: join(ROOT, GATEWAY_STATE_PATH),
      startConsole,
      openUrl: () => {},
      version: '1.2.3',
    });
    streams.stdout.end();
    streams.stderr.end();
    const [stdout, stderr] = await texts;
    return { exitCode, stdout, stderr };
  } finally {
    process.env = processEnv;
  }
}

/** Hooks around each write of an item. `count` is 1 for the first write. */
export interface WriteHooks {
  readonly before?: (count: number) => Promise<void> | void;
  /** Called when the item is in the table, before the writer gets the response. */
  readonly after?: (count: number) => Promise<void> | void;
}

export interface WriteProxy {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** Starts a proxy in front of DynamoDB that calls hooks before and after each write. */
export async function startWriteProxy(target: string, { before, after }: WriteHooks): Promise<WriteProxy> {
  let count = 0;
  const server = createServer((message, response) => {
    void forward(message, response).catch(() => response.destroy());
  });
  async function forward(message: IncomingMessage, response: ServerResponse) {
    const isWrite = String(message.headers['x-amz-target']).endsWith('.PutItem');
    const body = await readAll(message);
    if (isWrite) count++;
    if (isWrite) await before?.(count);
    const answer = await send(target, message, body);
    const answerBody = await readAll(answer);
    if (isWrite) await after?.(count);
    response.writeHead(answer.statusCode ?? 500, answer.headers).end(answerBody);
  }
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(target: string, { method, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(target, { method: method ?? 'POST', headers }, resolve)
      .on('error', reject)
      .end(body);
  });
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
