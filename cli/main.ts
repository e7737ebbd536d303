#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GATEWAY_STATE_PATH } from '../operator/findTable.ts';
import { openUrl } from '../operator/openUrl.ts';
import { Output } from './output.ts';
import { runProgram } from './program.ts';
import { Interruption } from './signals.ts';

const ROOT = dirname(fileURLToPath(import.meta.resolve('#root/package.json')));

// The SDK's warning about the Node version concerns Latchkey's developers, not its users.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const output = new Output(process);
const interruption = new Interruption({
  exit: (exitCode) => {
    output.endQuestion();
    process.exit(exitCode);
  },
  note: (line) => output.note(line),
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interruption.receive(signal));
}

process.exit(
  await runProgram(process.argv.slice(2), {
    env: { ...osUser(), ...process.env },
    now: Date.now,
    output,
    interruption,
    stdin: process.stdin,
    // The published package doesn't contain the local gateway, so it lacks `--local`.
    gatewayStateFile: existsSync(join(ROOT, 'local', 'main.ts')) ? join(ROOT, GATEWAY_STATE_PATH) : undefined,
    // Loads this module on demand, because only `latchkey console` uses its packages.
    startConsole: async (console) => (await import('../console/server/startConsole.ts')).startConsole(console),
    openUrl,
    version: JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version,
  }),
);

/**
 * Returns the operating system's user for an environment without USER, such as a container. A user id may lack a name.
 */
function osUser(): { readonly USER?: string } {
  try {
    return { USER: userInfo().username };
  } catch {
    return {};
  }
}
