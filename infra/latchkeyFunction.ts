import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Annotations, AspectPriority, Aspects, type Duration, type IAspect, RemovalPolicy, Token } from 'aws-cdk-lib';
import { type IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  CfnFunction,
  Code,
  Function as LambdaFunction,
  type FunctionOptions,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import { isKnown } from './propChecks.ts';

/** Settings that the functions of one construct share. The construct's props document them. */
export interface SharedFunctionSettings {
  readonly architecture?: Architecture;
  readonly environmentEncryption?: IKey;
  readonly logRemovalPolicy?: RemovalPolicy;
  readonly logRetention?: RetentionDays;
  readonly runtime?: Runtime;
}

/** The properties of a Lambda function that runs one of this package's bundles. */
export interface LatchkeyFunctionProps {
  /** The folder of the bundle in `dist/`. */
  readonly bundle: 'authorizer' | 'key-events' | 'key-management' | 'usage-plan-sync' | 'usage-rollup';
  readonly description: string;
  readonly timeout: Duration;
  readonly environment: Readonly<Record<string, string>>;
  readonly shared: SharedFunctionSettings;
  /** The function's role. The default is a new one. */
  readonly role?: IRole | undefined;
  /** The function's log group. The default is a new one. */
  readonly logGroup?: ILogGroup | undefined;
  /** Grants the role the function's permissions, except those for its log group and its encryption key. */
  readonly grant: (role: IRole) => void;
  /** The lines that Lambda drops at each log level, worded as the end of a sentence. */
  readonly lossesByLogLevel: LossesByLogLevel;
  /** Further options of the function. */
  readonly options?: FunctionOptions;
}

/** The log levels at which Lambda drops lines of the function, with a description of those lines. */
export type LossesByLogLevel = Partial<Readonly<Record<'WARN' | 'ERROR' | 'FATAL', string>>>;

/** A function with its role and its log group. */
export interface LatchkeyFunction {
  readonly function: LambdaFunction;
  readonly role: IRole;
  readonly logGroup: ILogGroup;
}

/**
 * Creates a function with its log group and its role. The role may write to that log group and use the permissions that
 * `grant` adds. The synthesis warns if the function's log level drops lines that Latchkey needs.
 */
export function latchkeyFunction(scope: Construct, props: LatchkeyFunctionProps): LatchkeyFunction {
  const { architecture, environmentEncryption, logRemovalPolicy, logRetention, runtime } = props.shared;
  const logGroup =
    props.logGroup ??
    new LogGroup(scope, 'Logs', {
      retention: logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: logRemovalPolicy ?? RemovalPolicy.DESTROY,
    });
  // Lambda's managed policies would let the function write to every log group of the account.
  const role = props.role ?? new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  environmentEncryption?.grantDecrypt(role);
  props.grant(role);
  const lambda = new LambdaFunction(scope, 'Function', {
    memorySize: 256,
    ...props.options,
    description: props.description,
    code: Code.fromAsset(bundleFolder(props.bundle)),
    handler: 'index.handler',
    runtime: runtime ?? Runtime.NODEJS_24_X,
    architecture: architecture ?? Architecture.ARM_64,
    ...(environmentEncryption && { environmentEncryption }),
    timeout: props.timeout,
    environment: props.environment,
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
  });
  // READONLY runs after aspects that change the level.
  Aspects.of(lambda).add(new LogLevelWarning(props.lossesByLogLevel), { priority: AspectPriority.READONLY });
  return { function: lambda, role, logGroup };
}

/** The oldest Node.js version that the bundles support (`target` in build/build.js). */
const OLDEST_NODE = 20;

/** Returns the problem of a runtime that can't run the bundles. It accepts a token. */
export function runtimeProblems(runtime: Runtime | undefined): readonly string[] {
  const name = runtime?.name;
  const version = isKnown(name) ? Number(/^nodejs(\d+)\.x$/.exec(name)?.[1] ?? 0) : OLDEST_NODE;
  if (version >= OLDEST_NODE) return [];
  return [`runtime: expected Node.js ${OLDEST_NODE} or newer, such as nodejs24.x, got ${name}`];
}

/** Uses `require.resolve`, because tsx compiles some apps to CommonJS, which lacks `import.meta.resolve`. */
function bundleFolder(bundle: LatchkeyFunctionProps['bundle']): string {
  return dirname(createRequire(import.meta.url).resolve(`#root/dist/${bundle}/index.mjs`));
}

/** Warns at synthesis if the function has a log level that drops lines. An aspect may have set the level. */
class LogLevelWarning implements IAspect {
  readonly #losses: LossesByLogLevel;

  constructor(losses: LossesByLogLevel) {
    this.#losses = losses;
  }

  visit(node: IConstruct): void {
    if (!(node instanceof CfnFunction)) return;
    const level = applicationLogLevel(node);
    const lost = Object.entries(this.#losses).find(([name]) => name === level)?.[1];
    if (lost === undefined) return;
    Annotations.of(node).addWarningV2(
      'latchkey:applicationLogLevel',
      `ApplicationLogLevel: expected INFO or DEBUG, got ${level}: at ${level} Lambda drops ${lost}.`,
    );
  }
}

/** Returns the level in the template: the override, otherwise the property. */
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
