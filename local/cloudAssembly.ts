import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCurrent, removeStamp, TEMPLATE_SOURCES, writeStamp } from '../build/sources.js';
import {
  readHttpApi,
  readRestApi,
  readWebSocketApi,
  type FunctionNameOf,
  type HttpApiConfig,
  type RestApiConfig,
  type WebSocketApiConfig,
} from './apiConfig.ts';
import type { FunctionConfig } from './functionEnvironment.ts';
import { GatewayError } from './gatewayError.ts';
import { readJson, Template, type Resource } from './template.ts';

/** What a synthesized stack asks of API Gateway and Lambda. */
export interface CloudAssembly {
  readonly restApis: readonly RestApiConfig[];
  readonly httpApis: readonly HttpApiConfig[];
  readonly webSocketApis: readonly WebSocketApiConfig[];
  /** Those that a route or an authorizer calls, by name. */
  readonly functions: ReadonlyMap<string, FunctionConfig>;
  /** The longest that a revoked key may still be accepted, where the stack has it as an output. */
  readonly revocationDelaySeconds: number | undefined;
}

/**
 * Reads `X.template.json` and the asset manifest `X.assets.json` beside it.
 *
 * @throws GatewayError `TEMPLATE_UNREADABLE`; `TEMPLATE_UNSUPPORTED`, naming the resource and the property
 */
export async function readCloudAssembly(templateFile: string): Promise<CloudAssembly> {
  const template = new Template(await readJson(templateFile));
  const manifestFile = templateFile.replace(/\.template\.json$/, '.assets.json');
  const assets = parseManifest(await readJson(manifestFile), dirname(manifestFile));
  const resources = template.ofType('AWS::Lambda::Function');
  const functions = new Map<string, FunctionConfig>();

  /** Functions are read as they are met: a template may hold others that nothing local calls. */
  const functionName: FunctionNameOf = (resource, uriPath) => {
    const [arn = '', name = ''] = /arn:[\w-]+:lambda:[^:]*:\d*:function:([\w-]+)/.exec(resource.text(uriPath)) ?? [];
    const called = resources.find((candidate) => nameOf(candidate) === name);
    if (called === undefined) return resource.unsupported(uriPath, 'a function of the same template');
    if (!functions.has(name)) functions.set(name, readFunction(called, arn, assets));
    return name;
  };

  const ofProtocol = (protocol: string) =>
    template.ofType('AWS::ApiGatewayV2::Api').filter((api) => api.text('ProtocolType') === protocol);
  return {
    restApis: template.ofType('AWS::ApiGateway::RestApi').map((api) => readRestApi(template, api, functionName)),
    httpApis: ofProtocol('HTTP').map((api) => readHttpApi(template, api, functionName)),
    webSocketApis: ofProtocol('WEBSOCKET').map((api) => readWebSocketApi(template, api, functionName)),
    functions,
    revocationDelaySeconds: readRevocationDelay(template),
  };
}

function readRevocationDelay(template: Template): number | undefined {
  const value = template.output('RevocationDelaySeconds');
  if (value === undefined || /^\d+$/.test(String(value))) return value === undefined ? undefined : Number(value);
  const problem = `Outputs.RevocationDelaySeconds: got ${JSON.stringify(value)}, the local gateway wanted whole seconds`;
  throw new GatewayError('TEMPLATE_UNSUPPORTED', problem);
}

function nameOf(resource: Resource): string {
  return resource.optionalText('FunctionName') ?? resource.id;
}

function readFunction(resource: Resource, arn: string, assets: ReadonlyMap<string, string>): FunctionConfig {
  const directory = assets.get(resource.text('Code.S3Key')) ?? resource.unsupported('Code', 'an asset of the manifest');
  const [module = '', handlerName = ''] = resource.text('Handler').split('.');
  const files = ['.mjs', '.js', '.cjs'].map((extension) => join(directory, module + extension));
  return {
    name: nameOf(resource),
    arn,
    file: files.find((file) => existsSync(file)) ?? resource.unsupported('Handler', `a module in ${directory}`),
    handlerName,
    environment: resource.textMap('Environment.Variables'),
    timeoutSeconds: resource.optionalNumber('Timeout') ?? 3,
    memoryMb: resource.optionalNumber('MemorySize') ?? 128,
  };
}

/** The directory of each asset by its object key. */
function parseManifest(manifest: unknown, directory: string): ReadonlyMap<string, string> {
  const { files = {} } = manifest as AssetManifest;
  return new Map(
    Object.values(files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }) => [objectKey, resolve(directory, source.path ?? '')] as const),
    ),
  );
}

/** What of CDK's asset manifest is read. */
interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

/** The template that `cdk synth` writes, under the project's root. */
export const TEMPLATE_PATH = join('cdk.out', 'LatchkeyStack.template.json');

/** Says of which sources the template was made. `cdk synth` with another output directory leaves it alone. */
const STAMP = join('cdk.out', '.sources');

const OTHER_SYNTH_WAIT_MS = 500;
const OTHER_SYNTH_MAX_TRIES = 240;

export interface SynthOptions {
  readonly root: string;
  /** Takes each process that is started, to be stopped with its group. */
  readonly onStart: (child: ChildProcess) => void;
}

/**
 * Bundles and synthesizes unless the template was made of these very sources. The `build` of `cdk.json` makes the bundles
 * first, so one command does both.
 *
 * @throws GatewayError `SYNTH_FAILED`
 */
export async function ensureTemplate({ root, onStart }: SynthOptions): Promise<void> {
  for (let tries = 1; isStale(root); tries++) {
    process.stderr.write('building and synthesizing…\n');
    removeStamp(root, STAMP);
    const { exitCode, output } = await runSynth(root, onStart);
    if (exitCode === 0) return writeStamp(root, STAMP, TEMPLATE_SOURCES);
    const isOtherAtWork = /Another CLI|Other CLIs/.test(output);
    if (!isOtherAtWork || tries === OTHER_SYNTH_MAX_TRIES) {
      throw new GatewayError('SYNTH_FAILED', `cdk synth failed (exit code ${exitCode}):\n${output.trimEnd()}`);
    }
    await sleep(OTHER_SYNTH_WAIT_MS);
  }
}

/** Without its manifest, which the CDK writes last, a synthesis was cut short. */
function isStale(root: string): boolean {
  const isWhole = [TEMPLATE_PATH, join('cdk.out', 'manifest.json')].every((path) => existsSync(join(root, path)));
  return !isWhole || !isCurrent(root, STAMP, TEMPLATE_SOURCES);
}

/** The child leads a process group, because the CDK starts others that a signal to it alone would leave behind. */
function runSynth(
  root: string,
  onStart: SynthOptions['onStart'],
): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'node_modules/aws-cdk/bin/cdk'), 'synth', '--quiet'], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
  onStart(child);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, output: Buffer.concat(chunks).toString() }));
  });
}
