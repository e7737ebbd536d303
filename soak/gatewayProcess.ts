import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startGateway } from '../local/gateway.ts';
import { FunctionThreads } from './functionThreads.ts';
import type { GatewaySettings, Footprint } from './servedGateway.ts';

// Runs the local gateway in its own process, because the soak measures its memory and handles.

const { template, note, functionsEndpoint }: GatewaySettings = JSON.parse(process.argv[2] ?? '{}');
const threads = new FunctionThreads();
let logLines = 0;

// Ends the process if its parent ends.
process.on('disconnect', () => process.exit());
process.on('message', () => void footprint().then((answer) => process.send?.(answer)));

const { url } = await startGateway(
  {
    port: 0,
    consolePort: undefined,
    dbPort: 0,
    data: undefined,
    acceptExternalKeys: false,
    template,
    stateFile: note,
  },
  {
    root: fileURLToPath(new URL('..', import.meta.url)),
    writeLog: (text) => {
      logLines += String(text).split('\n').length - 1;
    },
    onStop: () => {},
    functionsEndpoint,
  },
);
process.send?.({ url });

async function footprint(): Promise<Footprint> {
  const handles: Record<string, number> = {};
  const ofFunctions = await threads.handles();
  const ofGateway = process.getActiveResourcesInfo().map((kind) => `gateway ${kind}`);
  for (const handle of [...ofGateway, ...ofFunctions]) handles[handle] = (handles[handle] ?? 0) + 1;
  return { rssBytes: process.memoryUsage.rss(), handles, openFiles: openFiles(), logLines };
}

/** Returns the number of open files of all threads, or 0 if the system doesn't report it. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
