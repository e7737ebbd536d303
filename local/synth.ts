import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCurrent, removeStamp, TEMPLATE_SOURCES, writeStamp } from '../build/sources.js';
import { GatewayError } from './gatewayError.ts';

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
