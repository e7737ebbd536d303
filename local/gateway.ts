import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { GATEWAY_STATE_PATH, readGatewayState, type GatewayState, type TableLocation } from '../operator/findTable.ts';
import { ANY_KEYS } from '../keys/state.ts';
import { maskKeys } from '../keys/findKeys.ts';
import { printable } from '../keys/printable.ts';
import { KeyRegistry } from '../keys/registry.ts';
import { DEFAULT_KEY_PREFIX } from '../keys/secret.ts';
import type { ApiDeps } from './authorizer.ts';
import { ensureTemplate, readCloudAssembly, TEMPLATE_PATH, type CloudAssembly } from './cloudAssembly.ts';
import { FunctionEnvironment, type Invoke } from './functionEnvironment.ts';
import { GatewayError } from './gatewayError.ts';
import { GatewayServer } from './gatewayServer.ts';
import { createHttpApi } from './httpApi.ts';
import { createRestApi } from './restApi.ts';
import { LocalDynamoDb } from './table.ts';
import { REGION } from './template.ts';
import { createWebSocketApi } from './webSocketApi.ts';

interface GatewayOptions {
  readonly port: number;
  readonly dbPort: number;
  /** The directory that stores the table. The table is in memory if it is `undefined`. */
  readonly data: string | undefined;
  /** The template to serve. The gateway synthesizes and serves the project's stack if it is `undefined`. */
  readonly template: string | undefined;
  /** The file in which other programs find the running gateway. */
  readonly stateFile: string;
}

interface GatewayDeps {
  readonly root: string;
  /** Logs the output of the functions and the gateway. */
  readonly writeLog: (text: string | Uint8Array) => void;
  /** Receives the cleanup of each step right after the step, because the start can be interrupted. */
  readonly onStop: (stop: () => unknown) => void;
  /** The endpoint of DynamoDB for the functions. The default is the embedded DynamoDB. */
  readonly functionsEndpoint?: string;
}

export interface RunningGateway {
  readonly url: string;
  /** The URL of the first WebSocket API, if the template has one. */
  readonly webSocketUrl: string | undefined;
  readonly demoKey: string;
  readonly table: ServedTable;
}

interface ServedTable {
  readonly location: TableLocation;
  /** Creates a registry for keys with the deployment's prefix. */
  readonly createRegistry: (actor: string) => KeyRegistry;
}

/** Starts the embedded DynamoDB, the functions and the APIs of the template. Throws GatewayError. */
export async function startGateway(options: GatewayOptions, deps: GatewayDeps): Promise<RunningGateway> {
  const { root, writeLog, onStop } = deps;
  const writeLine = (line: string) => writeLog(`${printable(line)}\n`);
  const server = new GatewayServer(writeLine);
  onStop(() => server.stop());
  // This step is the first, because a port in use must fail before the long steps.
  const url = await server.listen(options.port);
  if (options.template === undefined) {
    await ensureTemplate({ root, onStart: (child) => onStop(() => endGroup(child)) });
  }
  const assembly = await readCloudAssembly(options.template ?? join(root, TEMPLATE_PATH));

  const tableName = getTableName(assembly);
  const database = await LocalDynamoDb.start({ port: options.dbPort, dataDirectory: options.data });
  onStop(() => database.stop());
  await database.ensureTable(tableName);
  const { client, endpoint } = database;
  const invoke = createInvoke(assembly, deps.functionsEndpoint ?? endpoint, deps);
  mountApis(server, assembly, { invoke, now: Date.now, writeLog: writeLine });

  const { revocationDelaySeconds } = assembly;
  const acceptedKeys = getAcceptedKeys(assembly);
  const served = { tableName, endpoint, region: REGION, revocationDelaySeconds, acceptedKeys };
  const keyPrefix = getFunctionSetting(assembly, 'LATCHKEY_KEY_PREFIX');
  const table: ServedTable = {
    location: { kind: 'local', ...served },
    createRegistry: (actor) =>
      new KeyRegistry({ client, tableName, actor, ...(keyPrefix === undefined ? {} : { keyPrefix }) }),
  };
  // Each start needs a new key, even with `--data`, because the secrets of old keys can't be shown again.
  const { secret: demoKey } = await table.createRegistry('local gateway').issue({ label: 'demo' });
  onStop(() => removeState(options.stateFile, process.pid));
  writeState(options.stateFile, { url, pid: process.pid, ...served });
  const webSocketUrl = assembly.webSocketApis.length > 0 ? `${url.replace(/^http/, 'ws')}/ws/` : undefined;
  return { url, webSocketUrl, demoKey, table };
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGTERM');
}

