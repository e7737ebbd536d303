import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCurrent, removeStamp, TEMPLATE_SOURCES, writeStamp } from '../build/sources.js';
import type { DeployedPlans } from '../keys/deployedPlans.ts';
import { readDeployedPlans } from '../keys/readDeployedPlans.ts';
import {
  readHttpApi,
  readRestApi,
  readWebSocketApi,
  type GetFunctionName,
  type HttpApiConfig,
  type RestApiConfig,
  type WebSocketApiConfig,
} from './apiConfig.ts';
import type { FunctionConfig } from './functionEnvironment.ts';
import { GatewayError } from './gatewayError.ts';
import { LOCAL_AUDIENCE, PLACEHOLDER_ISSUER } from './localIssuer.ts';
import type { RunStep } from './steps.ts';
import { readJson, Template, type Resource } from './template.ts';
import { readUsage, type UsageRollupSettings } from './usage/readUsage.ts';

/** The template that `cdk synth` writes, relative to the project's root. */
export const TEMPLATE_PATH = join('cdk.out', 'LatchkeyStack.template.json');

/** Stamp of the template's sources. `cdk synth` with another output directory doesn't write it. */
const STAMP = join('cdk.out', '.sources');

const OTHER_SYNTH_WAIT_MS = 500;
const OTHER_SYNTH_MAX_TRIES = 240;

interface SynthOptions {
  readonly root: string;
  /** Receives each child process. The caller must stop its process group. */
  readonly onStart: (child: ChildProcess) => void;
  /** Runs each step, to report it. */
  readonly runStep?: RunStep;
}

/**
 * Bundles the functions and synthesizes the stack, unless the template is current. Throws GatewayError `SYNTH_FAILED`.
 */
export async function ensureTemplate({ root, onStart, runStep = (_, work) => work() }: SynthOptions): Promise<void> {
  if (!isStale(root)) return;
  removeStamp(root, STAMP);
  // `cdk synth` runs the same command. It's a step of its own, because it takes a third of the time.
  await runStep({ doing: 'building', done: 'built' }, async () => {
    const { exitCode, output } = await runNode(root, ['build/build.js', '--if-changed'], onStart);
    if (exitCode !== 0) throw toSynthError('the build', exitCode, output);
  });
  await runStep({ doing: 'synthesizing', done: 'synthesized' }, () => synthesize(root, onStart));
  writeStamp(root, STAMP, TEMPLATE_SOURCES);
}

/** The stack has owners with tokens of the gateway's own issuer. */
const SYNTH = ['synth', '--quiet', '-c', `issuer=${PLACEHOLDER_ISSUER}`, '-c', `audience=${LOCAL_AUDIENCE}`];

/** Runs `cdk synth`. Waits if another synthesis is writing to the same directory. */
async function synthesize(root: string, onStart: SynthOptions['onStart']): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { exitCode, output } = await runNode(root, ['node_modules/aws-cdk/bin/cdk', ...SYNTH], onStart);
    if (exitCode === 0) return;
    const isLocked = /Another CLI|Other CLIs/.test(output);
    if (!isLocked || tries === OTHER_SYNTH_MAX_TRIES) throw toSynthError('cdk synth', exitCode, output);
    await sleep(OTHER_SYNTH_WAIT_MS);
    // The other synthesis may have written the current template.
    if (!isStale(root)) return;
  }
}

function toSynthError(command: string, exitCode: number | null, output: string): GatewayError {
  return new GatewayError('SYNTH_FAILED', `${command} failed (exit code ${exitCode}):\n${output.trimEnd()}`);
}

function isStale(root: string): boolean {
  // The CDK writes the manifest last, so a missing manifest means an interrupted synthesis.
  const isComplete = [TEMPLATE_PATH, join('cdk.out', 'manifest.json')].every((path) => existsSync(join(root, path)));
  if (!isComplete || !isCurrent(root, STAMP, TEMPLATE_SOURCES)) return true;
  // `npm run synth` writes a template without the local issuer.
  return !readFileSync(join(root, TEMPLATE_PATH), 'utf8').includes(PLACEHOLDER_ISSUER);
}

/**
 * Runs a script as the leader of a process group. A signal to only the script would leave its children running, such as
 * the CDK's app.
 */
function runNode(
  root: string,
  [script = '', ...args]: readonly string[],
  onStart: SynthOptions['onStart'],
): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
  onStart(child);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((done, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => done({ exitCode, output: Buffer.concat(chunks).toString() }));
  });
}

