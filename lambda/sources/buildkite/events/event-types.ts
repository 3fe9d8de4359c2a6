/** The types of Buildkite's events that the source counts. */

/** Which of Buildkite's events are wanted (Buildkite docs, "Amazon EventBridge"); all others stay where they are. */
export const detailTypes = ['Job Finished'] as const;

/** The event of a webhook that tells the same (Buildkite docs, "Job webhook events"). */
const webhookEvent = 'job.finished';

export function isWantedEvent(name: string): boolean {
  return name === webhookEvent || detailTypes.some((type) => type === name);
}
