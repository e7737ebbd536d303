import * as cdk from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Tells the security checks why a finding is accepted here, by the finding's id. Releases of the CDK before `Validations`
 * have no place for it: there the user's own checks list the finding.
 */
export function acknowledge(construct: Construct, reasons: Readonly<Record<string, string>>): void {
  if (!('Validations' in cdk)) return;
  for (const [id, reason] of Object.entries(reasons)) cdk.Validations.of(construct).acknowledge({ id, reason });
}
