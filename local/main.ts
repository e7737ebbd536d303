import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { printable, printableLines } from '../keys/printable.ts';
import type { RunningConsole } from '../operator/consoleToStart.ts';
import { CliError } from '../operator/errors.ts';
import { openUrl } from '../operator/openUrl.ts';
import { formatBanner, formatJsonBanner, formatJsonLink, formatLink } from './banner.ts';
import { createStreamColors } from '../operator/colors.ts';
import { startGateway, type RunningGateway } from './gateway.ts';
import { GatewayError } from './gatewayError.ts';
import { isForeground, listenToKeyboard } from './keyboard.ts';
import { parseOptions, type StartOptions } from './options.ts';
import { formatJsonRequest, formatRequest, withoutRequests } from './requestLog.ts';
import { createStepRunner } from './steps.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Timeout of the shutdown. A slower shutdown fails, because child processes must not outlive the gateway. */
const STOP_TIMEOUT_MS = 3000;

// The SDK's advice on the Node version is noise here.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const { stdin, stdout, stderr } = process;
const colors = createStreamColors({ stream: stdout, env: process.env });
const stops: (() => unknown)[] = [];
let isReady = false;
let isStopping = false;

// A closed pipe (`npm start | head`) must not end the gateway.
for (const stream of [stdout, stderr]) stream.on('error', () => {});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));

try {
  const options = parseOptions(process.argv.slice(2), ROOT);
  const gateway = await startGateway(options, {
    root: ROOT,
    writeLog: (text) => stderr.write(options.json ? text : withoutRequests(String(text))),
    onStop: (undo) => stops.push(undo),
    onRequest: (request) => {
      // The banner is the first line, for programs that read the output.
      if (isReady) stdout.write(options.json ? formatJsonRequest(request) : formatRequest(request, colors));
    },
    runStep: createStepRunner({
      write: (text) => stderr.write(text),
      colors: createStreamColors({ stream: stderr, env: process.env }),
      isTerminal: stderr.isTTY,
      now: Date.now,
    }),
  });
  const console = await startConsole(options, gateway);
  const hasKeyboard = console !== undefined && stdin.isTTY && attachKeyboard(console, options);
  const banner = { ...gateway, consoleUrl: console?.url, startMs: performance.now(), hasKeyboard };
  stdout.write(options.json ? formatJsonBanner(banner) : formatBanner(banner, colors));
  isReady = true;
} catch (error) {
  // Ignores the errors of an interrupted start, because they don't indicate a problem.
  if (!isStopping) await fail(error);
}

/** Starts the console for the gateway's table, unless the options turn it off. */
async function startConsole(
  { consolePort }: StartOptions,
  { url, apis, table: { location, createRegistry } }: RunningGateway,
): Promise<RunningConsole | undefined> {
  if (consolePort === undefined) return undefined;
  const server = await import('../console/server/startConsole.ts');
  const actor = process.env['USER'] || 'local console';
  const api = apis.find(({ type }) => type === 'REST' || type === 'HTTP');
  const console = await server.startConsole({
    location: { ...location, ...(api && { apiUrl: url + api.path }) },
    actor,
    registry: createRegistry(actor),
    isReadOnly: false,
    command: 'npm start',
    port: consolePort,
    portOption: '--console-port',
    note: (line) => stderr.write(`${printable(line)}\n`),
  });
  stops.push(console.stop);
  return console;
}

/**
 * Prints a new link to the console for Enter, and opens it for `o` and Enter. Returns `false` if the process is in the
 * background, which can't read from the terminal.
 */
function attachKeyboard(console: RunningConsole, { json }: StartOptions): boolean {
  const printLink = () => {
    const url = console.newUrl();
    stdout.write(json ? formatJsonLink(url) : formatLink(url, colors));
    return url;
  };
  const setListening = listenToKeyboard({ input: stdin, onEnter: printLink, onOpen: () => openUrl(printLink()) });
  const update = () => {
    const isListening = isForeground(process.pid);
    setListening(isListening);
    return isListening;
  };
  // The shell's `fg` and `bg` send this signal after Ctrl-Z.
  process.on('SIGCONT', update);
  return update();
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
  const isExpected = error instanceof GatewayError || error instanceof CliError;
  stderr.write(`${printableLines(isExpected ? error.message : String(error))}\n`);
  return stop(1);
}
