import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { GATEWAY_STATE_PATH } from '../operator/findTable.ts';
import { maskKeys } from '../keys/findKeys.ts';
import { printable } from '../keys/printable.ts';
import { TEMPLATE_PATH } from './synth.ts';

export interface GatewayOptions {
  readonly port: number;
  readonly dbPort: number;
  readonly data: string | undefined;
  /** Absent where the project's own is to be made and served. */
  readonly template: string | undefined;
  readonly note: string;
}

/** Reads the command line. Commander prints help and complaints; what it throws has an `exitCode`, 0 after help. */
export function parseOptions(args: readonly string[], root: string): GatewayOptions {
  const command = new Command('npm start --')
    .description('API Gateway on localhost, as the synthesized template asks for it')
    .option('--port <number>', 'port of the gateway, 3000 unless given; 0 takes a free one', parsePort)
    .option('--db-port <number>', 'port of the embedded DynamoDB; any that is free unless given', parsePort)
    .option('--data <directory>', 'keep the table there across starts, instead of in memory', parsePath)
    .option('--template <file>', `for tests: serve this X.template.json instead of ${TEMPLATE_PATH}`, parsePath)
    .option('--note <file>', `for tests: where to note the running gateway instead of ${GATEWAY_STATE_PATH}`, parsePath)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: (text, write) => write(`${printable(maskKeys(text.trimEnd()))}\n`) })
    .exitOverride();
  const options = command.parse(args, { from: 'user' }).opts<Partial<GatewayOptions>>();
  return {
    port: 3000,
    dbPort: 0,
    data: undefined,
    template: undefined,
    note: join(root, GATEWAY_STATE_PATH),
    ...options,
  };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Wanted a whole number from 0 to 65535.');
}

function parsePath(text: string): string {
  if (text !== '') return resolve(text);
  throw new InvalidArgumentError('Wanted a path.');
}
