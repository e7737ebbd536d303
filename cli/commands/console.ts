import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import {
  addActorOption,
  addLimitsTableOption,
  addPrefixOption,
  addTableOptions,
  addUsageTableOption,
} from '../options.ts';
import { type RegistryOptions, withActingRegistry, withRegistry } from '../withRegistry.ts';

interface ConsoleOptions extends RegistryOptions {
  readonly port: number;
  /** `false` if the user passes `--no-open`. */
  readonly open: boolean;
  readonly readOnly?: boolean;
}

const DETAILS = `
The console runs on this machine with the credentials of this command until you press Ctrl-C. The printed URL works only
once, because the browser exchanges the URL's token for a cookie. The server rejects every change with --read-only.`;

/** Fills `latchkey console`, which serves a page that shows and changes keys. */
export function addConsoleCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: ['latchkey console --stack Orders --read-only', 'latchkey console --table keys --port 8080 --no-open'],
    details: DETAILS,
  })
    .option('--port <number>', 'port on 127.0.0.1; 0 selects a free port', parsePort, 0)
    .option('--no-open', "print the URL, but don't open a browser")
    .option('--read-only', 'reject every change');
  addUsageTableOption(addLimitsTableOption(addTableOptions(addActorOption(addPrefixOption(command))))).action(
    (options: ConsoleOptions) => serve(options, deps),
  );
}

/** Serves until a signal arrives. Completes pending responses first, because one of them may contain a new key. */
async function serve({ port, open, ...options }: ConsoleOptions, deps: CommandDeps): Promise<void> {
  const { interruption, output } = deps;
  const isReadOnly = options.readOnly === true;
  const withTable = isReadOnly ? withRegistry : withActingRegistry;
  await withTable(options, deps, (registry, location, actor) =>
    interruption.deferSignals(async () => {
      const { url, stop } = await deps.startConsole({
        registry,
        location,
        actor,
        isReadOnly,
        prefix: options.prefix,
        command: toCommand({ port, ...options }),
        port,
        note: (line) => output.note(line),
      });
      await output.print(`${output.fill(`console: ${url}`)}\n\nPress Ctrl-C to stop it.\n`);
      if (open) deps.openUrl(url);
      if (!interruption.signal.aborted) await once(interruption.signal, 'abort');
      await stop();
    }, 'stopping the console'),
  );
}

/** Returns the command line with these options, for a POSIX shell. */
function toCommand(options: Omit<ConsoleOptions, 'open'>): string {
  const { table, limitsTable, usageTable, stack, local, region, profile, actor, prefix, port, readOnly } = options;
  const values = {
    table,
    'limits-table': limitsTable,
    'usage-table': usageTable,
    stack,
    region,
    profile,
    actor,
    prefix,
    port: port === 0 ? undefined : port,
  };
  return [
    'latchkey console',
    ...Object.entries(values).map(([name, value]) => (value === undefined ? '' : `--${name} ${quote(String(value))}`)),
    local === true ? '--local' : '',
    readOnly === true ? '--read-only' : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function quote(value: string): string {
  return /^[\w./:@+-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}
