/** What CloudFormation takes of one stack, told before a deployment begins. */
import { CfnOutput, CfnResource, type Stack, Validations } from 'aws-cdk-lib/core';
import { ConfigError } from '../lambda/config/config-error.ts';
import type { CollectorConfig } from '../lambda/config/schema.ts';

/** AWS CloudFormation quotas. */
const most = { resources: 500, outputs: 200 } as const;

/** Policies that are too long for their role are divided while the app synthesises: of one role into at most ten. */
const madeLater = 10;

/** @throws ConfigError for a stack that CloudFormation would refuse as too large. */
export function checkStackSize(stack: Stack): void {
  const parts = stack.node.findAll();
  const made = {
    resources: parts.filter((part) => CfnResource.isCfnResource(part)).length + madeLater,
    outputs: parts.filter((part) => part instanceof CfnOutput).length,
  };
  const problems = (['resources', 'outputs'] as const)
    .filter((kind) => made[kind] > most[kind])
    .map((kind) => ({
      path: '',
      message: `makes ${String(made[kind])} ${kind}, and CloudFormation takes ${String(most[kind])} in a stack: give some of the sources a deployment of their own, name fewer alarms, or keep several tokens in one secret under keys`,
    }));
  if (problems.length > 0) throw new ConfigError('the configuration', problems);
}

/** CloudFormation replaces `${…}` in `Fn::Sub` alone, which the stack does not use: where it stands, it is a name. */
export function acknowledgeNames(stack: Stack, config: CollectorConfig): void {
  if (!JSON.stringify(config).includes('${')) return;
  Validations.of(stack).acknowledge({
    id: 'CloudFormation-Validate::E1029',
    reason: 'A name in the configuration has it; nothing is substituted in this stack.',
  });
}
