/** The labels that say what a figure is about: source, queue or pipeline. */

/** What a figure is about: the labels that every source has, in their order. */
export const sourceLabels = ['system', 'source'] as const;
export const queueLabels = [...sourceLabels, 'scope', 'queue'] as const;
export const pipelineLabels = [...sourceLabels, 'scope', 'pipeline'] as const;

/** Labels that say which connection a series belongs to; they are never folded. */
export const connectionLabels: ReadonlySet<string> = new Set([...sourceLabels, 'sink']);

export type SourceLabel = (typeof sourceLabels)[number];
export type QueueLabel = (typeof queueLabels)[number];
export type PipelineLabel = (typeof pipelineLabels)[number];

/** Dimension sets of CloudWatch: each queue or pipeline, and the whole source. */
export const queueSets = [queueLabels, sourceLabels] as const;
export const pipelineSets = [pipelineLabels, sourceLabels] as const;
