import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startGateway } from '../local/gateway.ts';
import type { GatewaySettings, Footprint } from './servedGateway.ts';

// The local gateway by itself, in a process that nothing else adds to.

const { template, note, functionsEndpoint }: GatewaySettings = JSON.parse(process.argv[2] ?? '{}');
let logLines = 0;

// Nothing outlives who started it.
process.on('disconnect', () => process.exit());
process.on('message', () => process.send?.(footprint()));

const { url } = await startGateway(
  { port: 0, dbPort: 0, data: undefined, template, note },
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

function footprint(): Footprint {
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return { rssBytes: process.memoryUsage.rss(), handles, openFiles: openFiles(), logLines };
}

/** Those of all threads, where the system tells; else none. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
