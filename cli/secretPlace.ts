import { Option, type Command } from 'commander';
import type { IssuedKey } from '../keys/registry.ts';
import { findClipboard } from './clipboard.ts';
import type { Environment } from './findTable.ts';
import { issuedKeyJson } from './output.ts';
import { SecretsFile } from './secretsFile.ts';

export interface SecretPlaceOptions {
  readonly copy?: boolean;
  readonly out?: string;
}

/** Where the secret of a key that is to be issued goes without being shown. */
export interface SecretPlace {
  /** For people, such as `on the clipboard`. */
  readonly name: string;
  /** Once it resolves, the secret is there. */
  readonly keep: (issued: IssuedKey) => Promise<void>;
}

/** Adds the options that say where a new key goes instead of being shown. */
export function addSecretPlaceOptions(command: Command): Command {
  return command
    .option('--copy', 'put the key on the clipboard, and do not show it')
    .addOption(
      new Option(
        '--out <file>',
        'write the key to this new file, as {"key","record"} with mode 0600, and do not show it',
      ).conflicts('copy'),
    );
}

/**
 * Runs the work with the place that the options name, or with `undefined` where the key is to be shown. The place is
 * made sure of first, so that no key is issued that has nowhere to go; a file that nothing was written to is taken away.
 *
 * @throws CliError `CLIPBOARD_UNUSABLE`; `FILE_UNUSABLE`; and whatever else the work throws
 */
export async function withSecretPlace<T>(
  { copy, out }: SecretPlaceOptions,
  env: Environment,
  work: (place: SecretPlace | undefined) => Promise<T>,
): Promise<T> {
  if (copy === true) {
    const putOnClipboard = findClipboard(env);
    return work({ name: 'on the clipboard', keep: ({ secret }) => putOnClipboard(secret) });
  }
  if (out === undefined) return work(undefined);
  const file = await SecretsFile.open(out, { resume: false });
  try {
    return await work({
      name: `in ${file.path}`,
      keep: ({ secret, record }) => file.append(issuedKeyJson({ secret, record })),
    });
  } finally {
    await file.close();
  }
}

/** What is told where a key that was kept may not have come into the table. */
export function unconfirmedNotice({ record }: IssuedKey, { name }: SecretPlace): string {
  return `the key ${name} is good only if the list has the id ${record.id}`;
}
