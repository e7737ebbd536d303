import { LatchkeyError } from '../keys/errors.ts';
import { show } from '../keys/fields.ts';
import type { AuthenticateOptions, Authentication, Authenticator } from './authenticate.ts';
import type { RequestParts } from './requestParts.ts';
import { type KeyRequirements, readRequired } from './requirements.ts';

/** Checks a request. The default of the route is the request's method and path. */
export type Check = (
  request: Request | RequestParts,
  options?: Pick<AuthenticateOptions, 'route' | 'sourceIp' | 'countOncePer'>,
) => Promise<Authentication>;

/**
 * Creates the check that a middleware makes. It fails at the start, because a misspelled option could let requests
 * through.
 *
 * @throws LatchkeyError `INPUT_INVALID`
 */
export function createCheck(authenticator: Pick<Authenticator, 'authenticate'>, requirements: KeyRequirements): Check {
  // A program in JavaScript may pass the options of an authenticator.
  if (typeof (authenticator as Partial<Authenticator> | undefined)?.authenticate !== 'function') {
    const got = show(authenticator);
    throw new LatchkeyError('INPUT_INVALID', `latchkey: expected an authenticator of createAuthenticator, got ${got}`);
  }
  const { require, ...others } = requirements;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new LatchkeyError('INPUT_INVALID', `${show(unknown)}: unknown option of latchkey`);
  const required = require === undefined ? {} : { require: readRequired(require) };
  return (request, options) => authenticator.authenticate(request, { ...required, ...options });
}
