import { LatchkeyError } from '../../keys/errors.ts';
import {
  readUsageRollupSettings,
  USAGE_ROLLUP_VARIABLES,
  type UsageRollupSettings,
} from '../../lambda/usageRollup/settings.ts';
import { GatewayError } from '../gatewayError.ts';
import type { Resource } from '../template.ts';

export type { UsageRollupSettings };

/**
 * Reads the settings of the function that rolls up usage. Returns `undefined` if no function has them. Throws
 * GatewayError `TEMPLATE_UNSUPPORTED`.
 */
export function readUsage(functions: readonly Resource[]): UsageRollupSettings | undefined {
  // Other functions have the name of the table, too.
  const { logGroup } = USAGE_ROLLUP_VARIABLES;
  const rollUp = functions.find((each) => each.value(`Environment.Variables.${logGroup}`) !== undefined);
  if (rollUp === undefined) return undefined;
  try {
    return readUsageRollupSettings(rollUp.textMap('Environment.Variables'));
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    throw new GatewayError('TEMPLATE_UNSUPPORTED', `${rollUp.id}: ${error.message}`);
  }
}
