import { Annotations, AspectPriority, Aspects, Token, type IAspect } from 'aws-cdk-lib';
import { CfnFunction, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';

/** What is lost at a level, in the words of the warning. */
interface LevelLosses {
  readonly WARN: string | undefined;
  readonly ERROR: string | undefined;
  readonly FATAL: string | undefined;
}

/**
 * Lambda reads a line of the embedded metric format, which has no level, as INFO ("Configuring advanced logging controls for Lambda
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

/** Warns at synthesis if something, such as an aspect of the company, sets a log level at which the authorizer's metrics are lost. */
export function warnOfLogLevel(authorizer: LambdaFunction): void {
  warn(authorizer, AUTHORIZER_LOSSES);
}

/** Does the same for the function that follows the table for usage plans. */
export function warnOfUsagePlanLogLevel(lambda: LambdaFunction): void {
  warn(lambda, USAGE_PLAN_LOSSES);
}

/** Aspects that change something come before those that only read. */
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

/** The level as the template will have it: an override, or else the property. */
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
