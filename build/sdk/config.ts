/** What a setting can be. */
type Plain = string | number | boolean | undefined;

/** How the AWS SDK describes a setting. */
interface Setting<T extends Plain> {
  readonly environmentVariableSelector: (environment: NodeJS.ProcessEnv) => T | undefined;
  readonly default: T | (() => T | Promise<T>);
}

interface RegionInput {
  readonly region: string | (() => Promise<string>);
  readonly useFipsEndpoint: boolean | (() => Promise<boolean>);
}

/**
 * What of the AWS SDK's settings the function's client is not told: from the environment, else the SDK's default. `build/build.js` puts
 * this module in the place of `@smithy/core/config`, which looks into the files of AWS's command line as well, and asks EC2 for
 * the Region. A name that the SDK imports from there and that is not here fails the build.
 */
export function loadConfig<T extends Plain>({
  environmentVariableSelector,
  default: fallback,
}: Setting<T>): () => Promise<T> {
  return async () => environmentVariableSelector(process.env) ?? provide(fallback);
}

/** The client's Region. Those that only name a FIPS endpoint, such as `fips-us-east-1`, are none of Lambda's. */
export function resolveRegionConfig<T extends RegionInput>(input: T) {
  const { region, useFipsEndpoint } = input;
  return Object.assign(input, {
    region: async () => provide(region),
    useFipsEndpoint: async () => provide(useFipsEndpoint),
  });
}

/** The client is told all that another mode would set. */
export function resolveDefaultsModeConfig() {
  return async () => 'legacy';
}

/** A variable that is `true` or `false`; `undefined` where it is neither, as for the SDK. */
export function booleanSelector(environment: NodeJS.ProcessEnv, name: string): boolean | undefined {
  const value = environment[name];
  return value === 'true' || value === 'false' ? value === 'true' : undefined;
}

/** Thrown where there are no credentials. */
export class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError';
}

export { CredentialsProviderError as ProviderError };

/** The Region, where the client is not told it. */
export const NODE_REGION_CONFIG_OPTIONS: Setting<string> = {
  environmentVariableSelector: ({ AWS_REGION }) => AWS_REGION,
  default: () => {
    throw new Error('Region is missing');
  },
};

/** Whether endpoints of IPv4 and IPv6 are used. */
export const NODE_USE_DUALSTACK_ENDPOINT_CONFIG_OPTIONS = booleanSetting('AWS_USE_DUALSTACK_ENDPOINT');
/** Whether endpoints of FIPS 140 are used. */
export const NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS = booleanSetting('AWS_USE_FIPS_ENDPOINT');

/** What the SDK imports besides, and uses for files or in messages alone. */
export const SelectorType = { ENV: 'env' };
export const REGION_ENV_NAME = 'AWS_REGION';
export const REGION_INI_NAME = 'region';
export const NODE_REGION_CONFIG_FILE_OPTIONS = {};
export const CONFIG_PREFIX_SEPARATOR = '.';

function booleanSetting(name: string): Setting<boolean> {
  return { environmentVariableSelector: (environment) => booleanSelector(environment, name), default: false };
}

function provide<T extends Plain>(value: T | (() => T | Promise<T>)): T | Promise<T> {
  return typeof value === 'function' ? value() : value;
}
