/** Which of Buildkite's events are wanted (Buildkite docs, "Amazon EventBridge"); all others stay where they are. */
export const detailTypes = ['Job Finished'] as const;
