import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { TableLocation } from '../cli/findTable.ts';
import { NOTE_PATH, readLocalNote, type LocalNote } from '../cli/localNote.ts';
import { ANY_KEYS } from '../keys/acceptedKeys.ts';
import { maskKeys } from '../keys/maskKeys.ts';
import { printable } from '../keys/printable.ts';
import { KeyRegistry } from '../keys/registry.ts';
import { DEFAULT_KEY_PREFIX } from '../keys/secret.ts';
import type { ApiDeps } from './authorizer.ts';
import { ensureTemplate, readCloudAssembly, TEMPLATE_PATH, type CloudAssembly } from './cloudAssembly.ts';
import { FunctionEnvironment } from './functionEnvironment.ts';
import { GatewayError } from './gatewayError.ts';
import { GatewayServer } from './gatewayServer.ts';
import { createHttpApi } from './httpApi.ts';
import { createRestApi } from './restApi.ts';
import { LocalDynamoDb } from './table.ts';
import { REGION } from './template.ts';
import { createWebSocketApi } from './webSocketApi.ts';

export interface GatewayDeps {
  /** The project's. */
  readonly root: string;
  /** Takes what functions and the gateway log. */
  readonly writeLog: (text: string | Uint8Array) => void;
  /** Takes what undoes a step, as soon as the step is taken: the start can be stopped half-way. */
  readonly onStop: (stop: () => unknown) => void;
  /** Where functions find DynamoDB; itself unless given. The soak puts a store that fails now and then between. */
  readonly functionsEndpoint?: string;
}

export interface RunningGateway {
  readonly url: string;
  /** Of the first WebSocket API; absent where there is none. */
  readonly webSocketUrl: string | undefined;
  readonly demoKey: string;
  readonly table: ServedTable;
}

/** The table that is served, for other programs of this process. */
export interface ServedTable {
  readonly location: TableLocation;
  /** Of keys with the prefix of the deployment. */
  readonly registryOf: (actor: string) => KeyRegistry;
}

/**
 * Starts everything.
 *
 * @throws GatewayError
 */
export async function startGateway(
  options: GatewayOptions,
  { root, writeLog, onStop, functionsEndpoint }: GatewayDeps,
): Promise<RunningGateway> {
  const writeLine = (line: string) => writeLog(`${printable(line)}\n`);
  const server = new GatewayServer(writeLine);
  onStop(() => server.stop());
  // First of all, so that a port in use is told before the long steps.
  const url = await server.listen(options.port);
  if (options.template === undefined) {
    await ensureTemplate({ root, onStart: (child) => onStop(() => endGroup(child)) });
  }
  const assembly = await readCloudAssembly(options.template ?? join(root, TEMPLATE_PATH));

  const tableName = tableOf(assembly);
  const database = await LocalDynamoDb.start({ port: options.dbPort, dataDirectory: options.data });
  onStop(() => database.stop());
  await database.ensureTable(tableName);

  const environments = new Map(
    [...assembly.functions].map(([name, config]) => {
      const environment = new FunctionEnvironment(config, {
        dynamodbEndpoint: functionsEndpoint ?? database.endpoint,
        writeLog,
      });
      onStop(() => environment.stop());
      return [name, environment];
    }),
  );
  mountApis(server, assembly, {
    invoke: async (name, event) => environments.get(name)?.invoke(event),
    now: Date.now,
    writeLog: writeLine,
  });

  const { revocationDelaySeconds } = assembly;
  const { endpoint } = database;
  const served = {
    tableName,
    endpoint,
    region: REGION,
    revocationDelaySeconds,
    acceptedKeys: acceptedKeysOf(assembly),
  };
  const table: ServedTable = {
    location: { kind: 'local', ...served },
    registryOf: registriesOf(database, tableName, assembly),
  };
  const demoKey = await issueDemoKey(table);
  onStop(() => removeNote(options.note, process.pid));
  writeNote(options.note, { url, pid: process.pid, ...served });
  const webSocketUrl = assembly.webSocketApis.length > 0 ? `${url.replace(/^http/, 'ws')}/ws/` : undefined;
  return { url, webSocketUrl, demoKey, table };
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGTERM');
}

/** The table is what the functions are told it is. */
function tableOf(assembly: CloudAssembly): string {
  return (
    functionSetting(assembly, 'LATCHKEY_TABLE') ??
    fail('no function of the template is given a table in LATCHKEY_TABLE')
  );
}

