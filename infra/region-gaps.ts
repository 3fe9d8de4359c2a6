/** What some Regions of AWS lack, told when the stack is synthesised and not by CloudFormation in the middle of a deployment. */
import { Stack, Token, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

interface Gap {
  readonly feature: string;
  /** Those without it by the sources that stand beside each; a Region that is newer than they are may lack it, too. */
  readonly regions: ReadonlySet<string>;
  readonly remedy: string;
}

/** As of November 2026. */
const gaps = {
  /**
   * Lambda developer guide, "Creating and managing Lambda function URLs", and the Regions in which CloudFormation has no
   * `AWS::Lambda::Url`, as the CDK's own validation says.
   */
  'function-url': {
    feature: 'URLs of Lambda functions',
    regions: new Set([
      ...['ap-east-2', 'ap-south-2', 'ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7'],
      ...['ca-west-1', 'cn-northwest-1', 'eu-central-2', 'eu-south-2', 'il-central-1', 'me-central-1', 'mx-central-1'],
      ...['us-gov-east-1', 'us-gov-west-1'],
    ]),
    remedy: 'deploy to another Region, or leave out "events" of the source: polls count the same',
  },
  /**
   * EventBridge user guide, "Feature availability by AWS Region": what is not among the Regions that have them, and the
   * Regions in which CloudFormation has no `AWS::Events::ApiDestination`, as the CDK's own validation says.
   */
  'api-destination': {
    feature: 'API destinations of EventBridge',
    regions: new Set([
      ...['ap-east-2', 'ap-southeast-5', 'ap-southeast-6', 'ca-west-1', 'il-central-1', 'mx-central-1'],
      ...['us-gov-east-1', 'us-gov-west-1'],
    ]),
    remedy:
      'deploy to another Region, or leave out "alarms.webhook" and the receivers of "alarms.notify" other than email, and subscribe to the topic',
  },
  /** The Regions in which CloudFormation has no `AWS::Chatbot::…`, as the CDK's own validation says. */
  chat: {
    feature: 'Amazon Q Developer in chat applications',
    regions: new Set(['us-gov-east-1', 'us-gov-west-1', 'cn-north-1', 'cn-northwest-1']),
    remedy: 'deploy to another Region, or leave the receiver out of "alarms.notify" and subscribe to the topic',
  },
  /** CloudWatch user guide, "PromQL": what is not among the Regions that have it. */
  promql: {
    feature: 'PromQL in CloudWatch',
    regions: new Set([
      ...['il-central-1', 'me-central-1', 'me-south-1', 'us-gov-east-1', 'us-gov-west-1'],
      ...['cn-north-1', 'cn-northwest-1'],
    ]),
    remedy: 'deploy to another Region, or use the sink "cloudwatch"',
  },
} satisfies Record<string, Gap>;

/**
 * Refuses where the Region of the stack lacks what this part of it needs, so that no deployment begins that cannot end.
 * What the CDK says of the same, without naming a setting, is left out.
 */
export function refuseGap(construct: IConstruct, kind: keyof typeof gaps): void {
  const { region } = Stack.of(construct);
  const { feature, regions, remedy } = gaps[kind];
  if (Token.isUnresolved(region) || !regions.has(region)) return;
  const validations = Validations.of(construct);
  validations.addError(
    `ci-metrics:${kind}`,
    `${region} has no ${feature} as far as AWS says, and the deployment would fail: ${remedy}; where AWS has it by now, take the Region out of infra/region-gaps.ts`,
  );
  validations.acknowledge({
    id: 'CloudFormation-Validate::F3006',
    reason: 'Told by a finding that names the setting.',
  });
}
