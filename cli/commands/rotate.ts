import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Rotation } from '../../keys/registry.ts';
import type { TableLocation } from '../../operator/findTable.ts';
import { lostRotationNotice } from '../../operator/notices.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import {
  addActorOption,
  addPrefixOption,
  addTableOptions,
  addYesOption,
  type Duration,
  EXPIRY_DETAILS,
  EXPIRY_FORMS,
  parseDuration,
  parseExpiry,
} from '../options.ts';
import { done, previousNotice } from '../outcome.ts';
import { issuedKeyNotice } from '../output.ts';
import {
  addExactIdOption,
  type Confirmation,
  getConfirmedId,
  getId,
  ID_HELP,
  type KeyIdOptions,
  requireTerminal,
} from '../prompt.ts';
import { addSecretSinkOptions, type IssueOptions, issueSafely } from '../secretSink.ts';
import { type RegistryOptions, withActingRegistry } from '../withRegistry.ts';

interface RotateOptions extends KeyIdOptions, RegistryOptions, IssueOptions {
  readonly grace?: Duration;
  readonly expires?: string;
  /** `false` if the user passes `--no-expiry`. */
  readonly expiry: boolean;
  readonly yes?: boolean;
}

const NO_GRACE: Duration = { text: '0', ms: 0 };
const DEFAULT_GRACE: Duration = { text: '24h', ms: 86_400_000 };

const DETAILS = `
The new key has the same label, owner, scopes, plan, IP addresses and metadata. Both keys work until the end of the
grace period or the old key's own expiry, whichever is sooner. After that, the authorizer rejects the old key. Caches add
a delay: see latchkey revoke --help.

Without --expires, the new key gets the old key's lifetime, counted from now. It never expires if the old key never
expires. ${EXPIRY_DETAILS}`;

/** Fills `latchkey rotate`, which issues a successor to one key. The old key expires after a grace period. */
export function addRotateCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'latchkey rotate 0f8c1a52 --grace 24h --stack Orders',
      'latchkey rotate 0f8c1a52 --grace 0 --yes --out new.json',
    ],
    details: DETAILS,
  })
    .argument('<id>', ID_HELP)
    .option(
      '--grace <duration>',
      `how long the old key still works, such as 30m or 7d; 0 ends it now (default: ${DEFAULT_GRACE.text})`,
      parseGrace,
    )
    .option('--expires <when>', `the new key's expiry, such as ${EXPIRY_FORMS}`, (text) =>
      parseExpiry(text, deps.now()),
    )
    .addOption(new Option('--no-expiry', 'the new key never expires').conflicts('expires'))
    .option(
      '--json',
      'print one JSON document, {"key","record","previous"}; without "key" if you pass --copy or --out',
    );
  addTableOptions(
    addExactIdOption(addActorOption(addPrefixOption(addYesOption(addSecretSinkOptions(command))))),
  ).action((id: string, options: RotateOptions) => rotate(id, options, deps));
}

async function rotate(idStart: string, options: RotateOptions, deps: CommandDeps): Promise<void> {
  const { grace = DEFAULT_GRACE, expires, expiry, prefix } = options;
  if (!options.yes) requireTerminal(deps);
  await withActingRegistry(options, deps, async (registry, location) => {
    const id = options.yes
      ? await getId(idStart, options, registry)
      : await getConfirmedId(idStart, options, registry, { ...deps, ...toConfirmation(grace) });
    const expiresAt = expiry ? expires : null;
    await issueSafely(options, deps, {
      prepare: () => registry.prepareRotation(id, { graceSeconds: grace.ms / 1000, expiresAt, prefix }),
      store: (rotation) => registry.storeRotation(rotation),
      notice: (rotation, sinkName) => rotationNotice(rotation, deps, location, sinkName),
      lostNotice: lostRotationNotice,
      notShown: ({ record, previous }) =>
        `key ${previous.id} was rotated, but its successor could not be shown, so rotate the successor ${record.id} in turn`,
    });
  });
}

function toConfirmation({ ms, text }: Duration): Confirmation {
  const consequence = ms === 0 ? 'It will be rejected at once.' : `It will work for at most another ${text}.`;
  return {
    question: ({ revokedAt }, name) => (revokedAt === undefined ? `Rotate key ${name}? ${consequence}` : undefined),
  };
}

function rotationNotice(
  rotation: Rotation,
  deps: CommandDeps,
  { revocationDelaySeconds }: TableLocation,
  sinkName: string | undefined,
): string {
  const { output, now } = deps;
  const { record, previous } = rotation;
  return [
    done('Rotated', record, output.colors),
    issuedKeyNotice(rotation, deps, sinkName),
    output.fill(previousNotice(previous, revocationDelaySeconds, now())),
  ].join('\n\n');
}

function parseGrace(text: string): Duration {
  if (text === '0') return NO_GRACE;
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('Expected a duration such as 30m, 24h or 7d, or 0.');
  }
}
