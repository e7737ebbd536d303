/** The value of a setting. */
type Plain = string | number | boolean | undefined;

/** The AWS SDK's description of a setting. */
interface Setting<T extends Plain> {
  readonly environmentVariableSelector: (environment: NodeJS.ProcessEnv) => T | undefined;
  readonly default: T | (() => T | Promise<T>);
}

interface RegionInput {
  readonly region: string | (() => Promise<string>);
  readonly useFipsEndpoint: boolean | (() => Promise<boolean>);
}

/**
 * Reads a setting that the function's client omits: from an environment variable, otherwise the SDK's default.
 * `build/build.js` replaces `@smithy/core/config` with this module. The original also reads files of the AWS CLI and
 * requests the Region from EC2. The build fails if the SDK imports a name from there that this module lacks.
 */
export function loadConfig<T extends Plain>({
  environmentVariableSelector,
  default: fallback,
}: Setting<T>): () => Promise<T> {
  return async () => environmentVariableSelector(process.env) ?? provide(fallback);
}

/** Returns the client's Region. It doesn't handle Regions such as `fips-us-east-1`, because Lambda doesn't use them. */
export function resolveRegionConfig<T extends RegionInput>(input: T) {
  const { region, useFipsEndpoint } = input;
  return Object.assign(input, {
    region: async () => provide(region),
    useFipsEndpoint: async () => provide(useFipsEndpoint),
  });
}

/** Returns the mode unchanged, because the client sets everything that another mode would set. */
export function resolveDefaultsModeConfig() {
  return async () => 'legacy';
}

/**
 * Reads an environment variable that is `true` or `false`. Returns `undefined` for other values, the same as the SDK.
 */
export function booleanSelector(environment: NodeJS.ProcessEnv, name: string): boolean | undefined {
  const value = environment[name];
  return value === 'true' || value === 'false' ? value === 'true' : undefined;
}

/** The error for missing credentials. */
export class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError';
}

export { CredentialsProviderError as ProviderError };

/** The Region from an environment variable, if the client doesn't set one. */
export const NODE_REGION_CONFIG_OPTIONS: Setting<string> = {
  environmentVariableSelector: ({ AWS_REGION }) => AWS_REGION,
  default: () => {
    throw new Error('Region is missing');
  },
};

/** Enables endpoints for IPv4 and IPv6. */
export const NODE_USE_DUALSTACK_ENDPOINT_CONFIG_OPTIONS = booleanSetting('AWS_USE_DUALSTACK_ENDPOINT');
/** Enables endpoints for FIPS 140. */
export const NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS = booleanSetting('AWS_USE_FIPS_ENDPOINT');

// The SDK also imports these names, but uses them only for files and messages.
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
