import * as cdk from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import { type IRole, Policy } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * Records why security findings are acceptable for the construct, by the finding's id. cdk-nag is one tool that reports
 * them. CDK releases before `Validations` can't record reasons. With those releases, list the findings in your own
 * checks.
 */
export function acknowledge(construct: Construct, reasons: Readonly<Record<string, string>>): void {
  if (!('Validations' in cdk)) return;
  for (const [id, reason] of Object.entries(reasons)) cdk.Validations.of(construct).acknowledge({ id, reason });
}

/** Records why the role's policies may have these resources, which end with a `*`. Call it after the policies exist. */
export function acknowledgeWildcards(role: IRole, arns: readonly string[], reason: string): void {
  const names = arns.map((arn) => toNagName(Stack.of(role).resolve(arn)));
  const reasons = Object.fromEntries(names.map((name) => [`AwsSolutions-IAM5[Resource::${name}]`, reason]));
  for (const child of role.node.children) if (child instanceof Policy) acknowledge(child, reasons);
}

/** Formats a resolved resource in cdk-nag's style, with `<LogicalId>` for a `Ref`. */
function toNagName(resolved: unknown): string {
  if (typeof resolved !== 'object' || resolved === null) return String(resolved);
  if ('Ref' in resolved) return `<${String(resolved.Ref)}>`;
  const [separator, parts]: readonly unknown[] =
    'Fn::Join' in resolved && Array.isArray(resolved['Fn::Join']) ? resolved['Fn::Join'] : [];
  return Array.isArray(parts) ? parts.map(toNagName).join(String(separator)) : JSON.stringify(resolved);
}
