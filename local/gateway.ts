import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readGatewayState, type GatewayState, type TableLocation } from '../operator/findTable.ts';
import { formatAcceptedKeys } from '../keys/acceptedKeys.ts';
import { parseExternalKeys, parseKeyPrefixes } from '../keys/keyFormat.ts';
import { createLimitsTableInput } from '../keys/limits.ts';
import { printable } from '../keys/printable.ts';
import { KeyRegistry } from '../keys/registry.ts';
import { DEFAULT_KEY_PREFIX } from '../keys/keyPrefix.ts';
import type { KeyFormat } from '../keys/secret.ts';
import { createUsageTableInput } from '../keys/usage.ts';
import { UsageStore } from '../keys/usageStore.ts';
import { createStateTableInput } from '../management/stateTable.ts';
import { ensureTemplate, readCloudAssembly, TEMPLATE_PATH, type CloudAssembly } from './cloudAssembly.ts';
import { DEMO_KEY_FILE, provideDemoKey } from './demoKey.ts';
import { FunctionEnvironment, type Invoke } from './functionEnvironment.ts';
import { GatewayError } from './gatewayError.ts';
import { GatewayServer, type ServedRequest } from './gatewayServer.ts';
import { ISSUER_PREFIX, LocalIssuer, toIssuerUrl } from './localIssuer.ts';
import { withLocalSettings } from './localSettings.ts';
import { checkPort } from './loopback.ts';
import { mountApis, type ServedApi } from './mountApis.ts';
import { writePrivateFile } from './privateFile.ts';
import type { RunStep } from './steps.ts';
import { LocalDynamoDb } from './table.ts';
import { REGION } from './template.ts';
import { createFunctionLines } from './usage/functionLines.ts';
import { LocalUsage } from './usage/localUsage.ts';

/** The options of a gateway. */
export interface GatewayOptions {
  readonly port: number;
  /** The port that the console will use. The gateway only checks that it's free, before the long steps. */
  readonly consolePort: number | undefined;
  readonly dbPort: number;
  /** The directory that stores the table and the demo key. Both are in memory if it is `undefined`. */
  readonly data: string | undefined;
  /** `true` if the functions accept imported keys that were issued elsewhere. */
  readonly acceptExternalKeys: boolean;
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
  /** Runs the steps that take seconds, to report them. */
  readonly runStep?: RunStep;
  /** Receives each request that the gateway has answered since it is ready. */
  readonly onRequest?: (request: ServedRequest) => void;
  /** The endpoint of DynamoDB for the functions. The default is the embedded DynamoDB. */
  readonly functionsEndpoint?: string;
}

export interface RunningGateway {
  readonly url: string;
  readonly apis: readonly ServedApi[];
  readonly demoKey: string;
  /** The functions' setting of key sources, or `undefined` for their default. */
  readonly keySources: string | undefined;
  /** A plan that the functions enforce, or `undefined` if there is none. */
  readonly limitedPlan: string | undefined;
  /** Whether an API accepts the tokens of the gateway's own issuer. */
  readonly hasOwners: boolean;
  readonly table: ServedTable;
}

interface ServedTable {
  readonly location: TableLocation;
  /** Creates a registry for keys with the deployment's prefix. */
  readonly createRegistry: (actor: string) => KeyRegistry;
}

/** Starts the embedded DynamoDB, the functions and the APIs of the template. Throws GatewayError. */
export async function startGateway(options: GatewayOptions, deps: GatewayDeps): Promise<RunningGateway> {
  const { onStop, writeLog, onRequest } = deps;
  const writeLine = (line: string) => writeLog(`${printable(line)}\n`);
  let onServed: GatewayDeps['onRequest'];
  const server = new GatewayServer({ writeLog: writeLine, now: Date.now, onServed: (request) => onServed?.(request) });
  onStop(() => server.stop());
  // This step is the first, because a port in use must fail before the long steps.
  const url = await server.listen(options.port);
  if (options.consolePort !== undefined) await checkPort(options.consolePort, '--console-port');
  const assembly = await loadAssembly(options, url, deps);

  const tableName = getTableName(assembly);
  const database = await LocalDynamoDb.start({ port: options.dbPort, dataDirectory: options.data });
  onStop(() => database.stop());
  await database.ensureTable(tableName);
  const limitsTableName = await ensureOtherTables(assembly, database);
  const { client, endpoint } = database;
  const usage = await startUsage(assembly, database, { onStop, writeLog: writeLine });
  const invoke = createInvoke(assembly, deps.functionsEndpoint ?? endpoint, usage, deps);
  const writeAccessLine = usage && ((apiId: string, line: string) => usage.addAccessLine(apiId, line));
  const hasOwners = mountIssuer(server, assembly, url);
  const apis = mountApis(server, assembly, {
    invoke,
    now: Date.now,
    writeLog: writeLine,
    ...(writeAccessLine && { writeAccessLine }),
  });

  const keyFormat = getKeyFormat(assembly);
  const { prefixes: keyPrefixes } = keyFormat;
  const [prefix = DEFAULT_KEY_PREFIX] = keyPrefixes;
  const { revocationDelaySeconds, plans } = assembly;
  const acceptedKeys = formatAcceptedKeys(keyFormat);
  const tables = { tableName, limitsTableName, usageTableName: assembly.usage?.tableName };
  const served = { ...tables, endpoint, region: REGION, revocationDelaySeconds, acceptedKeys, plans };
  const createRegistry = (actor: string) => new KeyRegistry({ client, ...tables, actor, keyPrefixes });
  const registry = createRegistry('local gateway');
  const file = options.data === undefined ? undefined : join(options.data, DEMO_KEY_FILE);
  const demoKey = await provideDemoKey({ registry, prefix, file, now: Date.now });
  onStop(() => removeState(options.stateFile, process.pid));
  const state: GatewayState = { url, pid: process.pid, ...served };
  writePrivateFile(options.stateFile, `${JSON.stringify(state)}\n`);
  if (onRequest !== undefined) onServed = withLabels(registry, onRequest);
  const keySources = getFunctionSetting(assembly, 'LATCHKEY_KEY_SOURCES');
  const limitedPlan = Object.entries(plans ?? {}).find(([, { enforce }]) => enforce === 'authorizer')?.[0];
  const table = { location: { kind: 'local' as const, ...served }, createRegistry };
  return { url, apis, demoKey, keySources, limitedPlan, hasOwners, table };
}

