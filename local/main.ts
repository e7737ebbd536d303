import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { startGateway, type RunningGateway } from './gateway.ts';
import { GatewayError } from './gatewayError.ts';
import { parseOptions } from './options.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** A stop that hangs is cut short: nothing here outlives the process. */
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
  process.stdout.write(welcome(gateway));
} catch (error) {
  // A start that was stopped fails in ways that mean nothing.
  if (!isStopping) await fail(error);
}

/** Undoes what was done, last first, and ends the process. */
async function stop(exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  setTimeout(() => process.exit(exitCode), STOP_TIMEOUT_MS);
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
  process.stderr.write(`${message}\n`);
  return stop(1);
}

function welcome({ url, webSocketUrl, demoKey }: RunningGateway): string {
  const webSocket = webSocketUrl === undefined ? '' : `  The WebSocket API takes the same header: ${webSocketUrl}\n\n`;
  return `
url: ${url}/rest/whoami
key: ${demoKey}

Try it: the REST API, the HTTP API, and a request without a key, which is refused.

  curl -i -H 'Authorization: Bearer ${demoKey}' ${url}/rest/whoami

  curl -i -H 'Authorization: Bearer ${demoKey}' ${url}/http/whoami

  curl -i ${url}/rest/whoami

${webSocket}Ctrl-C stops it.
`;
}
