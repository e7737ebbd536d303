import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { startConsole } from '../console/server/startConsole.ts';
import { printable, printableLines } from '../keys/printable.ts';
import { parseOptions, startGateway, type RunningGateway } from './gateway.ts';
import { GatewayError } from './gatewayError.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Timeout of the shutdown. A slower shutdown fails, because child processes must not outlive the gateway. */
const STOP_TIMEOUT_MS = 3000;

// The SDK's advice on the Node version is noise here.
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
  const { location, createRegistry } = gateway.table;
  const actor = process.env['USER'] || 'local console';
  const console = await startConsole({
    location: { ...location, apiUrl: `${gateway.url}/rest/whoami` },
    actor,
    registry: createRegistry(actor),
    isReadOnly: false,
    command: 'npm start',
    port: 0,
    note: (line) => process.stderr.write(`${printable(line)}\n`),
  });
  stops.push(console.stop);
  process.stdout.write(formatWelcome(gateway, console.url));
} catch (error) {
  // Ignores the errors of an interrupted start, because they don't indicate a problem.
  if (!isStopping) await fail(error);
}

/** Undoes all steps in reverse order, and ends the process. */
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
  // Commander has already printed the message.
  if (error instanceof CommanderError) return stop(error.exitCode === 0 ? 0 : 2);
  const message = error instanceof GatewayError ? error.message : String(error);
  process.stderr.write(`${printableLines(message)}\n`);
  return stop(1);
}

function formatWelcome({ url, webSocketUrl, demoKey }: RunningGateway, consoleUrl: string): string {
  const webSocket = `The WebSocket API needs the same header and echoes messages: ${webSocketUrl}\n\n`;
  return `
url: ${url}/rest/whoami
key: ${demoKey}
console: ${consoleUrl} (manages the keys; opens once, in one browser)

Try the REST API, the HTTP API, and a request without a key, which is rejected:

  curl -i -H 'Authorization: Bearer ${demoKey}' ${url}/rest/whoami

  curl -i -H 'Authorization: Bearer ${demoKey}' ${url}/http/whoami

  curl -i ${url}/rest/whoami

${webSocketUrl === undefined ? '' : webSocket}Ctrl-C stops the gateway.
`;
}
