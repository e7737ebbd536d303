import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startGateway as startLocalGateway } from '../../local/gateway.ts';
import type { ServedRequest } from '../../local/gatewayServer.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEMPLATE = join(ROOT, 'cdk.out', 'LatchkeyStack.template.json');

/** A running local gateway. */
export interface Gateway {
  /** The URL of the sample REST route. */
  readonly url: string;
  /** The URL of the sample HTTP API's route. */
  readonly httpUrl: string;
  /** The URL of the first WebSocket API, if the template has one. */
  readonly webSocketUrl: string;
  /** The demo key. */
  readonly key: string;
  /** The endpoint of DynamoDB. */
  readonly endpoint: string;
  readonly tableName: string;
  /** The gateway's own state file. A running `npm start` uses another one. */
  readonly noteFile: string;
  /** Returns the log of the gateway and its functions so far. */
  readonly log: () => string;
  /** Waits until the log after `from` contains the text. A function's log may arrive after its response. */
  readonly logged: (text: string, from?: number) => Promise<void>;
  readonly stop: () => Promise<unknown>;
}

/** Options of a gateway in this process. */
interface GatewayOptions {
  /** The path of a template. The default is the project's own. */
  readonly template?: string | undefined;
  /** The directory that stores the table. The table is in memory by default. */
  readonly dataDirectory?: string | undefined;
  readonly acceptExternalKeys?: boolean | undefined;
  /** Receives each request. */
  readonly onRequest?: (request: ServedRequest) => void;
}

/** Starts a local gateway in this process, on free ports. A string is the path of its template. */
export async function startGateway(options: string | GatewayOptions = {}): Promise<Gateway> {
  const given: GatewayOptions = typeof options === 'string' ? { template: options } : options;
  const { template = TEMPLATE, dataDirectory, acceptExternalKeys = false, onRequest } = given;
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-gateway-'));
  const noteFile = join(directory, 'local.json');
  const stops: (() => unknown)[] = [() => rm(directory, { recursive: true })];
  let log = '';
  const { url, demoKey, table } = await startLocalGateway(
    {
      port: 0,
      consolePort: undefined,
      dbPort: 0,
      data: dataDirectory,
      acceptExternalKeys,
      template,
      stateFile: noteFile,
    },
    {
      root: ROOT,
      writeLog: (text) => (log += String(text)),
      onStop: (stop) => stops.push(stop),
      ...(onRequest === undefined ? {} : { onRequest }),
    },
  );
  const { endpoint = '', tableName } = table.location;
  return {
    ...urlsOf(`${url}/rest/whoami`),
    key: demoKey,
    endpoint,
    tableName,
    noteFile,
    ...loggedBy(() => log),
    stop: async () => {
      for (const stop of stops.toReversed()) await stop();
    },
  };
}

/** A running `npm start`. */
export interface GatewayProcess extends Omit<Gateway, 'stop'> {
  /** The console's URL. It works in one browser. */
  readonly consoleUrl: string;
  readonly pid: number;
  /** The lines that the gateway has printed so far, as parsed JSON. The first one is the banner. */
  readonly printed: () => readonly Record<string, unknown>[];
  /** Sends SIGTERM and resolves to the exit code. */
  readonly stop: () => Promise<number | null>;
}

/** Starts `npm start -- --json` in a child process, on free ports. Rejects with its log if it doesn't start. */
export async function startGatewayProcess(template?: string, args: readonly string[] = []): Promise<GatewayProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-gateway-'));
  const noteFile = join(directory, 'local.json');
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      'local/main.ts',
      '--json',
      '--port',
      '0',
      '--console-port',
      '0',
      '--state-file',
      noteFile,
      ...(template === undefined ? [] : ['--template', template]),
      ...args,
    ],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = new Promise<number | null>((done) => {
    child.on('close', done);
  });
  await new Promise<void>((ready, reject) => {
    child.stdout.on('data', () => output.includes('\n') && ready());
    child.on('error', reject);
    void exited.then((code) => reject(new Error(`the gateway ended with exit code ${code}\n${log}`)));
  });

  const note = JSON.parse(await readFile(noteFile, 'utf8'));
  const stop = async () => {
    child.kill('SIGTERM');
    const exitCode = await exited;
    await rm(directory, { recursive: true, force: true });
    return exitCode;
  };
  const printed = () =>
    output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const [{ urls, key }] = printed();
  return {
    url: urls.rest,
    httpUrl: urls.http ?? '',
    webSocketUrl: urls.ws ?? '',
    key,
    consoleUrl: urls.console ?? '',
    endpoint: note.endpoint,
    tableName: note.tableName,
    pid: note.pid,
    noteFile,
    printed,
    ...loggedBy(() => log),
    stop,
  };
}

function urlsOf(url: string): Pick<Gateway, 'url' | 'httpUrl' | 'webSocketUrl'> {
  const webSocketUrl = url.replace('http:', 'ws:').replace(/rest.*/, 'ws/');
  return { url, httpUrl: url.replace('/rest/', '/http/'), webSocketUrl };
}

function loggedBy(log: () => string): Pick<Gateway, 'log' | 'logged'> {
  const logged = async (text: string, from = 0) => {
    while (!log().slice(from).includes(text)) await sleep(20);
  };
  return { log, logged };
}

/** The parts of a template that tests change. */
export interface TemplateJson {
  readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

/**
 * Writes a changed copy of a synthesized template, with its asset manifest, to a temporary directory for
 * `startGateway`. The default is the project's own template. Returns the copy's path.
 */
export async function writeTemplateVariant(
  change: (template: TemplateJson) => void,
  source: string = TEMPLATE,
): Promise<string> {
  const template: TemplateJson = JSON.parse(await readFile(source, 'utf8'));
  change(template);
  const manifest = JSON.parse(await readFile(source.replace('.template.json', '.assets.json'), 'utf8'));
  for (const file of Object.values<{ source: { path: string } }>(manifest.files)) {
    file.source.path = resolve(dirname(source), file.source.path);
  }
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-template-'));
  await writeFile(join(directory, 'Variant.assets.json'), JSON.stringify(manifest));
  const path = join(directory, 'Variant.template.json');
  await writeFile(path, JSON.stringify(template));
  return path;
}
