/** The partner event bus of Buildkite in the emulator, and "Job Finished" events to put on it. */
import * as z from 'zod';
import { jobFinishedDetail } from '../demo/simulators/buildkite/job-finished-detail.ts';
import type { EndedJob } from '../demo/simulators/buildkite/simulated-buildkite.ts';
import type { DeployedStack } from './deployed-stack.ts';

/** The bus that Buildkite's partner event source would make. */
export const partnerBus = 'aws.partner/buildkite.com/acme/1234abcd';

/** What the rule listens to in place of the partner source: MiniStack refuses events of `aws.…`. */
const standIn = 'simulated.partner/buildkite.com/acme/1234abcd';

/** PutEvents takes no more in a request (EventBridge API reference, PutEvents). */
const maxEntries = 10;

const Rules = z.object({ Rules: z.array(z.object({ Name: z.string(), EventPattern: z.string() })) });
const Pattern = z.object({ source: z.tuple([z.string()]), 'detail-type': z.array(z.string()) });

/** The partner bus, which the stack expects to be there; before the deployment. */
export async function createPartnerBus(stack: DeployedStack): Promise<void> {
  await stack.call('AWSEvents.CreateEventBus', { Name: partnerBus });
}

/** Lets the deployed rule take events of a source that MiniStack accepts; all else of the rule stays as deployed. */
export async function openRule(stack: DeployedStack): Promise<void> {
  const listed = Rules.parse(await stack.call('AWSEvents.ListRules', { EventBusName: partnerBus }));
  const [rule, ...others] = listed.Rules;
  if (rule === undefined || others.length > 0) throw new Error('the bus should have exactly one rule');
  const pattern = Pattern.parse(JSON.parse(rule.EventPattern));
  if (pattern.source[0] !== partnerBus) throw new Error(`the rule listens to ${pattern.source[0]}`);
  const EventPattern = JSON.stringify({ ...pattern, source: [standIn] });
  await stack.call('AWSEvents.PutRule', { Name: rule.Name, EventBusName: partnerBus, EventPattern });
}

const Put = z.object({ FailedEntryCount: z.literal(0) });

/** Puts an event for each job on the bus, and one of a kind that the rule does not take. */
export async function tellOf(stack: DeployedStack, jobs: readonly EndedJob[]): Promise<void> {
  const entryOf = (DetailType: string, detail: object): object => ({
    EventBusName: partnerBus,
    Source: standIn,
    DetailType,
    Detail: JSON.stringify(detail),
  });
  const entries = [
    entryOf('Agent Connected', { version: 1, agent: { uuid: 'agent-1' } }),
    ...jobs.map((ended) => entryOf('Job Finished', jobFinishedDetail(ended))),
  ];
  for (let from = 0; from < entries.length; from += maxEntries) {
    Put.parse(await stack.call('AWSEvents.PutEvents', { Entries: entries.slice(from, from + maxEntries) }));
  }
}
