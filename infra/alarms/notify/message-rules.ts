/** Makes the rules that bring messages from the bus to one receiver. */
import * as events from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { messageDetailType, messageSource } from '../../../lambda/alarms/message-event.ts';

/** One rule, or as many as its choice of alarms needs. */
export interface MessageRule {
  readonly id: string;
  readonly description: string;
  readonly collector: string;
  /** What is told, as `listTopics` lists it. */
  readonly topics: readonly string[];
  readonly states: readonly ('ALARM' | 'OK' | 'INSUFFICIENT_DATA')[];
  /** Further members of the message that decide. */
  readonly where: Readonly<Record<string, readonly boolean[]>>;
  readonly target: Omit<events.RuleTargetConfig, 'deadLetterConfig' | 'retryPolicy'>;
}

/** EventBridge quotas: characters of an event pattern, and what is in it beside the names of the alarms. */
const mostPattern = 2048;
const ofPattern = 400;

export function createMessageRules(
  scope: Construct,
  { id, description, collector, topics, states, where, target }: MessageRule,
  retries: Pick<events.RuleTargetConfig, 'deadLetterConfig' | 'retryPolicy'>,
): readonly events.Rule[] {
  return divideTopics(topics).map((about, index) => {
    const rule = new events.Rule(scope, index === 0 ? id : `${id}${String(index + 1)}`, {
      description,
      eventPattern: {
        source: [messageSource],
        detailType: [messageDetailType],
        detail: { collector: [collector], state: [...states], ...where, about: [...about] },
      },
    });
    rule.addTarget({ bind: () => ({ ...target, ...retries }) });
    return rule;
  });
}

/** In so many patterns as the names need. */
function divideTopics(topics: readonly string[]): readonly (readonly string[])[] {
  const patterns: string[][] = [];
  let left = 0;
  for (const topic of topics) {
    const length = JSON.stringify(topic).length + 1;
    if (length > left) {
      patterns.push([]);
      left = mostPattern - ofPattern;
    }
    patterns.at(-1)?.push(topic);
    left -= length;
  }
  return patterns;
}

/** A member of the message, by its path in `lambda/alarms/message.ts`. */
export function pickField(path: string): string {
  return events.EventField.fromPath(`$.detail.${path}`);
}
