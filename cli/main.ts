#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Interruption } from './signals.ts';
import { NOTE_PATH } from '../operator/findTable.ts';
import { openUrl } from './commands/console.ts';
import { Output } from './output.ts';
import { runProgram } from './program.ts';

const ROOT = dirname(fileURLToPath(import.meta.resolve('#root/package.json')));

// The SDK's advice on which Node to install is for whoever builds Latchkey, not for every run.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const output = new Output(process);
const interruption = new Interruption({
  exit: (exitCode) => process.exit(exitCode),
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
    // The published package has no local gateway, and so no --local.
    noteFile: existsSync(join(ROOT, 'local', 'main.ts')) ? join(ROOT, NOTE_PATH) : undefined,
    // Loaded where it is asked for: no other command waits for its packages.
    startConsole: async (console) => (await import('../console/server/startConsole.ts')).startConsole(console),
    openUrl,
  }),
);

/** Who runs this, where no variable says so, as in a container. A user id may be without a name. */
function osUser(): { readonly USER?: string } {
  try {
    return { USER: userInfo().username };
  } catch {
    return {};
  }
}
