import { Annotations, AspectPriority, Aspects, Token, type IAspect } from 'aws-cdk-lib';
import { CfnFunction, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';

/** The log lines and metrics that Lambda drops at each level, in the words of the warning. */
interface LevelLosses {
  readonly WARN: string | undefined;
  readonly ERROR: string | undefined;
  readonly FATAL: string | undefined;
}

/**
 * Lambda treats a line of the embedded metric format, which has no level, as INFO ("Configuring advanced logging controls for Lambda
 * functions"). Denials are INFO too, and failed last-used writes are WARN.
 */
const AUTHORIZER_LOSSES: LevelLosses = {
  WARN: 'every metric of the authorizer and the log line of each denial',
  ERROR: 'every metric of the authorizer and the log line of each denial',
  FATAL: 'every metric of the authorizer and the log line of each denial and each fault',
};

const USAGE_PLAN_LOSSES: LevelLosses = {
  WARN: undefined,
  ERROR: undefined,
  FATAL: 'the log line of each key that gets no API key, and with it the alarm',
};

/** Warns at synthesis if the function has a log level that drops the authorizer's metrics. An aspect may have set it. */
export function warnOfLogLevel(authorizer: LambdaFunction): void {
  warn(authorizer, AUTHORIZER_LOSSES);
}

/** Warns at synthesis if the function that syncs usage plans has a log level that drops its faults. */
export function warnOfUsagePlanLogLevel(lambda: LambdaFunction): void {
  warn(lambda, USAGE_PLAN_LOSSES);
}

/** Adds the aspect with the priority READONLY, so that it runs after aspects that change the level. */
function warn(lambda: LambdaFunction, losses: LevelLosses): void {
  Aspects.of(lambda).add(new LogLevelWarning(losses), { priority: AspectPriority.READONLY });
}

class LogLevelWarning implements IAspect {
  readonly #losses: LevelLosses;

  constructor(losses: LevelLosses) {
    this.#losses = losses;
  }

  visit(node: IConstruct): void {
    if (!(node instanceof CfnFunction)) return;
    const level = applicationLogLevel(node);
    const lost = Object.entries(this.#losses).find(([name]) => name === level)?.[1];
    if (lost === undefined) return;
    Annotations.of(node).addWarningV2(
      'latchkey:applicationLogLevel',
      `ApplicationLogLevel: got ${level}, wanted INFO or DEBUG: at ${level} Lambda drops ${lost}.`,
    );
  }
}

/** Returns the level that the template gets: the override, or else the property. */
function applicationLogLevel(node: CfnFunction): unknown {
  const overrides: unknown = node['rawOverrides'];
  const overridden = memberOf(memberOf(memberOf(overrides, 'Properties'), 'LoggingConfig'), 'ApplicationLogLevel');
  if (overridden !== undefined) return overridden;
  const { loggingConfig } = node;
  return Token.isUnresolved(loggingConfig) ? undefined : memberOf(loggingConfig, 'applicationLogLevel');
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
