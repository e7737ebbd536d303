import { once } from 'node:events';
import { InvalidArgumentError, type Command } from 'commander';
import { CliError } from '../cliError.ts';
import type { CommandDeps } from '../commandDeps.ts';
import { addActorOption, addKeyPrefixOption, addTableOptions } from '../tableOptions.ts';
import { withActingRegistry, withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ConsoleOptions extends RegistryOptions {
  readonly port: number;
  /** `false` by `--no-open`. */
  readonly open: boolean;
  readonly readOnly?: boolean;
}

const HELP = `
The page is served on this machine alone, with the credentials that this command has, until Ctrl-C. The address opens it in
one browser, once: it has a token that is then exchanged for a cookie. With --read-only the server refuses every change.

  latchkey console --stack LatchkeyStack --read-only
  latchkey console --table keys --no-open`;

/** Adds `latchkey console`, which serves a page to look at keys and change them. */
export function addConsoleCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('console')
    .description('Look at the keys and change them on a page in the browser, served on this machine.')
    .option('--port <number>', 'port on 127.0.0.1; any that is free unless given', parsePort, 0)
    .option('--no-open', 'print the address, and open no browser')
    .option('--read-only', 'refuse every change')
    .addHelpText('after', HELP);
  addTableOptions(addActorOption(addKeyPrefixOption(command))).action((options: ConsoleOptions) =>
    serve(options, deps),
  );
}

/** A key that was issued is on its way to the page, so that a signal lets answers be finished. */
async function serve({ port, open, ...options }: ConsoleOptions, deps: CommandDeps): Promise<void> {
  const { interruption, output } = deps;
  const isReadOnly = options.readOnly === true;
  const withTable = isReadOnly ? withRegistry : withActingRegistry;
  await withTable(options, deps, (registry, location, actor) =>
    interruption.holdOff(async () => {
      const { url, stop } = await deps.startConsole({
        registry,
        location,
        actor,
        isReadOnly,
        port,
        note: (line) => output.note(line),
      });
      await output.print(`console: ${url}\n\nCtrl-C stops it.\n`);
      if (open) deps.openUrl(url);
      if (!interruption.signal.aborted) await once(interruption.signal, 'abort');
      await stop();
    }, 'stopping'),
  );
  throw new CliError('INTERRUPTED', 'the console was stopped');
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Wanted a whole number from 0 to 65535.');
}
