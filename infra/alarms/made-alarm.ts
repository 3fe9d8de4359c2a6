/** An alarm of the stack, as those who are told of it choose it. */
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

export interface MadeAlarm {
  /** The last part of its name. */
  readonly name: string;
  readonly alarm: cloudwatch.AlarmBase;
  /** Whether it tells the topic; a part of a composite alarm does not. */
  readonly isTold: boolean;
  /** Whether it has a state for each queue or workflow. */
  readonly hasContributors: boolean;
  /** Names of those that it tells for. */
  readonly parts: readonly string[];
}