function functionSetting({ functions }: CloudAssembly, name: string): string | undefined {
  return [...functions.values()].map(({ environment }) => environment[name]).find((value) => value !== undefined);
}

/** As the functions are told. */
function acceptedKeysOf(assembly: CloudAssembly): string {
  const isAny = functionSetting(assembly, 'LATCHKEY_ACCEPT_FOREIGN_KEYS') === 'true';
  return isAny ? ANY_KEYS : (functionSetting(assembly, 'LATCHKEY_KEY_PREFIX') ?? DEFAULT_KEY_PREFIX);
}

function fail(message: string): never {
  throw new GatewayError('TEMPLATE_UNSUPPORTED', message);
}

/** `/rest`, `/http` and `/ws`; a second API of a kind is `/rest2`, and so on. */
function mountApis(server: GatewayServer, assembly: CloudAssembly, deps: ApiDeps): void {
  const { restApis, httpApis, webSocketApis } = assembly;
  for (const [at, api] of restApis.entries()) server.mount(prefix('rest', at), createRestApi(api, deps));
  for (const [at, api] of httpApis.entries()) server.mount(prefix('http', at), createHttpApi(api, deps));
  for (const [at, api] of webSocketApis.entries())
    server.mountWebSocket(prefix('ws', at), createWebSocketApi(api, deps));
}

function prefix(kind: string, at: number): string {
  return at === 0 ? kind : `${kind}${at + 1}`;
}

function registriesOf(database: LocalDynamoDb, tableName: string, assembly: CloudAssembly): ServedTable['registryOf'] {
  const keyPrefix = functionSetting(assembly, 'LATCHKEY_KEY_PREFIX');
  const { client } = database;
  return (actor) => new KeyRegistry({ client, tableName, actor, ...(keyPrefix === undefined ? {} : { keyPrefix }) });
}

/** One on every start, also where `--data` holds keys already: the secret of those cannot be shown again. */
async function issueDemoKey({ registryOf }: ServedTable): Promise<string> {
  const { secret } = await registryOf('local gateway').issue({ label: 'demo' });
  return secret;
}

export interface GatewayOptions {
  readonly port: number;
  readonly dbPort: number;
  readonly data: string | undefined;
  /** Absent where the project's own is to be made and served. */
  readonly template: string | undefined;
  readonly note: string;
}

/** Reads the command line. Commander prints help and complaints; what it throws has an `exitCode`, 0 after help. */
export function parseOptions(args: readonly string[], root: string): GatewayOptions {
  const command = new Command('npm start --')
    .description('API Gateway on localhost, as the synthesized template asks for it')
    .option('--port <number>', 'port of the gateway, 3000 unless given; 0 takes a free one', parsePort)
    .option('--db-port <number>', 'port of the embedded DynamoDB; any that is free unless given', parsePort)
    .option('--data <directory>', 'keep the table there across starts, instead of in memory', parsePath)
    .option('--template <file>', `for tests: serve this X.template.json instead of ${TEMPLATE_PATH}`, parsePath)
    .option('--note <file>', `for tests: where to note the running gateway instead of ${NOTE_PATH}`, parsePath)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: (text, write) => write(`${printable(maskKeys(text.trimEnd()))}\n`) })
    .exitOverride();
  const options = command.parse(args, { from: 'user' }).opts<Partial<GatewayOptions>>();
  return { port: 3000, dbPort: 0, data: undefined, template: undefined, note: join(root, NOTE_PATH), ...options };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Wanted a whole number from 0 to 65535.');
}

function parsePath(text: string): string {
  if (text !== '') return resolve(text);
  throw new InvalidArgumentError('Wanted a path.');
}

/** Leaves the note for the user's own eyes, in place of any that was there. */
export function writeNote(file: string, note: LocalNote): void {
  mkdirSync(dirname(file), { recursive: true });
  // The mode is for new files only.
  rmSync(file, { force: true });
  try {
    writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  } catch (error) {
    // Half a note names no process that could take it away later.
    rmSync(file, { force: true });
    throw error;
  }
}

/** Takes the note away, unless a gateway that was started later has left its own. */
export function removeNote(file: string, pid: number): void {
  if (readLocalNote(file)?.pid === pid) rmSync(file, { force: true });
}
