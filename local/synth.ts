import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from './gatewayError.ts';

/** The template that `cdk synth` writes, under the project's root. */
export const TEMPLATE_PATH = join('cdk.out', 'LatchkeyStack.template.json');

/** Everything that the template and the bundles in it are made from. */
const SOURCES = ['console', 'infra', 'keys', 'lambda', 'build.js', 'cdk.json', 'package.json', 'package-lock.json'];

const OTHER_SYNTH_WAIT_MS = 500;
const OTHER_SYNTH_MAX_TRIES = 240;

export interface SynthOptions {
  readonly root: string;
  /** Takes each process that is started, to be stopped with its group. */
  readonly onStart: (child: ChildProcess) => void;
}

/**
 * Bundles and synthesizes where the template is missing or older than a source. The `build` of `cdk.json` makes the
 * bundles first, so that one command does both.
 *
 * @throws GatewayError `SYNTH_FAILED`
 */
export async function ensureTemplate({ root, onStart }: SynthOptions): Promise<void> {
  for (let tries = 1; isStale(root); tries++) {
    process.stderr.write('building and synthesizing…\n');
    const { exitCode, output } = await runSynth(root, onStart);
    if (exitCode === 0) return;
    const isOtherAtWork = /Another CLI|Other CLIs/.test(output);
    if (!isOtherAtWork || tries === OTHER_SYNTH_MAX_TRIES) {
      throw new GatewayError('SYNTH_FAILED', `cdk synth failed (exit code ${exitCode}):\n${output.trimEnd()}`);
    }
    await sleep(OTHER_SYNTH_WAIT_MS);
  }
}

/**
 * The CDK writes its manifest last: where it is missing or old, a synthesis was cut short. A manifest alone that is new is of
 * a stack of another name.
 */
function isStale(root: string): boolean {
  const written = [TEMPLATE_PATH, join('cdk.out', 'manifest.json')].map((path) => newestMs(join(root, path)));
  const newestSourceMs = Math.max(...SOURCES.map((source) => newestMs(join(root, source))));
  return Math.min(...written) < newestSourceMs;
}

/** Directories count too: a file that was removed leaves its trace there. */
function newestMs(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  const children = stats.isDirectory() ? readdirSync(path) : [];
  return Math.max(stats.mtimeMs, ...children.map((name) => newestMs(join(path, name))));
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
