/** Which account and region, as far as somebody said; the rest the SDK finds by itself. */
export interface AwsAccount {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** An operator waits longer than a request does, but not for ever: with its retries a call is over within half a minute. */
export const PATIENCE = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/** The SDK would warn that it takes the profile before keys of the environment, which is what was asked for. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** What a client of any service needs to work in the account. */
export function accountConfig({ region, profile }: AwsAccount) {
  return {
    ...PATIENCE,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile, logger: SILENT }),
  };
}