/** The APIs and functions of a synthesized stack. */
export interface CloudAssembly {
  readonly restApis: readonly RestApiConfig[];
  readonly httpApis: readonly HttpApiConfig[];
  readonly webSocketApis: readonly WebSocketApiConfig[];
  /** The functions that a route or an authorizer invokes, by name. */
  readonly functions: ReadonlyMap<string, FunctionConfig>;
  /** Maximum time in seconds for which a revoked key may be accepted, if the stack has this output. */
  readonly revocationDelaySeconds: number | undefined;
  /** The settings of the function that rolls up usage, if the stack has one. */
  readonly usage: UsageRollupSettings | undefined;
  /** The plans of the stack's output `Plans`. */
  readonly plans: DeployedPlans | undefined;
}

/**
 * Reads `X.template.json` and the asset manifest `X.assets.json` next to it. Throws GatewayError `TEMPLATE_UNREADABLE`,
 * or `TEMPLATE_UNSUPPORTED`, naming the resource and the property.
 */
export async function readCloudAssembly(templateFile: string): Promise<CloudAssembly> {
  const template = new Template(await readJson(templateFile));
  const manifestFile = templateFile.replace(/\.template\.json$/, '.assets.json');
  const assets = parseManifest(await readJson(manifestFile), dirname(manifestFile));
  const resources = template.resources('AWS::Lambda::Function');
  const functions = new Map<string, FunctionConfig>();

  // Reads only the functions of routes and authorizers. The gateway may not be able to run the others.
  const getFunctionName: GetFunctionName = (resource, uriPath) => {
    const [arn = '', name = ''] = /arn:[\w-]+:lambda:[^:]*:\d*:function:([\w-]+)/.exec(resource.text(uriPath)) ?? [];
    const definition = resources.find((candidate) => getName(candidate) === name);
    if (definition === undefined) return resource.unsupported(uriPath, 'a function of the same template');
    if (!functions.has(name)) functions.set(name, readFunction(definition, arn, assets));
    return name;
  };

  const getV2Apis = (protocol: string) =>
    template.resources('AWS::ApiGatewayV2::Api').filter((api) => api.text('ProtocolType') === protocol);
  return {
    restApis: template.resources('AWS::ApiGateway::RestApi').map((api) => readRestApi(template, api, getFunctionName)),
    httpApis: getV2Apis('HTTP').map((api) => readHttpApi(template, api, getFunctionName)),
    webSocketApis: getV2Apis('WEBSOCKET').map((api) => readWebSocketApi(template, api, getFunctionName)),
    functions,
    revocationDelaySeconds: readRevocationDelay(template),
    usage: readUsage(resources),
    plans: readPlans(template),
  };
}

function getName(resource: Resource): string {
  return resource.optionalText('FunctionName') ?? resource.id;
}

function readFunction(resource: Resource, arn: string, assets: ReadonlyMap<string, string>): FunctionConfig {
  const directory = assets.get(resource.text('Code.S3Key')) ?? resource.unsupported('Code', 'an asset of the manifest');
  const [module = '', handlerName = ''] = resource.text('Handler').split('.');
  const files = ['.mjs', '.js', '.cjs'].map((extension) => join(directory, module + extension));
  return {
    name: getName(resource),
    arn,
    file: files.find((file) => existsSync(file)) ?? resource.unsupported('Handler', `a module in ${directory}`),
    handlerName,
    environment: resource.textMap('Environment.Variables'),
    timeoutSeconds: resource.optionalNumber('Timeout') ?? 3,
    memoryMb: resource.optionalNumber('MemorySize') ?? 128,
  };
}

function readRevocationDelay(template: Template): number | undefined {
  const value = template.output('RevocationDelaySeconds');
  if (value === undefined) return undefined;
  if (/^\d+$/.test(String(value))) return Number(value);
  const problem = `Outputs.RevocationDelaySeconds: expected a whole number of seconds, got ${JSON.stringify(value)}`;
  throw new GatewayError('TEMPLATE_UNSUPPORTED', problem);
}

function readPlans(template: Template): DeployedPlans | undefined {
  const value = template.output('Plans');
  if (value === undefined) return undefined;
  const plans = readDeployedPlans(parseJson(String(value)));
  if (plans !== undefined) return plans;
  const problem = `Outputs.Plans: expected JSON of each plan's limits, got ${JSON.stringify(value)}`;
  throw new GatewayError('TEMPLATE_UNSUPPORTED', problem);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the directory of each asset by the asset's object key. */
function parseManifest(manifest: unknown, directory: string): ReadonlyMap<string, string> {
  const { files = {} } = manifest as { readonly files?: Readonly<Record<string, Asset>> };
  return new Map(
    Object.values(files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }) => [objectKey, resolve(directory, source.path ?? '')] as const),
    ),
  );
}

interface Asset {
  readonly source: { readonly path?: string };
  readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
}
