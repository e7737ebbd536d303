import { CALL_LIMITS } from '../keys/callLimits.ts';

/** Which account and region, as far as somebody said; the rest the SDK finds by itself. */
export interface AwsAccount {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** The SDK would warn that it takes the profile before keys of the environment, which is what was asked for. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** What a client of any service needs to work in the account. */
export function accountConfig({ region, profile }: AwsAccount) {
  return {
    ...CALL_LIMITS,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile, logger: SILENT }),
  };
}