function getTableName(assembly: CloudAssembly): string {
  const tableName = getFunctionSetting(assembly, 'LATCHKEY_TABLE');
  if (tableName !== undefined) return tableName;
  throw new GatewayError('TEMPLATE_UNSUPPORTED', 'expected a function with LATCHKEY_TABLE in the template, got none');
}

function getFunctionSetting({ functions }: CloudAssembly, name: string): string | undefined {
  return [...functions.values()].map(({ environment }) => environment[name]).find((value) => value !== undefined);
}

function createInvoke(
  { functions }: CloudAssembly,
  dynamodbEndpoint: string,
  { writeLog, onStop }: GatewayDeps,
): Invoke {
  const environments = [...functions].map(([name, config]) => {
    const environment = new FunctionEnvironment(config, { dynamodbEndpoint, writeLog });
    onStop(() => environment.stop());
    return [name, environment] as const;
  });
  const byName = new Map(environments);
  return async (name, event) => byName.get(name)?.invoke(event);
}

/** Mounts the APIs under `/rest`, `/http` and `/ws`. The second API of a type gets `/rest2`, and so on. */
function mountApis(server: GatewayServer, { restApis, httpApis, webSocketApis }: CloudAssembly, deps: ApiDeps): void {
  for (const [at, api] of restApis.entries()) server.mount(toPrefix('rest', at), createRestApi(api, deps));
  for (const [at, api] of httpApis.entries()) server.mount(toPrefix('http', at), createHttpApi(api, deps));
  for (const [at, api] of webSocketApis.entries()) {
    server.mountWebSocket(toPrefix('ws', at), createWebSocketApi(api, deps));
  }
}

function toPrefix(type: string, at: number): string {
  return at === 0 ? type : `${type}${at + 1}`;
}

function getAcceptedKeys(assembly: CloudAssembly): string {
  const isAny = getFunctionSetting(assembly, 'LATCHKEY_ACCEPT_FOREIGN_KEYS') === 'true';
  return isAny ? ANY_KEYS : (getFunctionSetting(assembly, 'LATCHKEY_KEY_PREFIX') ?? DEFAULT_KEY_PREFIX);
}

/** Writes the file with permissions for the current user only. Replaces an older file. */
function writeState(file: string, state: GatewayState): void {
  mkdirSync(dirname(file), { recursive: true });
  // `mode` applies only to new files.
  rmSync(file, { force: true });
  try {
    writeFileSync(file, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  } catch (error) {
    // Removes a partial file. It doesn't contain a process id, so other programs would never remove it.
    rmSync(file, { force: true });
    throw error;
  }
}

/** Removes the file, unless a gateway that started later has replaced it. */
function removeState(file: string, pid: number): void {
  if (readGatewayState(file)?.pid === pid) rmSync(file, { force: true });
}

/**
 * Parses the command line. Commander prints help and errors, then throws an error. That error's `exitCode` is 0 after
 * help.
 */
export function parseOptions(args: readonly string[], root: string): GatewayOptions {
  const command = new Command('npm start --')
    .description('Serve the synthesized stack on localhost as API Gateway would')
    .option('--port <number>', 'port of the gateway; default 3000, 0 selects a free port', parsePort)
    .option('--db-port <number>', 'port of the embedded DynamoDB; default a free port', parsePort)
    .option('--data <directory>', 'keep the table in this directory; default in memory', parsePath)
    .option('--template <file>', `for tests: serve this X.template.json; default ${TEMPLATE_PATH}`, parsePath)
    .option(
      '--state-file <file>',
      `for tests: write the gateway's URLs to this file; default ${GATEWAY_STATE_PATH}`,
      parsePath,
    )
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: (text, write) => write(`${printable(maskKeys(text.trimEnd()))}\n`) })
    .exitOverride();
  const options = command.parse(args, { from: 'user' }).opts<Partial<GatewayOptions>>();
  return {
    port: 3000,
    dbPort: 0,
    data: undefined,
    template: undefined,
    stateFile: join(root, GATEWAY_STATE_PATH),
    ...options,
  };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}

function parsePath(text: string): string {
  if (text !== '') return resolve(text);
  throw new InvalidArgumentError('Expected a path.');
}
