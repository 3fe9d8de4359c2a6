/** Brings a message from the bus to the receivers of a template, as EventBridge would. */
import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import type { AlarmMessage } from '../../../lambda/alarms/message.ts';
import { resolved } from '../intrinsics.ts';

const Rule = z.object({
  EventPattern: z.object({
    source: z.array(z.string()),
    'detail-type': z.array(z.string()),
    detail: z.object({
      collector: z.array(z.string()),
      state: z.array(z.string()),
      about: z.array(z.string()),
      isQuiet: z.array(z.boolean()).optional(),
      isNamedInParts: z.array(z.boolean()).optional(),
    }),
  }),
  Targets: z
    .array(
      z.object({
        Arn: z.string(),
        InputTransformer: z.object({ InputPathsMap: z.record(z.string(), z.string()), InputTemplate: z.string() }),
        HttpParameters: z.object({ PathParameterValues: z.array(z.string()) }).optional(),
        DeadLetterConfig: z.object({ Arn: z.string() }),
        RetryPolicy: z.object({ MaximumEventAgeInSeconds: z.int() }),
      }),
    )
    .length(1),
});
type Rule = z.infer<typeof Rule>;

export function rulesIn(template: Template): readonly Rule[] {
  return resolved(template, 'AWS::Events::Rule').flatMap(({ properties }) => Rule.safeParse(properties).data ?? []);
}

/** An input transformer at work: texts come in quotes, objects as they are. @throws Error for a path that is not there. */
function fill({ InputPathsMap, InputTemplate }: Rule['Targets'][number]['InputTransformer'], detail: object): unknown {
  const filled = Object.entries(InputPathsMap).reduce((text, [name, path]) => {
    const value = path
      .split('.')
      .slice(1)
      .reduce<unknown>((inside, key) => z.record(z.string(), z.unknown()).parse(inside)[key], { detail });
    if (value === undefined) throw new Error(`the message has no ${path}`);
    return text.replaceAll(`<${name}>`, () => JSON.stringify(value));
  }, InputTemplate);
  return JSON.parse(filled);
}

/** Whether EventBridge would hand the message to the target of the rule. */
function matches({ EventPattern: { detail } }: Rule, sent: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(detail).every(([name, values]) => values?.some((value) => value === sent[name]) ?? true);
}

/** What one target gets of a message. */
export interface Delivered {
  /** ARN of the target. */
  readonly to: string;
  readonly body: unknown;
}

export function deliverMessage(template: Template, message: AlarmMessage): readonly Delivered[] {
  return rulesIn(template)
    .filter((rule) => matches(rule, { ...message }))
    .flatMap(({ Targets }) =>
      Targets.map(({ Arn, InputTransformer }) => ({ to: Arn, body: fill(InputTransformer, message) })),
    );
}