/** Returns the format of the keys that the functions accept. An invalid setting fails the functions' start. */
function getKeyFormat(assembly: CloudAssembly): KeyFormat {
  const prefixes = parseKeyPrefixes(getFunctionSetting(assembly, 'LATCHKEY_KEY_PREFIXES') ?? DEFAULT_KEY_PREFIX);
  const externalKeys = parseExternalKeys(getFunctionSetting(assembly, 'LATCHKEY_EXTERNAL_KEYS') ?? 'false');
  return { prefixes: prefixes ?? [DEFAULT_KEY_PREFIX], ...(externalKeys && { externalKeys }) };
}

async function loadAssembly(
  { template, acceptExternalKeys }: GatewayOptions,
  url: string,
  { root, onStop, runStep }: GatewayDeps,
): Promise<CloudAssembly> {
  if (template === undefined) {
    await ensureTemplate({ root, onStart: (child) => onStop(() => endGroup(child)), ...(runStep && { runStep }) });
  }
  const assembly = await readCloudAssembly(template ?? join(root, TEMPLATE_PATH));
  return withLocalSettings(assembly, { acceptExternalKeys, issuer: toIssuerUrl(url) });
}

/** Mounts the issuer if an API accepts its tokens. Returns whether there is one. */
function mountIssuer(server: GatewayServer, { httpApis }: CloudAssembly, url: string): boolean {
  const issuers = httpApis.flatMap(({ jwtAuthorizers }) => [...jwtAuthorizers.values()].map(({ issuer }) => issuer));
  const isUsed = issuers.includes(toIssuerUrl(url));
  if (isUsed) server.mount(ISSUER_PREFIX, new LocalIssuer({ now: Date.now }).createApi(url));
  return isUsed;
}

/** Creates the tables of limits and of the management API's state, if functions use them. Returns the first one's name. */
async function ensureOtherTables(assembly: CloudAssembly, database: LocalDynamoDb): Promise<string | undefined> {
  const limitsTableName = getFunctionSetting(assembly, 'LATCHKEY_LIMITS_TABLE');
  const stateTableName = getFunctionSetting(assembly, 'LATCHKEY_STATE_TABLE');
  if (limitsTableName !== undefined) await database.ensureTable(limitsTableName, createLimitsTableInput);
  if (stateTableName !== undefined) await database.ensureTable(stateTableName, createStateTableInput);
  return limitsTableName;
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

/** Starts to write the usage, if the stack has a table for it. The last write follows the end of the functions. */
async function startUsage(
  { usage: settings }: CloudAssembly,
  database: LocalDynamoDb,
  { onStop, writeLog }: Pick<GatewayDeps, 'onStop'> & { readonly writeLog: (line: string) => void },
): Promise<LocalUsage | undefined> {
  if (settings === undefined) return undefined;
  const { tableName, retentionDays, accessLogs } = settings;
  await database.ensureTable(tableName, createUsageTableInput);
  const usage = new LocalUsage({
    accessLogApis: new Set(accessLogs.map(({ apiId }) => apiId)),
    retentionDays,
    store: new UsageStore({ client: database.client, tableName }),
    writeLog,
  });
  onStop(() => usage.stop());
  usage.start();
  return usage;
}

function createInvoke(
  { functions }: CloudAssembly,
  dynamodbEndpoint: string,
  usage: LocalUsage | undefined,
  { writeLog, onStop }: GatewayDeps,
): Invoke {
  const environments = [...functions].map(([name, config]) => {
    const isCounted = usage !== undefined && config.environment[USAGE_VARIABLE] === 'true';
    const write = isCounted
      ? createFunctionLines({ writeLog, onUsageLine: (line) => usage.addUsageLine(line) })
      : writeLog;
    const environment = new FunctionEnvironment(config, { dynamodbEndpoint, writeLog: write });
    onStop(() => environment.stop());
    return [name, environment] as const;
  });
  const byName = new Map(environments);
  return async (name, event) => byName.get(name)?.invoke(event);
}

/** The authorizer's setting of the usage lines. */
const USAGE_VARIABLE = 'LATCHKEY_USAGE';

/** The authorizer's principal for a key that isn't in the table. */
const UNKNOWN_KEY = 'anonymous';

/** Adds the label of a rejected key, because the authorizer's response contains only the key's id. */
function withLabels(registry: KeyRegistry, onRequest: (request: ServedRequest) => void) {
  return (request: ServedRequest): void => {
    const { keyId, label } = request;
    if (keyId === undefined || label !== undefined) return onRequest(request);
    if (keyId === UNKNOWN_KEY) return onRequest({ ...request, keyId: undefined });
    void registry.get(keyId).then(
      (record) => onRequest({ ...request, label: record.label }),
      // Another function's principal isn't the id of a key.
      () => onRequest({ ...request, keyId: undefined }),
    );
  };
}

/** Removes the file, unless a gateway that started later has replaced it. */
function removeState(file: string, pid: number): void {
  if (readGatewayState(file)?.pid === pid) rmSync(file, { force: true });
}
