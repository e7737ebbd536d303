import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { startConsole } from '../console/server/startConsole.ts';
import { printable, printableLines } from '../keys/printable.ts';
import { startGateway, type RunningGateway } from './gateway.ts';
import { GatewayError } from './gatewayError.ts';
import { parseOptions } from './gateway.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** A stop that hangs is cut short, and fails: nothing here outlives the process. */
const STOP_TIMEOUT_MS = 3000;

// The SDK's advice on which Node to install is for whoever builds Latchkey, not for every run.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const stops: (() => unknown)[] = [];
let isStopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));

try {
  const options = parseOptions(process.argv.slice(2), ROOT);
  const gateway = await startGateway(options, {
    root: ROOT,
    writeLog: (text) => process.stderr.write(text),
    onStop: (undo) => stops.push(undo),
  });
  const { location, registryOf } = gateway.table;
  const actor = process.env['USER'] || 'local console';
  const page = { location, actor, registry: registryOf(actor), isReadOnly: false };
  const console = await startConsole({
    ...page,
    port: 0,
    note: (line) => process.stderr.write(`${printable(line)}\n`),
  });
  stops.push(console.stop);
  process.stdout.write(welcome(gateway, console.url));
} catch (error) {
  // A start that was stopped fails in ways that mean nothing.
  if (!isStopping) await fail(error);
}

/** Undoes what was done, last first, and ends the process. */
async function stop(exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  setTimeout(() => process.exit(exitCode || 1), STOP_TIMEOUT_MS);
  for (const undo of stops.toReversed())
    await Promise.resolve()
      .then(undo)
      .catch(() => {});
  process.exit(exitCode);
}

async function fail(error: unknown): Promise<void> {
  // Commander has printed its own line.
  if (error instanceof CommanderError) return stop(error.exitCode === 0 ? 0 : 2);
  const message = error instanceof GatewayError ? error.message : String(error);
  process.stderr.write(`${printableLines(message)}\n`);
  return stop(1);
}

function welcome({ url, webSocketUrl, demoKey }: RunningGateway, consoleUrl: string): string {
  const webSocket =
    webSocketUrl === undefined
      ? ''
      : `  The WebSocket API takes the same header, and echoes messages: ${webSocketUrl}\n\n`;
  return `
url: ${url}/rest/whoami
key: ${demoKey}
console: ${consoleUrl} (the keys on a page: good for one browser, once)

Try it: the REST API, the HTTP API, and a request without a key, which is refused.

  curl -i -H 'Authorization: Bearer ${demoKey}' ${url}/rest/whoami

  curl -i -H 'Authorization: Bearer ${demoKey}' ${url}/http/whoami

  curl -i ${url}/rest/whoami

${webSocket}Ctrl-C stops it.
`;
}
