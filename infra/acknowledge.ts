/** Accepts findings of cdk-nag, each with the reason why it stays. */
import * as core from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/**
 * Accepts one finding of a cdk-nag rule pack at one construct, with the reason why it stays. The pack's name before the
 * rule makes the finding appear as suppressed in the validation report, so a test sees acknowledgements without one.
 */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  const pack = rule.slice(0, rule.indexOf('-'));
  // An app with an older CDK has no reports of which a finding could be taken out.
  if (!('Validations' in core)) return;
  core.Validations.of(construct).acknowledge({ id: `${pack}::${rule}`, reason });
}

/** Accepts `*` as resource, for the reasons that apply; without any, a `*` stays a finding. */
export function acknowledgeAnyResource(role: IConstruct, reasons: readonly (string | false)[]): void {
  const reason = reasons.filter((text) => text !== false).join(' ');
  if (reason !== '') acknowledge(role, 'AwsSolutions-IAM5[Resource::*]', reason);
}

/** A finding of one resource in a policy, as cdk-nag writes it: `arn:<AWS::Partition>:ec2:…`. */
export function formatWildcardRule(construct: IConstruct, arn: string): string {
  return `AwsSolutions-IAM5[Resource::${flattenArn(core.Stack.of(construct).resolve(arn))}]`;
}

function flattenArn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  if ('Ref' in value) return `<${String(value.Ref)}>`;
  if (!('Fn::Join' in value) || !Array.isArray(value['Fn::Join'])) return '';
  const parts: unknown = value['Fn::Join'][1];
  return Array.isArray(parts) ? parts.map(flattenArn).join('') : '';
}
