/** Makes spans of finished runs and jobs, by the conventions for CI/CD as far as they go. */
import type { Batch } from '../../../../model/batch.ts';
import type { Labels } from '../../../../model/metric.ts';
import { compareText } from '../../../../model/families/order.ts';
import type { Span } from '../../../../model/span.ts';
import { isFailedResult } from '../../../../model/catalogue/results.ts';
import { mapRepository } from '../naming/conventions.ts';
import { isWritableTime } from '../message.ts';
import { deriveIds, type SpanIds } from './trace-ids.ts';

/** Texts, and doubles for seconds. */
export type SpanAttribute = readonly [key: string, value: string | number];

export interface TraceSpan {
  readonly ids: SpanIds;
  readonly name: string;
  /** SpanKind of the conventions: a run is a server span, a job an internal one. */
  readonly kind: 'server' | 'internal';
  readonly startMs: number;
  readonly endMs: number;
  /** Sorted, each key once. */
  readonly attributes: readonly SpanAttribute[];
  readonly hasFailed: boolean;
}

/** `added`: attributes of the operator's, which give way to those of the span. */
export function collectSpans({ sources }: Batch, added: Labels): readonly TraceSpan[] {
  return sources.flatMap((output) => (output.spans ?? []).map((span) => buildSpan(span, output, added)));
}

/** Whether OTLP can write its times. */
export function hasWritableTimes({ startMs, endMs }: TraceSpan): boolean {
  return isWritableTime(startMs) && isWritableTime(endMs);
}

interface Origin {
  readonly system: string;
  readonly source: string;
}

function buildSpan(span: Span, origin: Origin, added: Labels): TraceSpan {
  const { endMs, result } = span;
  const ids = deriveIds(span, { system: origin.system, source: origin.source });
  return {
    ids,
    name: formatName(span),
    kind: span.is === 'run' ? 'server' : 'internal',
    // Vendors' clocks may disagree. Where the start is unknown, the span begins at its end.
    startMs: Math.min(span.startMs ?? endMs, endMs),
    endMs,
    attributes: sortAttributes({ ...added, ...buildAttributes(span, origin) }),
    hasFailed: isFailedResult(result),
  };
}

/** The conventions write the action before the pipeline; what a job is called is all there is to it. */
const runAction = 'RUN';

function formatName({ is, name, pipeline }: Span): string {
  return is === 'run' ? [runAction, pipeline].filter(isPresent).join(' ') : (name ?? 'job');
}

function buildAttributes(span: Span, { system, source }: Origin): Readonly<Record<string, string | number>> {
  const { result, scope, pipeline, run, attempt, commit, branch } = span;
  return omitAbsent({
    'ci.system': system,
    'ci.source': source,
    'ci.scope': scope,
    'cicd.pipeline.name': pipeline,
    'cicd.pipeline.run.id': run,
    'error.type': isFailedResult(result) ? result : undefined,
    'ci.run.attempt': attempt,
    'vcs.ref.head.revision': commit,
    'vcs.ref.head.name': branch,
    ...(span.is === 'run' ? buildRunAttributes(span) : buildJobAttributes(span)),
    ...(span.is === 'run' ? mapRepository({ system, scope }) : {}),
  });
}

function buildRunAttributes({ result, url, waitSeconds, activeSeconds }: Span): Attributes {
  return {
    'cicd.pipeline.action.name': runAction,
    'cicd.pipeline.result': result,
    'cicd.pipeline.run.url.full': url,
    'ci.run.wait': waitSeconds,
    'ci.run.active_duration': activeSeconds,
  };
}

function buildJobAttributes({ id, run, name, result, url, queue, waitSeconds }: Span): Attributes {
  return {
    'cicd.pipeline.task.name': name,
    'cicd.pipeline.task.run.id': id ?? run,
    'cicd.pipeline.task.run.result': result,
    'cicd.pipeline.task.run.url.full': url,
    'ci.queue.name': queue,
    'ci.job.wait': waitSeconds,
  };
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

function omitAbsent(attributes: Attributes): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) => (isPresent(value) ? [[key, value] as const] : [])),
  );
}

function isPresent<Value extends string | number>(value: Value | undefined): value is Value {
  return value !== undefined && value !== '';
}

function sortAttributes(attributes: Readonly<Record<string, string | number>>): readonly SpanAttribute[] {
  return Object.entries(attributes)
    .map(([key, value]) => [key.toWellFormed(), typeof value === 'string' ? value.toWellFormed() : value] as const)
    .toSorted(([a], [b]) => compareText(a, b));
}
