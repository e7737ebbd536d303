import * as cdk from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import { Policy, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * Tells the security checks why a finding is accepted here, by the finding's id. Releases of the CDK before `Validations`
 * have no place for it: there the user's own checks list the finding.
 */
export function acknowledge(construct: Construct, reasons: Readonly<Record<string, string>>): void {
  if (!('Validations' in cdk)) return;
  for (const [id, reason] of Object.entries(reasons)) cdk.Validations.of(construct).acknowledge({ id, reason });
}

/** Tells the security checks why the role's policies may name these resources, which end in a `*`. */
export function acknowledgeWildcards(role: Role, arns: readonly string[], reason: string): void {
  const names = arns.map((arn) => flatten(Stack.of(role).resolve(arn)));
  const reasons = Object.fromEntries(names.map((name) => [`AwsSolutions-IAM5[Resource::${name}]`, reason]));
  for (const child of role.node.children) if (child instanceof Policy) acknowledge(child, reasons);
}

/** The resource as cdk-nag names it: `<LogicalId>` for a `Ref`. */
function flatten(resolved: unknown): string {
  if (typeof resolved !== 'object' || resolved === null) return String(resolved);
  if ('Ref' in resolved) return `<${String(resolved.Ref)}>`;
  const [separator, parts]: readonly unknown[] =
    'Fn::Join' in resolved && Array.isArray(resolved['Fn::Join']) ? resolved['Fn::Join'] : [];
  return Array.isArray(parts) ? parts.map(flatten).join(String(separator)) : JSON.stringify(resolved);
}
