import { InvalidArgumentError, Option, type Command } from 'commander';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyRegistry, Rotation } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addExactIdOption, confirmedId, fullId, ID_HELP, type KeyIdOptions, requireTerminal } from '../prompt.ts';
import { delayNotice, endNotice, lostRotationNotice } from '../../operator/notices.ts';
import {
  addActorOption,
  addKeyPrefixOption,
  addTableOptions,
  addYesOption,
  EXPIRY_HELP,
  parseExpiry,
  parseDuration,
  type Duration,
} from '../options.ts';
import { keyName } from '../records.ts';
import { isOutcomeUnknown } from '../../operator/aws.ts';
import { issuedKeyJson, issuedKeyNotice } from '../output.ts';
import {
  addSecretSinkOptions,
  unconfirmedNotice,
  withSecretSink,
  type SecretSink,
  type SecretSinkOptions,
} from '../secretSink.ts';
import { withActingRegistry, type RegistryOptions } from '../withRegistry.ts';

interface RotateOptions extends KeyIdOptions, RegistryOptions, SecretSinkOptions {
  readonly grace?: Duration;
  readonly expires?: string;
  /** `false` by `--no-expiry`. */
  readonly expiry: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const NO_GRACE: Duration = { text: '0', ms: 0 };
const DEFAULT_GRACE: Duration = { text: '24h', ms: 86_400_000 };

const HELP = `
The new key has the label, owner, scopes, plan and metadata of the old one. Both work until the grace period is over, or
until the old key's own expiry if that is sooner; then the old one is refused. See latchkey revoke --help for what caches
add.

  latchkey rotate 0f8c1a52 --grace 24h --stack LatchkeyStack
  latchkey rotate 0f8c1a52 --grace 0 --out new.json --yes --table keys`;

/** Adds `latchkey rotate`, which issues a successor to one key and has the old one end after a grace period. */
export function addRotateCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('rotate')
    .description('Issue a successor to a key, shown once; the old key ends after a grace period.')
    .argument('<id>', ID_HELP)
    .option(
      '--grace <span>',
      `how long the old key goes on working: 30m, 24h, 7d; 0 ends it now; ${DEFAULT_GRACE.text} unless given`,
      parseGrace,
    )
    .option(
      '--expires <when>',
      `for the new key, ${EXPIRY_HELP}; unless given, it lives from now as long as from the old key's issue to its expiry as that is now; where it has none, neither has the new one`,
      (text) => parseExpiry(text, deps.now()),
    )
    .addOption(new Option('--no-expiry', 'the new key never expires').conflicts('expires'))
    .option('--json', 'print one JSON document, {"key","record","previous"}; with --copy or --out no "key"')
    .addHelpText('after', HELP);
  addTableOptions(
    addExactIdOption(addActorOption(addKeyPrefixOption(addYesOption(addSecretSinkOptions(command))))),
  ).action((id: string, options: RotateOptions) => rotate(id, options, deps));
}

async function rotate(idStart: string, options: RotateOptions, deps: CommandDeps): Promise<void> {
  if (!options.yes) requireTerminal(deps);
  await withActingRegistry(options, deps, async (registry, { revocationDelaySeconds }) => {
    const question = questionOf(options.grace ?? DEFAULT_GRACE);
    const id = options.yes
      ? await fullId(idStart, options, registry)
      : await confirmedId(idStart, options, registry, { ...deps, question, change: 'rotated' });
    await deps.interruption.deferSignals(() =>
      withSecretSink(options, deps.env, async (place) => {
        const rotation = await makeRotation(id, options, { registry, place, deps });
        const text = options.json
          ? issuedKeyJson(rotation, place?.name)
          : notice(rotation, { place, nowMs: deps.now(), revocationDelaySeconds });
        await deps.output.print(`${text}\n`).catch((cause: unknown) => {
          throw place === undefined ? notShown(rotation, cause) : cause;
        });
      }),
    );
  });
}

/** Of a key that is revoked nothing is left to ask. */
function questionOf({ ms, text }: Duration) {
  return ({ revokedAt }: KeyRecord, name: string): string | undefined => {
    if (revokedAt !== undefined) return undefined;
    return `Rotate key ${name}? ${ms === 0 ? 'It is then refused.' : `It then works for ${text} at most.`}`;
  };
}

async function makeRotation(
  id: string,
  { grace = DEFAULT_GRACE, expires, expiry }: RotateOptions,
  { registry, place, deps }: { registry: KeyRegistry; place: SecretSink | undefined; deps: CommandDeps },
): Promise<Rotation> {
  const expiresAt = expiry ? expires : null;
  const drawn = await registry.prepareRotation(id, { graceSeconds: grace.ms / 1000, expiresAt });
  await place?.keep(drawn);
  return registry.storeRotation(drawn).catch((error: unknown) => {
    if (place !== undefined) deps.output.note(unconfirmedNotice(drawn, place));
    else if (isOutcomeUnknown(error)) deps.output.note(lostRotationNotice(drawn));
    throw error;
  });
}

function notice(rotation: Rotation, { place, nowMs, revocationDelaySeconds }: RotationNotice): string {
  const { previous } = rotation;
  const { expiresAt } = previous;
  const end =
    expiresAt === undefined ? delayNotice(revocationDelaySeconds) : endNotice(expiresAt, nowMs, revocationDelaySeconds);
  return `${issuedKeyNotice(rotation, nowMs, place?.name)}\n\nIt succeeds key ${keyName(previous)}.\n${end.replace(/^It /, 'The old key ')}`;
}

interface RotationNotice {
  readonly place: SecretSink | undefined;
  readonly nowMs: number;
  readonly revocationDelaySeconds: number | undefined;
}

function notShown({ record, previous }: Rotation, cause: unknown): CliError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CliError(
    'KEY_NOT_SHOWN',
    `key ${previous.id} was rotated, but its successor ${record.id} could not be shown and is of no use: ${why}; rotate ${record.id} in turn`,
    { cause },
  );
}

function parseGrace(text: string): Duration {
  if (text === '0') return NO_GRACE;
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('Wanted such as 30m, 24h or 7d, or 0.');
  }
}
