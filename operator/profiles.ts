import { homedir } from 'node:os';
import { join } from 'node:path';
import { CliError } from './errors.ts';
import { type Environment, setting } from './findTable.ts';

/** Maximum number of profiles in the error message for an unknown profile. */
const MAX_SHOWN = 5;
/** Matches the name of a section that isn't a profile, such as `sso-session.corp`. */
const OTHER_SECTION = /^(?:sso-session|services)\./;

/**
 * Checks that the AWS files of this machine have a profile. The SDK would otherwise report that it found no credentials.
 *
 * @throws CliError `PROFILE_UNKNOWN` with the names of the profiles that there are
 */
export async function checkProfile(profile: string, env: Environment): Promise<void> {
  // Loaded on demand, because most commands run without --profile.
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const home = setting(env, 'HOME') ?? setting(env, 'USERPROFILE') ?? homedir();
  const { configFile, credentialsFile } = await loadSharedConfigFiles({
    configFilepath: setting(env, 'AWS_CONFIG_FILE') ?? join(home, '.aws', 'config'),
    filepath: setting(env, 'AWS_SHARED_CREDENTIALS_FILE') ?? join(home, '.aws', 'credentials'),
  });
  const names = Object.keys({ ...configFile, ...credentialsFile }).filter((name) => !OTHER_SECTION.test(name));
  if (names.includes(profile)) return;
  throw new CliError('PROFILE_UNKNOWN', `--profile: there is no profile ${JSON.stringify(profile)}: ${list(names)}`);
}

function list(names: readonly string[]): string {
  if (names.length === 0) return 'this machine has none; create one with `aws configure --profile`';
  const rest = names.length - MAX_SHOWN;
  return `this machine has ${names.slice(0, MAX_SHOWN).join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`;
}
